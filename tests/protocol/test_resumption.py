from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

import httpx2
import pytest

from app.protocol.events.log import EventLog
from app.protocol.events.memory import MemoryEventLog
from app.protocol.events.redis import RedisEventLog
from app.protocol.http import HttpHandler
from app.redis_client import connect
from tests.protocol.stand_in import Backend, Session, events, serving, until


@pytest.fixture(params=["memory", "redis"])
async def event_log(request: pytest.FixtureRequest) -> AsyncIterator[EventLog]:
    log: EventLog
    if request.param == "memory":
        log = MemoryEventLog()
    else:
        log = RedisEventLog(connect(request.getfixturevalue("redis_url")))
    yield log
    await log.aclose()


async def break_off(session: Session) -> str:
    """Begin a call, and leave after its first event. Return that event's id."""
    async with session.stream("get_prompt", {"name": "x"}) as answer:
        text = ""
        async for piece in answer.aiter_text():
            text += piece
            if "\n\n" in text.replace("\r\n", "\n"):
                return events(text)[0][0]
    raise AssertionError("the stream ended before its first event")


async def test_a_client_that_lost_its_stream_gets_what_it_missed(
    backend: Backend, event_log: EventLog
) -> None:
    handler = HttpHandler(backend.server(), stateless=False, event_log=event_log)
    async with serving(handler) as url, httpx2.AsyncClient() as http:
        session = Session(http, url)
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


async def test_a_resumed_stream_goes_on_live(backend: Backend, event_log: EventLog) -> None:
    handler = HttpHandler(backend.server(), stateless=False, event_log=event_log)
    async with serving(handler) as url, httpx2.AsyncClient() as http:
        session = Session(http, url)
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


async def test_another_session_cannot_resume_it(backend: Backend, event_log: EventLog) -> None:
    handler = HttpHandler(backend.server(), stateless=False, event_log=event_log)
    async with serving(handler) as url, httpx2.AsyncClient() as http:
        alice, bob = Session(http, url, "alice"), Session(http, url, "bob")
        await alice.open()
        await bob.open()
        cursor = await break_off(alice)
        backend.go_on.set()
        await until(lambda: backend.ended == ["finished"])
        assert await bob.resume(cursor) == []
        assert await bob.resume("made-up") == []


async def test_calls_go_on_when_the_event_store_is_dead(backend: Backend, unused_port: int) -> None:
    log = RedisEventLog(connect(f"redis://127.0.0.1:{unused_port}"), deadline=0.3, pause=60)
    handler = HttpHandler(backend.server(), stateless=False, event_log=log)
    async with serving(handler) as url, httpx2.AsyncClient() as http:
        session = Session(http, url)
        began = time.monotonic()
        await session.open()
        answer = await session.post("tools/call", {"name": "list_workspaces", "arguments": {"name": "x"}})
        took = time.monotonic() - began
    await log.aclose()
    assert answer.status_code == 200
    assert '"structuredContent":{"name":"x"' in answer.text
    assert [event_id for event_id, _ in events(answer.text) if event_id] == []
    assert took < 3
