"""Sessions that are put away and come back, in this process and in another."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import httpx2
import pytest
from mcp.server.context import ServerRequestContext
from mcp_types import CallToolRequestParams, CallToolResult, TextContent

from app.protocol.sessions.memory import MemorySessionStore
from app.protocol.sessions.redis import RedisSessionStore
from app.protocol.sessions.redis_bus import RedisBus
from app.redis_client import Breaker, connect
from tests.protocol.stand_in import Backend, HttpHandler, Session, events, serving, until
from tests.support.own_redis import OwnRedis

pytestmark = pytest.mark.usefixtures("way")

ECHO = {"name": "list_workspaces", "arguments": {"name": "x"}}


def with_linger(handler: HttpHandler, seconds: float = 0.05) -> HttpHandler:
    handler.sessions._linger, handler.sessions._sweep_every = seconds, seconds / 2
    return handler


def replica(url: str, backend: Backend, **options: Any) -> HttpHandler:
    breaker = Breaker()
    bus = RedisBus(connect(url), breaker=breaker)
    store = RedisSessionStore(connect(url), bus=bus, breaker=breaker, **options)
    return HttpHandler(backend.server(), stateless=False, sessions=store, bus=bus)


@asynccontextmanager
async def two(url: str, backends: tuple[Backend, Backend], **options: Any) -> AsyncIterator[list[str]]:
    async with AsyncExitStack() as stack:
        yield [
            await stack.enter_async_context(serving(replica(url, backend, **options))) for backend in backends
        ]


async def test_a_session_left_alone_is_put_away_and_comes_back(backend: Backend) -> None:
    handler = with_linger(HttpHandler(backend.server(), stateless=False))
    async with serving(handler) as url, httpx2.AsyncClient() as http:
        session = Session(http, url)
        await session.open()
        assert handler.live_sessions == 1
        await until(lambda: handler.live_sessions == 0)
        assert handler.open_sessions == 1
        answer = await session.post("tools/call", ECHO)
        assert answer.status_code == 200
        assert '"name":"x"' in answer.text
        assert handler.live_sessions == 1


async def test_a_session_with_a_running_call_is_not_put_away(backend: Backend) -> None:
    handler = with_linger(HttpHandler(backend.server(), stateless=False, idle_timeout=1.0))
    async with serving(handler) as url, httpx2.AsyncClient() as http:
        session, other = Session(http, url), Session(http, url)
        await session.open()
        # Its client leaves, and the call goes on.
        async with session.stream("get_prompt", {"name": "x"}) as answer:
            assert await anext(answer.aiter_text())
            await asyncio.wait_for(backend.started.wait(), 10)
        await other.open()
        await until(lambda: handler.open_sessions == 1, 5)
        assert handler.live_sessions == 1, "the one in use lives on, beyond the idle time"
        backend.go_on.set()
        await until(lambda: backend.ended == ["finished"])
        await until(lambda: handler.live_sessions == 0)


async def test_an_open_stream_keeps_its_session(backend: Backend) -> None:
    handler = with_linger(HttpHandler(backend.server(), stateless=False, idle_timeout=1.0))
    async with serving(handler) as url, httpx2.AsyncClient() as http:
        session, other = Session(http, url), Session(http, url)
        await session.open()
        headers = {**session.headers, "Accept": "text/event-stream"}
        async with http.stream("GET", url, headers=headers) as stream:
            assert stream.status_code == 200
            await other.open()
            await until(lambda: handler.open_sessions == 1, 5)
            assert (await session.post("ping", {})).status_code == 200


async def test_a_failed_initialize_opens_nothing(backend: Backend) -> None:
    handler = HttpHandler(backend.server(), stateless=False)
    async with serving(handler) as url, httpx2.AsyncClient() as http:
        session = Session(http, url)
        bad = [
            await session.post("initialize", {"protocolVersion": "2025-11-25"}),
            await session.post("tools/list", {}),
            await http.post(
                url, content=b"{", headers={**session.headers, "Content-Type": "application/json"}
            ),
            await http.get(url, headers={**session.headers, "Accept": "text/event-stream"}),
            await http.delete(url, headers=session.headers),
        ]
        assert handler.open_sessions == handler.live_sessions == 0
    assert [answer.status_code for answer in bad] == [200, 400, 400, 400, 400]
    assert "error" in bad[0].text
    assert all("initialize" in answer.json()["error"]["message"] for answer in (bad[1], bad[3], bad[4]))


async def test_one_session_more_than_a_principal_may_have_is_told_what_to_do(backend: Backend) -> None:
    store = MemorySessionStore(max_per_account=1)
    handler = HttpHandler(backend.server(), stateless=False, sessions=store)
    async with serving(handler) as url, httpx2.AsyncClient() as http:
        await Session(http, url, "alice").open()
        await Session(http, url, "bob").open()
        refused = await Session(http, url, "alice").post("initialize", {"protocolVersion": "2025-11-25"})
    # What is wrong with the request is looked at before; this one would fail, and costs no place.
    assert refused.status_code == 429
    assert "End one of them" in refused.json()["error"]["message"]
    assert refused.headers["retry-after"]


async def test_a_session_is_opened_here_and_used_and_ended_there(redis_url: str) -> None:
    backends = (Backend(), Backend())
    async with two(redis_url, backends) as urls, httpx2.AsyncClient() as http:
        session = Session(http, urls[0])
        await session.open()
        session.url = urls[1]
        answer = await session.post("tools/call", ECHO)
        assert answer.status_code == 200
        assert '"name":"x"' in answer.text
        session.headers["X-Caller"] = "bob"
        assert (await session.post("tools/call", ECHO)).status_code == 404
        session.headers["X-Caller"] = "alice"
        session.url = urls[0]
        headers = {**session.headers, "Accept": "text/event-stream"}
        async with http.stream("GET", urls[0], headers=headers) as stream:
            assert (await http.delete(urls[1], headers=session.headers)).status_code == 200
            async with asyncio.timeout(5):
                assert [piece async for piece in stream.aiter_text() if piece[0] != ":"] == []
        for url in urls:
            session.url = url
            assert (await session.post("tools/call", ECHO)).status_code == 404


async def test_a_cancellation_reaches_the_replica_that_runs_the_call(redis_url: str) -> None:
    here, there = Backend(), Backend()
    async with two(redis_url, (here, there)) as urls, httpx2.AsyncClient() as http:
        session = Session(http, urls[0])
        await session.open()
        call = asyncio.create_task(
            session.post("tools/call", {"name": "get_prompt", "arguments": {"name": "x"}}, request_id=7)
        )
        await asyncio.wait_for(here.started.wait(), 10)
        note = {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 7}}
        assert (await http.post(urls[1], json=note, headers=session.headers)).status_code == 202
        answer = await asyncio.wait_for(call, 10)
    assert here.ended == ["cancelled"]
    assert "Request cancelled" in answer.text


async def test_an_answer_reaches_the_replica_that_asked_and_no_other(
    redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    make = Backend.server
    monkeypatch.setattr(Backend, "server", lambda backend: asking(make(backend)))
    async with two(redis_url, (Backend(), Backend())) as urls, httpx2.AsyncClient() as http:
        session = Session(http, urls[0])
        await session.open()
        texts = ["", ""]
        async with AsyncExitStack() as stack:
            streams = []
            for number, url in enumerate(urls):
                session.url = url
                asked = session.stream(f"tool-{number}", {}, request_id=number)
                streams.append((await stack.enter_async_context(asked)).aiter_text())
            ids = []
            for number, stream in enumerate(streams):
                while "elicitation/create" not in texts[number]:
                    texts[number] += await anext(stream)
                ids.append(next(m["id"] for _, m in events(texts[number]) if m and "method" in m))
            assert ids[0] != ids[1]
            for number in (0, 1):
                reply = {"action": "accept", "content": {"name": f"answer-{number}"}}
                body = {"jsonrpc": "2.0", "id": ids[number], "result": reply}
                posted = await http.post(urls[1 - number], json=body, headers=session.headers)
                assert posted.status_code == 202
            for number, stream in enumerate(streams):
                async with asyncio.timeout(10):
                    texts[number] += "".join([piece async for piece in stream])
                assert f"answer-{number}" in texts[number]


def asking(server: Any) -> Any:
    """Let every tool ask the client a question."""

    async def ask(ctx: ServerRequestContext[Any, Any], params: CallToolRequestParams) -> CallToolResult:
        schema = {"type": "object", "properties": {"name": {"type": "string"}}}
        answer = await ctx.session.elicit_form(
            f"Who, {params.name}?", schema, related_request_id=ctx.request_id
        )
        return CallToolResult(content=[TextContent(text=str(answer))])

    server.add_request_handler("tools/call", CallToolRequestParams, ask)
    return server


async def test_while_redis_is_frozen_live_sessions_go_on_and_others_are_told_to_wait(
    own_redis: OwnRedis, backend: Backend
) -> None:
    handler = replica(own_redis.url, backend, deadline=0.3)
    other = replica(own_redis.url, Backend(), deadline=0.3)
    async with serving(handler) as url, serving(other) as url_there, httpx2.AsyncClient() as http:
        session = Session(http, url)
        await session.open()
        own_redis.signal(signal.SIGSTOP)
        slowest = 0.0
        for _ in range(20):
            began = time.monotonic()
            assert (await session.post("tools/call", ECHO)).status_code == 200
            slowest = max(slowest, time.monotonic() - began)
        assert slowest < 1.0
        session.headers["X-Caller"] = "bob"
        assert (await session.post("tools/call", ECHO)).status_code == 503
        session.headers["X-Caller"] = "alice"
        session.url = url_there
        waiting = await session.post("tools/call", ECHO)
        opening = await Session(http, url).post("initialize", {"protocolVersion": "2025-11-25"})
        assert [answer.status_code for answer in (waiting, opening)] == [503, 503]
        assert waiting.headers["retry-after"] == "1"
        own_redis.signal(signal.SIGCONT)
        async with asyncio.timeout(5):
            while (await session.post("tools/call", ECHO)).status_code != 200:  # noqa: ASYNC110
                await asyncio.sleep(0.05)  # until it is back, which is what is measured
