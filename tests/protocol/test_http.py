from __future__ import annotations

import asyncio
from typing import Any

import httpx2
import pytest

from app.protocol.sessions.memory import MemorySessionStore
from tests.protocol.stand_in import HEADERS_2025, Backend, HttpHandler, Session, serving, until

pytestmark = pytest.mark.usefixtures("way")

MODERN = {"MCP-Protocol-Version": "2026-07-28", "Accept": "application/json, text/event-stream"}


def modern_call(name: str, arguments: dict[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    meta = {
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {},
        "progressToken": "p",
    }
    params = {"name": name, "arguments": arguments, "_meta": meta}
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}
    return body, {**MODERN, "Mcp-Method": "tools/call", "Mcp-Name": name}


async def test_a_client_that_goes_away_cancels_its_call(backend: Backend) -> None:
    body, headers = modern_call("get_prompt", {"name": "x"})
    handler = HttpHandler(backend.server(), stateless=True)
    async with serving(handler) as url, httpx2.AsyncClient() as http:
        for sent in (headers, HEADERS_2025):
            backend.started.clear()
            async with http.stream("POST", url, json=body, headers=sent):
                await asyncio.wait_for(backend.started.wait(), 10)
            await until(lambda: bool(backend.ended), seconds=1)
            assert backend.ended.pop() == "cancelled"


async def test_a_cancelled_notification_cancels_the_call(backend: Backend) -> None:
    handler = HttpHandler(backend.server(), stateless=False)
    async with serving(handler) as url, httpx2.AsyncClient() as http:
        session = Session(http, url)
        await session.open()
        call = asyncio.create_task(
            session.post("tools/call", {"name": "get_prompt", "arguments": {"name": "x"}})
        )
        await asyncio.wait_for(backend.started.wait(), 10)
        note = {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 1}}
        await http.post(url, json=note, headers=session.headers)
        answer = await asyncio.wait_for(call, 10)
    assert backend.ended == ["cancelled"]
    assert "Request cancelled" in answer.text


async def test_a_session_answers_only_who_opened_it(backend: Backend) -> None:
    handler = HttpHandler(backend.server(), stateless=False)
    async with serving(handler) as url, httpx2.AsyncClient() as http:
        session = Session(http, url, caller="alice")
        await session.open()
        session.headers["X-Caller"] = "bob"
        foreign = await session.post("tools/list", {})
        foreign_end = await http.delete(url, headers=session.headers)
        session.headers["X-Caller"] = "alice"
        own = await session.post("tools/list", {})
        ended = await http.delete(url, headers=session.headers)
        after = await session.post("tools/list", {})
        left = handler.open_sessions

    assert (foreign.status_code, foreign_end.status_code) == (404, 404)
    assert (own.status_code, ended.status_code, after.status_code) == (200, 200, 404)
    assert left == 0


async def test_one_session_too_many_is_refused_and_room_comes_back(backend: Backend) -> None:
    handler = HttpHandler(backend.server(), stateless=False, sessions=MemorySessionStore(max_sessions=1))
    async with serving(handler) as url, httpx2.AsyncClient() as http:
        first, second = Session(http, url), Session(http, url)
        await first.open()
        refused = await second.post("initialize", {"protocolVersion": "2025-11-25"})
        await http.delete(url, headers=first.headers)
        await second.open()
        opened = handler.open_sessions
    assert refused.status_code == 503
    assert opened == 1


async def test_an_idle_session_ends(backend: Backend) -> None:
    handler = HttpHandler(backend.server(), stateless=False, idle_timeout=0.05)
    async with serving(handler) as url, httpx2.AsyncClient() as http:
        await Session(http, url).open()
        await until(lambda: handler.open_sessions == 0)


async def test_stateless_needs_no_initialize_and_gives_no_session(backend: Backend) -> None:
    handler = HttpHandler(backend.server(), stateless=True)
    async with serving(handler) as url, httpx2.AsyncClient() as http:
        answer = await Session(http, url).post("tools/list", {})
    assert answer.status_code == 200
    assert "mcp-session-id" not in answer.headers
    assert "list_workspaces" in answer.text


@pytest.mark.parametrize("headers", [MODERN, HEADERS_2025])
async def test_a_post_that_takes_only_json_is_told_what_to_accept(
    backend: Backend, headers: dict[str, str]
) -> None:
    handler = HttpHandler(backend.server(), stateless=False)
    async with serving(handler) as url, httpx2.AsyncClient() as http:
        answer = await http.post(url, json={}, headers={**headers, "Accept": "application/json"})
        opened = handler.open_sessions
    assert answer.status_code == 406
    assert "text/event-stream" in answer.json()["error"]["message"]
    assert opened == 0


@pytest.mark.parametrize("method", ["GET", "DELETE"])
async def test_the_2026_era_has_post_alone(backend: Backend, method: str) -> None:
    handler = HttpHandler(backend.server(), stateless=False)
    async with serving(handler) as url, httpx2.AsyncClient() as http:
        answer = await http.request(method, url, headers=MODERN)
    assert answer.status_code == 405
    assert answer.headers["allow"] == "POST"
    assert answer.json()["error"]["message"] == f"{method} is not part of MCP 2026-07-28. Use POST."


async def test_a_body_over_the_limit_is_refused(backend: Backend) -> None:
    handler = HttpHandler(backend.server(), stateless=True, max_body_bytes=100)
    async with serving(handler) as url, httpx2.AsyncClient() as http:
        answer = await http.post(
            url, content=b" " * 101, headers={**MODERN, "Content-Type": "application/json"}
        )
    assert answer.status_code == 413
