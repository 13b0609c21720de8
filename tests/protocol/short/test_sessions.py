from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import orjson
import pytest

from app.auth.principal import Principal
from app.auth.session_owner import session_owner
from app.protocol.events.log import Event, Stream
from app.protocol.events.memory import MemoryEventLog
from app.protocol.sessions.bus import Word
from app.protocol.sessions.here import SessionHere
from app.protocol.sessions.store import key_of
from app.protocol.short.sessions import ShortSessions
from tests.protocol.short.exchange import CLIENT, Exchange, Posted, ask, posted_of_2025
from tests.protocol.stand_in import Backend, HttpHandler, until

SLOW = ("tools/call", {"name": "get_prompt", "arguments": {"name": "slow"}})
CANCELLED = b'"error":{"code":-32800,"message":"Request cancelled"}'


class InSession:
    """A session, and the short path to it. What would not take the short path fails, but for cancellations.

    Attributes:
        app: The short path.
        handler: What is behind it.
        session_id: The session.
    """

    def __init__(self, app: ShortSessions, handler: HttpHandler, session_id: str) -> None:
        self.app = app
        self.handler = handler
        self.session_id = session_id

    @property
    def here(self) -> SessionHere:
        return self.handler.sessions._sessions[key_of(self.session_id)]

    def request(self, method: str, params: dict[str, Any], version: str = "2025-11-25") -> Posted:
        posted = posted_of_2025(method, params, version)
        return replace(posted, headers=[*posted.headers, (b"mcp-session-id", self.session_id.encode())])

    def slow_call(self, version: str = "2025-11-25") -> tuple[Exchange, asyncio.Task[None]]:
        exchange = Exchange(self.app, self.request(*SLOW, version))
        return exchange, asyncio.create_task(exchange.run())

    async def events(self, exchange: Exchange) -> list[Event]:
        """What is kept of the stream that a client was sent."""
        token = exchange.sent[1]["body"].removeprefix(b"id: ").partition(b".")[0].decode()
        log = self.handler.event_log
        assert log is not None
        return await log.read(Stream("", self.session_id, token), 1) or []


@pytest.fixture(params=["no events", "events"])
async def session(backend: Backend, request: pytest.FixtureRequest) -> AsyncIterator[InSession]:
    event_log = MemoryEventLog() if request.param == "events" else None
    server = backend.server()
    handler = HttpHandler(server, stateless=False, event_log=event_log)

    async def only_what_is_no_request(scope: Any, receive: Any, send: Any) -> None:
        message = await receive()
        assert b'"id"' not in message["body"], "this request is for the short path"

        async def again() -> Any:
            return message

        await handler(scope, again, send)

    params = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": CLIENT}
    initialize = posted_of_2025("initialize", params)
    async with handler.run():
        app = ShortSessions(only_what_is_no_request, server.core, handler.sessions, event_log)
        opened = await ask(app, initialize)
        yield InSession(app, handler, opened.headers[b"mcp-session-id"].decode())


async def test_a_session_of_plain_requests_costs_no_transport(session: InSession) -> None:
    word = session.request("notifications/initialized", {})
    word.body = b'{"jsonrpc":"2.0","method":"notifications/initialized"}'
    answers = [
        await ask(session.app, word),
        await ask(session.app, session.request("ping", {})),
        await ask(
            session.app,
            session.request("tools/call", {"name": "list_workspaces", "arguments": {"name": "x"}}),
        ),
    ]

    assert [answer.status for answer in answers] == [202, 200, 200]
    assert b'"structuredContent":{"name":"x"' in answers[2].body
    assert session.here.live is None


@pytest.mark.parametrize("version", ["2025-11-25", "2025-06-18"])
@pytest.mark.parametrize("moment", ["at once", "when it is noticed"])
async def test_a_call_goes_on_without_its_client(
    backend: Backend, session: InSession, version: str, moment: str
) -> None:
    exchange, task = session.slow_call(version)
    await backend.started.wait()
    if moment == "when it is noticed":
        await until(lambda: len(exchange.sent) == 2)
    exchange.gone.set()
    await until(lambda: len(exchange.sent) == 2)
    assert session.here.in_use
    backend.go_on.set()
    await task

    assert backend.ended == ["finished"]
    assert not session.here.in_use
    if session.handler.event_log is not None and version == "2025-11-25":
        opening, response = await session.events(exchange)
        assert (opening.last, response.last) == (False, True)
        assert b"waited_for" in response.message


async def test_a_call_tells_of_its_progress_and_goes_on_telling(backend: Backend, session: InSession) -> None:
    params: dict[str, Any] = {**SLOW[1], "_meta": {"progressToken": "t", "client/own": {}}}
    exchange = Exchange(session.app, session.request("tools/call", params))
    task = asyncio.create_task(exchange.run())
    await backend.started.wait()
    told = b"".join(message.get("body", b"") for message in exchange.sent)
    exchange.gone.set()
    backend.go_on.set()
    await task

    word = {"progressToken": "t", "progress": 1, "message": "at the gate"}
    assert b'"params":' + orjson.dumps(word) in told
    assert b"waited_for" in exchange.answer.body
    if session.handler.event_log is not None:
        assert [event.last for event in await session.events(exchange)] == [False, False, True]


@pytest.mark.parametrize("way", ["here", "another replica"])
@pytest.mark.parametrize("moment", ["at once", "after a while"])
async def test_a_cancelled_call_is_answered_with_that(
    backend: Backend, session: InSession, way: str, moment: str
) -> None:
    exchange, task = session.slow_call()
    await backend.started.wait()
    if moment == "after a while":
        await until(lambda: len(exchange.sent) == 2)
    for number in (99, "1"):
        cancel = {
            "jsonrpc": "2.0",
            "method": "notifications/cancelled",
            "params": {"requestId": number},
        }
        assert backend.ended == []
        if way == "here":
            word = session.request("notifications/cancelled", {})
            word.body = orjson.dumps(cancel)
            assert (await ask(session.app, word)).status == 202
        else:
            await session.handler.sessions.hear(
                Word("message", key_of(session.session_id), orjson.dumps(cancel))
            )
    await asyncio.wait_for(task, 5)

    assert backend.ended == ["cancelled"]
    assert not task.cancelled()
    answer = exchange.answer
    assert answer.status == 200
    assert answer.body.endswith(b'data: {"jsonrpc":"2.0","id":1,' + CANCELLED + b"}\r\n\r\n")
    assert exchange.sent[-1]["more_body"] is False
    if session.handler.event_log is not None:
        assert [event.last for event in await session.events(exchange)] == [False, True]
    assert not session.here.in_use


async def test_of_two_calls_of_one_id_the_later_is_cancelled(backend: Backend, session: InSession) -> None:
    first, first_task = session.slow_call()
    await backend.started.wait()
    backend.started.clear()
    second, second_task = session.slow_call()
    await backend.started.wait()
    session.here.cancel(1)
    await asyncio.wait_for(second_task, 5)
    backend.go_on.set()
    await asyncio.wait_for(first_task, 5)

    assert CANCELLED in second.answer.body
    assert b"waited_for" in first.answer.body


async def test_a_session_that_ends_takes_its_calls_with_it(backend: Backend, session: InSession) -> None:
    exchange, task = session.slow_call()
    await backend.started.wait()
    await session.handler.sessions.end(session.here)
    await asyncio.wait_for(task, 5)

    assert backend.ended == ["cancelled"]
    assert exchange.answer.status == 200
    assert b'"id":1' not in exchange.answer.body
    assert exchange.sent[-1]["more_body"] is False
    if session.handler.event_log is not None:
        assert [event.last for event in await session.events(exchange)] == [False]
    assert (await ask(session.app, session.request("ping", {}))).status == 404


async def test_somebody_else_has_no_such_session_and_does_it_no_harm(
    backend: Backend, session: InSession
) -> None:
    exchange, task = session.slow_call()
    await backend.started.wait()
    theirs = session.request("ping", {})
    theirs.scope = {"user": session_owner(Principal("bob", "bearer"))}
    refused = await ask(session.app, theirs)
    backend.go_on.set()
    await asyncio.wait_for(task, 5)

    assert refused.status == 404
    assert b"waited_for" in exchange.answer.body


async def test_a_call_that_is_cancelled_from_outside_stays_cancelled(
    backend: Backend, session: InSession
) -> None:
    _, task = session.slow_call()
    await backend.started.wait()
    session.here.cancel(1)
    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task
    assert backend.ended == ["cancelled"]


async def test_a_call_keeps_its_session_and_its_record(backend: Backend) -> None:
    server = backend.server()
    handler = HttpHandler(server, stateless=False, idle_timeout=0.4)
    handler.sessions._linger, handler.sessions._sweep_every = 0.05, 0.02

    params = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": CLIENT}
    async with handler.run():
        opened = await ask(handler, posted_of_2025("initialize", params))
        await handler.sessions.close_all()
        app = ShortSessions(handler, server.core, handler.sessions, None)
        session = InSession(app, handler, opened.headers[b"mcp-session-id"].decode())
        exchange, task = session.slow_call()
        other = await ask(handler, posted_of_2025("initialize", params))
        assert other.status == 200
        await until(lambda: handler.open_sessions == 1, 5)
        assert handler.live_sessions == 1, "the one with a call lives on, beyond the idle time"
        backend.go_on.set()
        await task
        assert b"waited_for" in exchange.answer.body
        await until(lambda: handler.live_sessions == 0)
