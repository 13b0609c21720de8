"""Generated requests in sessions, on the short path and through the SDK: nobody can tell which it was."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import strategies as st
from starlette.responses import Response
from starlette.types import ASGIApp

from app.auth.policy import EVERYTHING, Narrowing
from app.auth.principal import Principal
from app.auth.session_owner import session_owner
from app.protocol.auditing import CallAudit, CallEntry
from app.protocol.confirmation import Confirmation
from app.protocol.confirmation_once import MemoryOnce
from app.protocol.events.log import Event, Stream
from app.protocol.events.memory import MemoryEventLog
from app.protocol.owner import owner_of
from app.protocol.sessions.store import SessionRecord
from app.protocol.short.path import short_path
from tests.protocol.short.exchange import CLIENT, Answer, Posted, ask, posted_of_2025
from tests.protocol.short.test_comparison import (
    POLICIES,
    REQUESTS,
    Counted,
    drawn_from,
    plain,
    requests_of_2025,
    same,
)
from tests.protocol.stand_in import Backend, HttpHandler

SESSION = b"mcp-session-id"
VERSIONS = ["2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05"]
CALLERS = {name: Principal(name, "bearer") for name in ("alice", "bob")}
NARROWINGS = [EVERYTHING, Narrowing(frozenset({"configs"})), Narrowing(None, read_only=True)]
# Which session a request names: one of alice's by its number, or something else.
SESSIONS = st.sampled_from([*range(8)] * 4 + ["bob's", "made-up", "x" * 80, "\u00e9", None])


@st.composite
def requests_in_sessions(draw: st.DrawFn) -> Posted:
    """A request of which something may be wrong or unusual. The header names a session by a stand-in."""
    request = draw(requests_of_2025())
    session = draw(SESSIONS)
    headers = [pair for pair in request.headers if pair[0] != SESSION]
    # The SDK lets a client begin anew in a session that is open, and forgets that when it is put away.
    if session is not None and b'"initialize"' not in request.body:
        headers.append((SESSION, str(session).encode()))
    granted, narrowing = draw(POLICIES), draw(st.sampled_from(NARROWINGS))
    scope = {
        "principal": CALLERS["alice"],
        "user": session_owner(CALLERS["alice"]),
        "policy": granted.narrowed(narrowing),
        "granted_policy": granted,
        "narrowing": narrowing,
        "request_id": "r",
    }
    return Posted(headers, request.body, scope)


class Noting(MemoryEventLog):
    """Notes what is kept."""

    def __init__(self) -> None:
        super().__init__()
        self.noted: list[Any] = []

    async def append(self, stream: Stream, *events: Event, oldest: int = 1) -> None:
        await super().append(stream, *events, oldest=oldest)
        for event in events:
            kept = replace(event, message=b"", writer="")
            self.noted.append((stream.owner, kept, plain(event.message), oldest))


class Way:
    """One of the two ways, and what became of the requests that went there."""

    def __init__(self, app: ASGIApp, calls: list[CallEntry], events: Noting | None) -> None:
        self._app = app
        self._calls = calls
        self._events = events

    async def ask(self, request: Posted) -> tuple[Answer, list[Any], list[Any]]:
        answer = await ask(self._app, replace(request, scope=dict(request.scope)))
        calls = [
            (each.tool, each.client, each.protocol, each.session, each.outcome, each.code, each.carrier)
            for each in self._calls
        ]
        self._calls.clear()
        events: list[Any] = []
        if self._events is not None:
            events, self._events.noted = self._events.noted, []
        return answer, calls, events


async def compare(drawn: list[Posted], events: Noting | None) -> Counter[str]:
    entries: list[CallEntry] = []

    def observe(entry: CallEntry) -> Callable[[], None]:
        return lambda: entries.append(entry)

    server = Backend().server(
        confirmation=Confirmation(timeout=5, once=MemoryOnce()),
        page_size=4,
        audit=CallAudit(observers=[observe]),
    )
    handler = HttpHandler(server, stateless=False, event_log=events)
    counted = Counted(handler)
    by_sdk = Way(handler, entries, events)
    by_short = Way(short_path(counted, server.core, handler.stores), entries, events)
    ways: Counter[str] = Counter()
    async with handler.run():
        sessions = {
            str(number): await opened(handler, "alice", VERSIONS[number % 4], NARROWINGS[number % 3])
            for number in range(8)
        }
        sessions["bob's"] = await opened(handler, "bob", VERSIONS[0], EVERYTHING)
        entries.clear()
        if events is not None:
            events.noted.clear()
        for request in drawn:
            request.headers = [
                (name, sessions.get(value.decode(), value) if name == SESSION else value)
                for name, value in request.headers
            ]
            one = await by_sdk.ask(request)
            before = counted.seen
            other = await by_short.ask(request)
            ways["sdk" if counted.seen > before else "short"] += 1
            ways[f"status {one[0].status}"] += 1
            ways["events"] += len(one[2])
            same(without_new_session(one[0], request), without_new_session(other[0], request), request)
            assert one[1:] == other[1:], request
            assert await record(handler, one[0]) == await record(handler, other[0]), request
    return ways


async def opened(app: ASGIApp, name: str, version: str, narrowing: Narrowing) -> bytes:
    request = posted_of_2025(
        "initialize",
        {"protocolVersion": version, "capabilities": {}, "clientInfo": {**CLIENT, "version": name}},
    )
    request.scope = {"user": session_owner(CALLERS[name]), "narrowing": narrowing}
    return (await ask(app, request)).headers[SESSION]


async def record(handler: HttpHandler, answer: Answer) -> SessionRecord | None:
    """What is kept of the session that an answer names, if it is alice's."""
    session_id = answer.headers.get(SESSION, b"").decode("latin-1")
    owner = owner_of({"user": session_owner(CALLERS["alice"])})
    here = await handler.sessions.find(session_id, owner)
    return None if isinstance(here, Response) else here.record


def without_new_session(answer: Answer, request: Posted) -> Answer:
    """The answer, with one name for whatever session it opened."""
    if SESSION in dict(request.headers) or SESSION not in answer.headers:
        return answer
    assert re.fullmatch(rb"[\w-]{32}", answer.headers[SESSION])
    return replace(answer, headers={**answer.headers, SESSION: b"new"})


@pytest.mark.parametrize("resumable", [False, True])
def test_a_request_in_a_session_is_answered_the_same_either_way(*, resumable: bool) -> None:
    events = Noting() if resumable else None
    ways = asyncio.run(compare(drawn_from(requests_in_sessions()), events))

    # Both ways were taken often, or this shows nothing.
    assert ways["short"] > REQUESTS / 5, ways
    assert ways["sdk"] > REQUESTS / 5, ways
    assert ways["status 404"] > REQUESTS / 50, ways
    assert ways["status 202"] > REQUESTS / 50, ways
    assert not resumable or ways["events"] > REQUESTS / 2, ways


@pytest.mark.parametrize("version", [b"2025-11-25", b"2025-03-26", b"2026-07-28", b"1999-01-01", None])
@pytest.mark.parametrize("session", ["own", "bob's", "made-up", "none", "twice"])
async def test_a_session_is_ended_the_same_either_way(
    backend: Backend, version: bytes | None, session: str
) -> None:
    server = backend.server()
    mcp = HttpHandler(server, stateless=False)
    counted = Counted(mcp)
    answers = []
    async with mcp.run():
        for app in (mcp, short_path(counted, server.core, mcp.stores)):
            own = await opened(mcp, "alice", VERSIONS[0], EVERYTHING)
            bobs = await opened(mcp, "bob", VERSIONS[0], EVERYTHING)
            named = {"own": [own], "twice": [own, own], "bob's": [bobs], "made-up": [b"x"], "none": []}
            headers = [(SESSION, each) for each in named[session]]
            headers += [(b"mcp-protocol-version", version)] if version else []
            end = Posted(headers, b"", {"method": "DELETE", "user": session_owner(CALLERS["alice"])})
            answer = await ask(app, end)
            ping = posted_of_2025("ping", {})
            ping.headers.append((SESSION, own))
            ping.scope = {"user": session_owner(CALLERS["alice"])}
            answers.append((answer, (await ask(app, ping)).status))

    assert answers[0] == answers[1]
    assert (answers[0][0].status == 200) == (answers[0][1] == 404)
