"""With MCP_CONFIRM=destructive a person decides, as a user with the official client would see it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import pytest
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from mcp_types import ElicitResult

from tests.end_to_end.processes import Running
from tests.end_to_end.services import http_service

CONFIRM = {"MCP_CONFIRM": "destructive"}
ERAS = pytest.mark.parametrize("mode", ["auto", "legacy"])


@pytest.fixture(scope="module")
def asking() -> Iterator[Running]:
    with http_service("stateful", settings=CONFIRM) as service:
        yield service


@asynccontextmanager
async def connected(service: Running, mode: Any, answer: Any) -> AsyncIterator[Client]:
    async with (
        asyncio.timeout(30),
        httpx2.AsyncClient(timeout=30, trust_env=False) as http,
        Client(
            streamable_http_client(service.mcp_url, http_client=http), mode=mode, elicitation_callback=answer
        ) as client,
    ):
        yield client


async def new_config(client: Client) -> str:
    """Create a config and return its slug."""
    created = await client.call_tool("create_config", {"name": "to be deleted", "config": {"retry": {}}})
    listed = await client.call_tool("list_configs", {})
    assert created.structured_content is not None
    assert listed.structured_content is not None
    made = created.structured_content["data"]["id"]
    return next(str(one["slug"]) for one in listed.structured_content["data"] if one["id"] == made)


@ERAS
async def test_a_config_is_deleted_after_a_yes_and_not_before(asking: Running, mode: Any) -> None:
    questions: list[str] = []
    answers = iter([("decline", None), ("accept", {"confirm": True})])

    async def person(_context: Any, params: Any) -> ElicitResult:
        questions.append(params.message)
        action, content = next(answers)
        return ElicitResult(action=action, content=content)

    async with connected(asking, mode, person) as client:
        slug = await new_config(client)
        declined = await client.call_tool("delete_config", {"slug": slug})
        kept = await client.call_tool("get_config", {"slug": slug})
        accepted = await client.call_tool("delete_config", {"slug": slug})
        gone = await client.call_tool("get_config", {"slug": slug})

    assert declined.structured_content is not None
    assert declined.structured_content["done"] is False
    assert not kept.is_error
    assert not accepted.is_error
    assert gone.is_error
    assert len(questions) == 2
    assert all(f'slug: "{slug}"' in question for question in questions)


async def test_a_process_that_stops_lets_an_open_question_go() -> None:
    asked = asyncio.Event()

    async def nobody(_context: Any, _params: Any) -> ElicitResult:
        asked.set()
        await asyncio.Event().wait()
        raise AssertionError

    with http_service("stateful", settings=CONFIRM | {"MCP_SHUTDOWN_TIMEOUT_MS": "20000"}) as service:
        async with connected(service, "legacy", nobody) as client:
            slug = await new_config(client)
            call = asyncio.create_task(client.call_tool("delete_config", {"slug": slug}))
            await asked.wait()
            service.terminate()
            result = await call
            code = await asyncio.wait_for(asyncio.to_thread(service.wait), 10)

    assert result.structured_content is not None
    assert "server stops" in result.structured_content["error"]["message"]
    assert code == 0, service.output()
