"""Deeply nested JSON is the caller's mistake and nothing else, in both eras."""

from __future__ import annotations

import json

import httpx2
import pytest

from tests.end_to_end import wire
from tests.end_to_end.processes import Running
from tests.end_to_end.wire import Era, HttpCaller


@pytest.mark.parametrize("era", ["2025", "2026"])
@pytest.mark.parametrize("depth", [120, 150, 300, 100_000])
@pytest.mark.parametrize("place", ["arguments", "_meta"])
async def test_a_call_that_nests_too_deep_is_a_clean_400(
    stateless: Running, era: Era, depth: int, place: str
) -> None:
    message = wire.tool_call("create_config", {"name": "Deep", "config": {}}, era)
    message["params"].setdefault(place, {})["config"] = "@"
    body = json.dumps(message).replace('"@"', '{"a":' * depth + "1" + "}" * depth)
    caller = HttpCaller(stateless.mcp_url, era)
    async with httpx2.AsyncClient(trust_env=False, timeout=20) as http:
        answer = await http.post(stateless.mcp_url, content=body, headers=caller.for_message(message))
        after = await caller.post(http, wire.tool_call("list_configs", {}, era))
    if depth > 128:
        assert answer.status_code == 400
        assert answer.json()["error"]["code"] == "json_too_deep"
    else:
        assert answer.status_code == 200
        if place == "arguments":
            assert "100 levels" in answer.text
    assert wire.answer_of(after)["result"]["structuredContent"]["total"] > 0
    assert "Traceback" not in stateless.output()
