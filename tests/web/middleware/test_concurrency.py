from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import pytest
from starlette.types import Receive, Scope, Send

from app.auth.bearer import BearerVerifier
from tests.web.support import build, client, until

ALICE = {"Authorization": "Bearer alice"}
BOB = {"Authorization": "Bearer bob"}
LISTEN = {"Mcp-Method": "subscriptions/listen"}


class Held:
    """Stands where the MCP handler goes, and answers when told to."""

    def __init__(self) -> None:
        self.waiting = 0
        self.go = asyncio.Event()

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        self.waiting += 1
        await self.go.wait()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})


@asynccontextmanager
async def service(mcp: Held, **options: Any) -> AsyncIterator[httpx2.AsyncClient]:
    app = build(mcp, auth_mode="bearer", verifier=BearerVerifier(["alice", "bob"]), **options)
    async with client(app) as http, asyncio.timeout(20):
        yield http


async def test_beyond_what_the_process_takes_a_call_is_refused_at_once() -> None:
    mcp = Held()
    async with service(mcp, max_concurrent_requests=2) as http, asyncio.TaskGroup() as group:
        held = [group.create_task(http.post("/mcp", json={}, headers=caller)) for caller in (ALICE, BOB)]
        await until(lambda: mcp.waiting == 2)
        refused = await http.post("/mcp", json={}, headers=BOB)
        mcp.go.set()
    assert refused.status_code == 503
    assert refused.json()["error"]["code"] == "overloaded"
    assert refused.headers["Retry-After"] == "1"
    assert [task.result().status_code for task in held] == [200, 200]


async def test_one_principal_cannot_take_the_place_of_another() -> None:
    mcp = Held()
    async with (
        service(mcp, max_concurrent_requests_per_principal=1) as http,
        asyncio.TaskGroup() as group,
    ):
        first = group.create_task(http.post("/mcp", json={}, headers=ALICE))
        await until(lambda: mcp.waiting == 1)
        refused = await http.post("/mcp", json={}, headers=ALICE)
        other = group.create_task(http.post("/mcp", json={}, headers=BOB))
        await until(lambda: mcp.waiting == 2)
        mcp.go.set()
    assert refused.status_code == 429
    assert refused.json()["error"]["code"] == "too_many_concurrent_requests"
    assert (first.result().status_code, other.result().status_code) == (200, 200)


async def test_a_place_is_free_again_after_the_answer_and_after_a_cancelled_call() -> None:
    mcp = Held()
    async with service(mcp, max_concurrent_requests_per_principal=1, max_concurrent_requests=1) as http:
        call = asyncio.create_task(http.post("/mcp", json={}, headers=ALICE))
        await until(lambda: mcp.waiting == 1)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        mcp.go.set()
        for _ in range(3):
            assert (await http.post("/mcp", json={}, headers=ALICE)).status_code == 200


@pytest.mark.parametrize("stream", [{}, LISTEN])
async def test_open_streams_take_no_place_from_calls(stream: dict[str, str]) -> None:
    mcp = Held()
    method = "POST" if stream else "GET"
    async with (
        service(mcp, max_concurrent_requests_per_principal=1, session_mode="stateful") as http,
        asyncio.TaskGroup() as group,
    ):
        json = {"Content-Type": "application/json"}
        group.create_task(http.request(method, "/mcp", headers=ALICE | stream | json, content=b"{}"))
        await until(lambda: mcp.waiting == 1)
        second = await http.request(method, "/mcp", headers=ALICE | stream | json, content=b"{}")
        call = group.create_task(http.post("/mcp", json={}, headers=ALICE))
        await until(lambda: mcp.waiting == 2)
        mcp.go.set()
    assert second.status_code == 429
    assert call.result().status_code == 200


async def test_without_authentication_there_is_one_bound_for_all() -> None:
    mcp = Held()
    app = build(mcp, max_concurrent_requests_per_principal=1, max_concurrent_requests=2)
    async with client(app) as http, asyncio.TaskGroup() as group:
        held = [group.create_task(http.post("/mcp", json={})) for _ in range(2)]
        await until(lambda: mcp.waiting == 2)
        assert (await http.post("/mcp", json={})).status_code == 503
        mcp.go.set()
    assert [task.result().status_code for task in held] == [200, 200]
