"""A client that lost its stream comes back with Last-Event-ID, here or at another replica."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import httpx2
import pytest

from app.protocol.events.memory import MemoryEventLog
from app.protocol.events.redis import RedisEventLog
from app.protocol.sessions.redis import RedisSessionStore
from app.protocol.sessions.redis_bus import RedisBus
from app.redis_client import Breaker, connect
from tests.protocol.stand_in import Backend, HttpHandler, Session, events, serving, until

pytestmark = pytest.mark.usefixtures("way")

Build = Callable[..., HttpHandler]


@pytest.fixture(params=["memory", "redis"])
def build(request: pytest.FixtureRequest) -> Build:
    """Builds a handler, a replica of those built before where there is a Redis."""

    def make(backend: Backend, *, stateless: bool = False) -> HttpHandler:
        if request.param == "memory":
            return HttpHandler(backend.server(), stateless=stateless, event_log=MemoryEventLog())
        return replica(request.getfixturevalue("redis_url"), backend, stateless=stateless)

    return make


def replica(url: str, backend: Backend, *, stateless: bool = False, **options: Any) -> HttpHandler:
    breaker = Breaker()
    bus = RedisBus(connect(url), breaker=breaker)
    log = RedisEventLog(connect(url), blocking=connect(url), breaker=breaker, **options)
    store = None if stateless else RedisSessionStore(connect(url), bus=bus, breaker=breaker)
    return HttpHandler(backend.server(), stateless=stateless, sessions=store, event_log=log, bus=bus)


async def break_off(session: Session) -> str:
    """Begin a call, and leave after its first event. Return that event's id."""
    async with session.stream("get_prompt", {"name": "x"}) as answer:
        text = ""
        async for piece in answer.aiter_text():
            text += piece
            if "\n\n" in text.replace("\r\n", "\n"):
                return events(text)[0][0]
    raise AssertionError("the stream ended before its first event")


@pytest.mark.parametrize("stateless", [False, True])
async def test_a_client_that_lost_its_stream_gets_what_it_missed(
    backend: Backend, build: Build, *, stateless: bool
) -> None:
    async with serving(build(backend, stateless=stateless)) as url, httpx2.AsyncClient() as http:
        session = Session(http, url)
        if not stateless:
            await session.open()
        cursor = await break_off(session)
        await asyncio.wait_for(backend.started.wait(), 10)
        backend.go_on.set()
        await until(lambda: backend.ended == ["finished"])
        missed = await session.resume(cursor)
        last = await session.resume(missed[-1][0])

    assert cursor
    methods = [message.get("method", "answer") for _, message in missed if message]
    assert methods == ["notifications/progress", "answer"]
    assert missed[-1][1]["result"]["structuredContent"] == {"waited_for": "x"}
    assert len({event_id for event_id, _ in missed}) == len(missed)
    assert last == [], "a finished stream ends at once"


@pytest.mark.parametrize("stateless", [False, True])
async def test_a_resumed_stream_goes_on_live(backend: Backend, build: Build, *, stateless: bool) -> None:
    async with serving(build(backend, stateless=stateless)) as url, httpx2.AsyncClient() as http:
        session = Session(http, url)
        if not stateless:
            await session.open()
        cursor = await break_off(session)
        await asyncio.wait_for(backend.started.wait(), 10)
        headers = {**session.headers, "Accept": "text/event-stream", "Last-Event-ID": cursor}
        text = ""
        async with asyncio.timeout(10), http.stream("GET", url, headers=headers) as answer:
            async for piece in answer.aiter_text():
                text += piece
                backend.go_on.set()
                if "waited_for" in text:
                    break
    assert '"progress":1' in text


@pytest.mark.parametrize("stateless", [False, True])
async def test_nobody_else_can_resume_it(backend: Backend, build: Build, *, stateless: bool) -> None:
    async with serving(build(backend, stateless=stateless)) as url, httpx2.AsyncClient() as http:
        alice, bob = Session(http, url, "alice"), Session(http, url, "bob")
        if not stateless:
            await alice.open()
            await bob.open()
        cursor = await break_off(alice)
        backend.go_on.set()
        await until(lambda: backend.ended == ["finished"])
        for event_id in (cursor, "made-up", cursor[:-1] + "9", "x" * 5000):
            headers = {**bob.headers, "Accept": "text/event-stream", "Last-Event-ID": event_id}
            refused = await http.get(url, headers=headers)
            assert refused.status_code == 400
            assert "not known here" in refused.json()["error"]["message"]


async def test_who_comes_back_again_takes_over(backend: Backend, build: Build) -> None:
    async with serving(build(backend)) as url, httpx2.AsyncClient() as http:
        session = Session(http, url)
        await session.open()
        cursor = await break_off(session)
        headers = {**session.headers, "Accept": "text/event-stream", "Last-Event-ID": cursor}
        async with http.stream("GET", url, headers=headers) as older:
            text, pieces = "", older.aiter_text()
            while "at the gate" not in text:
                text += await anext(pieces)
            newer = asyncio.create_task(session.resume(cursor))
            async with asyncio.timeout(10):
                assert [piece async for piece in pieces] == [], "the older stream ends"
            backend.go_on.set()
            assert "waited_for" in str((await asyncio.wait_for(newer, 10))[-1])


async def test_without_sessions_get_only_resumes(backend: Backend, build: Build) -> None:
    async with serving(build(backend, stateless=True)) as url, httpx2.AsyncClient() as http:
        session = Session(http, url)
        for method in ("GET", "DELETE"):
            answer = await http.request(method, url, headers=session.headers)
            assert answer.status_code == 405
            assert answer.headers["allow"] == "POST"


async def test_without_sessions_an_older_client_is_not_sent_what_it_cannot_read(
    backend: Backend, build: Build
) -> None:
    async with serving(build(backend, stateless=True)) as url, httpx2.AsyncClient() as http:
        session = Session(http, url)
        session.headers["MCP-Protocol-Version"] = "2025-06-18"
        answer = await session.post("tools/call", {"name": "list_workspaces", "arguments": {"name": "x"}})
    assert next(message for _, message in events(answer.text))["result"]


async def test_so_many_calls_go_on_without_a_client_and_no_more(
    backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    handler = HttpHandler(backend.server(), stateless=True, event_log=MemoryEventLog())
    assert handler._detached is not None
    monkeypatch.setattr(handler._detached._places, "_most", 1)
    async with serving(handler) as url, httpx2.AsyncClient() as http:
        session = Session(http, url)
        for name in ("first", "second"):
            backend.started.clear()
            async with session.stream("get_prompt", {"name": name}) as answer:
                assert await anext(answer.aiter_text())
                await asyncio.wait_for(backend.started.wait(), 10)
        await until(lambda: backend.ended == ["cancelled"])
        backend.go_on.set()
        await until(lambda: backend.ended == ["cancelled", "finished"])


@asynccontextmanager
async def replicas(url: str, backends: list[Backend], **options: Any) -> AsyncIterator[list[str]]:
    async with AsyncExitStack() as stack:
        yield [
            await stack.enter_async_context(serving(replica(url, backend, **options))) for backend in backends
        ]


@pytest.mark.parametrize("stateless", [False, True])
async def test_a_stream_of_one_replica_is_resumed_on_another(redis_url: str, *, stateless: bool) -> None:
    here, there = Backend(), Backend()
    async with replicas(redis_url, [here, there], stateless=stateless) as urls, httpx2.AsyncClient() as http:
        session = Session(http, urls[0])
        if not stateless:
            await session.open()
        cursor = await break_off(session)
        session.url = urls[1]
        rest = asyncio.create_task(session.resume(cursor))
        await asyncio.wait_for(here.started.wait(), 10)
        here.go_on.set()
        missed = await rest
    methods = [message.get("method", "answer") for _, message in missed]
    assert methods == ["notifications/progress", "answer"]
    assert not there.ended


async def test_a_client_hears_that_the_replica_that_ran_its_call_is_gone(
    redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, there = Backend(), Backend()
    handler = replica(redis_url, there)
    monkeypatch.setattr(handler._resumption, "_check", 0.05)
    async with serving(handler) as url_there, httpx2.AsyncClient() as http:
        dying = replica(redis_url, here)
        async with serving(dying) as url:
            session = Session(http, url)
            await session.open()
            async with session.stream("get_prompt", {"name": "x"}, request_id="mine") as answer:
                text = ""
                async for piece in answer.aiter_text():
                    text += piece
                    if "at the gate" in text:
                        break
            cursor = events(text)[-1][0]
            # It dies without a word: nothing is answered, and its key goes.
            monkeypatch.setattr(dying.event_log, "append", here.go_on.wait)
        session.url = url_there
        [(_, message)] = await session.resume(cursor)
    assert message["id"] == "mine"
    assert "stopped before it finished" in message["error"]["message"]


async def test_calls_go_on_when_the_event_store_is_dead(backend: Backend, unused_port: int) -> None:
    url = f"redis://127.0.0.1:{unused_port}"
    log = RedisEventLog(connect(url), blocking=connect(url), deadline=0.3, breaker=Breaker(pause=60))
    handler = HttpHandler(backend.server(), stateless=False, event_log=log)
    async with serving(handler) as served, httpx2.AsyncClient() as http:
        session = Session(http, served)
        began = time.monotonic()
        await session.open()
        answer = await session.post("tools/call", {"name": "list_workspaces", "arguments": {"name": "x"}})
        took = time.monotonic() - began
        resumed = await http.get(
            served,
            headers={**session.headers, "Accept": "text/event-stream", "Last-Event-ID": f"{'x' * 22}.1"},
        )
    assert answer.status_code == 200
    assert '"structuredContent":{"name":"x"' in answer.text
    assert [event_id for event_id, _ in events(answer.text) if event_id] == []
    assert took < 3
    assert (resumed.status_code, resumed.headers["retry-after"]) == (503, "1")
