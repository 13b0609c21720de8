from __future__ import annotations

from typing import Any

import httpx2
import pytest
from mcp import Client
from mcp.shared.exceptions import MCPError

from app.auth.policy import ALLOW_ALL, Policy
from app.protocol.results import Results
from app.protocol.stored import StoredResults
from tests.protocol.stand_in import Backend, HttpHandler, Session, as_caller, serving

ERAS = pytest.mark.parametrize("mode", ["auto", "legacy"])


@ERAS
async def test_pages_hold_every_tool_once_in_order(backend: Backend, mode: Any) -> None:
    async with Client(backend.server(page_size=4), mode=mode) as client:
        pages = [await client.list_tools()]
        while cursor := pages[-1].next_cursor:
            pages.append(await client.list_tools(cursor=cursor))
    async with Client(backend.server(), mode=mode) as client:
        whole = await client.list_tools()

    assert [len(page.tools) for page in pages] == [4, 4, 1]
    assert [tool for page in pages for tool in page.tools] == whole.tools
    assert whole.next_cursor is None


async def test_a_last_page_that_is_full_has_no_cursor(backend: Backend) -> None:
    async with Client(backend.server(page_size=9)) as client:
        assert (await client.list_tools()).next_cursor is None


@ERAS
@pytest.mark.parametrize("page_size", [None, 4])
async def test_a_foreign_cursor_is_refused(backend: Backend, mode: Any, page_size: int | None) -> None:
    async with Client(backend.server(page_size=page_size), mode=mode) as client:
        with pytest.raises(MCPError, match="again without a cursor") as caught:
            await client.list_tools(cursor="made-up")
    assert caught.value.code == -32602


async def test_a_cursor_that_is_no_text_is_refused(backend: Backend) -> None:
    handler = HttpHandler(backend.server(), stateless=True)
    async with serving(handler) as url, httpx2.AsyncClient() as http:
        session = Session(http, url)
        await session.post("tools/list", {})
        answer = await session.post("tools/list", {"cursor": 7})
    assert '"code":-32602' in answer.text


async def test_a_page_is_shaped_once_for_each_version_and_selection(
    backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    shaped: list[str] = []
    tools = Results.tools

    def counted(self: Results, policy: Policy, version: str, cursor: str | None) -> dict[str, Any] | None:
        shaped.append(version)
        return tools(self, policy, version, cursor)

    monkeypatch.setattr(Results, "tools", counted)
    handler = HttpHandler(backend.server(), stateless=True)
    policies = iter([ALLOW_ALL, ALLOW_ALL, Policy(read_only=True), Policy(read_only=True), ALLOW_ALL])

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await as_caller(handler, policy=next(policies))(scope, receive, send)

    async with serving(handler, app) as url, httpx2.AsyncClient() as http:
        session = Session(http, url)
        answers = [(await session.post("tools/list", {})).text for _ in range(4)]
        session.headers["MCP-Protocol-Version"] = "2025-06-18"
        older = (await session.post("tools/list", {})).text

    assert answers[0] == answers[1]
    assert answers[2] == answers[3]
    assert "publish_prompt" in answers[0]
    assert "publish_prompt" not in answers[2]
    assert "publish_prompt" in older
    assert shaped == ["2025-11-25", "2025-11-25", "2025-06-18"]


async def test_the_memory_of_pages_is_bounded(backend: Backend, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(StoredResults.__init__, "__kwdefaults__", {"most": 2})
    toolbox = backend.toolbox()
    async with Client(backend.server(page_size=1)) as client:
        for tool in toolbox.selection(ALLOW_ALL).tools[:-1]:
            page = await client.list_tools(cursor=str(tool["name"]))
            assert len(page.tools) == 1
        again = await client.list_tools(cursor="list_workspaces")
    assert [tool.name for tool in again.tools] == ["list_workspace_members"]
