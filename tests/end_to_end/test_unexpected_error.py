"""A tool that breaks in a way nobody thought of: the caller gets a reference, the log gets the rest."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator

import httpx2
import pytest

from tests.end_to_end import wire
from tests.end_to_end.broken_service import SECRET, TOOL
from tests.end_to_end.processes import Running, free_port, running
from tests.end_to_end.services import QUIET
from tests.end_to_end.wire import Era, HttpCaller


@pytest.fixture(scope="module")
def broken() -> Iterator[Running]:
    port = free_port()
    program = [sys.executable, "-m", "tests.end_to_end.broken_service"]
    with running(program, port=port, settings={**QUIET, "MCP_PORT": str(port)}) as service:
        yield service


@pytest.mark.parametrize("era", ["2025", "2026"])
async def test_the_caller_gets_a_reference_and_nothing_internal(broken: Running, era: Era) -> None:
    async with httpx2.AsyncClient(trust_env=False) as client:
        response = await HttpCaller(broken.mcp_url, era).post(client, wire.tool_call(TOOL, {}, era))
    result = wire.answer_of(response)["result"]
    assert result["isError"] is True
    error = result["structuredContent"]["error"]
    assert error["next_step"]
    for internal in ("RuntimeError", "10.0.0.7", "hunter2", "Traceback", ".py"):
        assert internal not in response.text
    logged = [
        line for line in broken.output().splitlines() if error["reference"] in line and "Traceback" in line
    ]
    assert len(logged) == 1
    entry = json.loads(logged[0])
    assert entry["tool"] == TOOL
    assert "RuntimeError" in logged[0]
    assert SECRET.split("?")[0] in logged[0]
