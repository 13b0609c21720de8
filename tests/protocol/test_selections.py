"""A session keeps the tools of the URL that opened it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx2
import pytest

from tests.test_service import INITIALIZE, call, client_of


@asynccontextmanager
async def _session(client: httpx2.AsyncClient, query: str) -> AsyncIterator[None]:
    opened = await client.post(f"/mcp{query}", json=INITIALIZE)
    client.headers["Mcp-Session-Id"] = opened.headers["mcp-session-id"]
    client.headers["MCP-Protocol-Version"] = "2025-11-25"
    await client.post("/mcp", json={"jsonrpc": "2.0", "method": "notifications/initialized"})
    yield
    await client.delete("/mcp")


async def _domains(client: httpx2.AsyncClient, query: str) -> tuple[bool, bool]:
    """Whether configs and prompts are listed."""
    reply = await call(client, "tools/list", query=query)
    names = {tool["name"] for tool in reply["result"]["tools"]}  # type: ignore[index]
    return "list_configs" in names, "list_prompts" in names


@pytest.mark.parametrize("later", ["", "?tools=prompts", "?tools=configs,prompts"])
async def test_a_session_keeps_the_selection_it_was_opened_with(later: str) -> None:
    async with client_of(MCP_SESSION_MODE="stateful") as client, _session(client, "?tools=configs"):
        assert await _domains(client, later) == (True, False)


async def test_a_session_opened_without_a_selection_has_everything() -> None:
    async with client_of(MCP_SESSION_MODE="stateful") as client, _session(client, ""):
        assert await _domains(client, "?tools=prompts") == (True, True)


async def test_without_sessions_each_url_speaks_for_itself() -> None:
    async with client_of() as client:
        assert await _domains(client, "?tools=prompts") == (False, True)
        assert await _domains(client, "") == (True, True)


async def test_a_tool_hidden_by_the_url_is_unknown() -> None:
    async with client_of() as client:
        hidden = await call(client, "tools/call", {"name": "list_prompts"}, query="?tools=configs")
        write = await call(client, "tools/call", {"name": "delete_config"}, query="?read_only=true")
        unknown = await call(client, "tools/call", {"name": "list_nothing"})
    for refusal in (hidden, write, unknown):
        error = refusal["error"]
        assert error["code"] == -32602  # type: ignore[index]
        assert error["message"].startswith("There is no tool")  # type: ignore[index]


async def test_pages_of_tools_can_be_made_small() -> None:
    async with client_of(MCP_TOOLS_PAGE_SIZE="5") as client:
        first = await call(client, "tools/list")
        second = await call(client, "tools/list", {"cursor": first["result"]["nextCursor"]})  # type: ignore[index]
    assert [len(page["result"]["tools"]) for page in (first, second)] == [5, 5]  # type: ignore[index]
