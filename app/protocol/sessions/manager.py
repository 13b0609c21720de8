"""Serves the sessions of the 2025 era: any process serves any session whose record it can read."""

from __future__ import annotations

import asyncio
import time
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import anyio
import structlog
from mcp_types import InitializeRequestParams
from mcp_types.version import HANDSHAKE_PROTOCOL_VERSIONS, LATEST_HANDSHAKE_VERSION
from pydantic import ValidationError
from starlette.responses import Response

from app.protocol.answers import refused, session_not_found, try_again
from app.protocol.events.writing import StreamWriter
from app.protocol.owner import owner_of
from app.protocol.posted import Posted, read_message, replayed
from app.protocol.selections import bind, chosen
from app.protocol.sessions.bus import Word
from app.protocol.sessions.live import LiveSession
from app.protocol.sessions.store import (
    MAX_ID_LENGTH,
    MAX_RECORD_BYTES,
    SessionRecord,
    StoreUnavailableError,
    key_of,
    new_session_id,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from anyio.abc import TaskGroup
    from mcp.server.lowlevel import Server
    from starlette.types import Receive, Scope, Send

    from app.protocol.events.log import EventLog
    from app.protocol.events.resumption import Resumption
    from app.protocol.sessions.bus import Bus
    from app.protocol.sessions.store import Refusal, SessionStore

log = structlog.get_logger(__name__)

_LINGER: Final = 60.0
_MAX_LIVE: Final = 2000
_SHORTEST_SWEEP: Final = 0.02
_GOODBYE: Final = 2.0
_RETRY_SESSION: Final = 30
"""Nobody knows when a session will end; this is often enough to ask."""


@dataclass(slots=True)
class _Live:
    """A live session, and what its next request needs when the store cannot be asked."""

    session: LiveSession
    session_id: str
    owner: str
    record: SessionRecord
    used_at: float


class SessionManager:
    """Opens, serves and ends sessions.

    A session is a record in the store. While it is in use, and for a while after, it is live in this process
    too; then it is put away, and made again from its record when it is needed. So a session that a client
    left behind costs its record alone, and any replica can go on with it.

    Args:
        server: The MCP server.
        store: Where the records are.
        bus: Reaches the other replicas.
        event_log: Where events are kept for resumption; None for no resumption.
        resumption: Answers the clients that resume; given together with the log.
        idle_timeout: Seconds after which the store forgets an unused session; None for never.
        linger: Seconds a session stays live after its last use.
        max_live: Live sessions that are not in use at most; the one unused for longest is put away first.
    """

    def __init__(
        self,
        server: Server[Any],
        *,
        store: SessionStore,
        bus: Bus,
        event_log: EventLog | None,
        resumption: Resumption | None,
        idle_timeout: float | None = None,
        linger: float = _LINGER,
        max_live: int = _MAX_LIVE,
    ) -> None:
        self._server = server
        self._store = store
        self._bus = bus
        self._event_log = event_log
        self._resumption = resumption
        self._linger = linger
        self._max_live = max_live
        self._sweep_every = max(min(linger, idle_timeout or linger) / 4, _SHORTEST_SWEEP)
        self._live: dict[str, _Live] = {}
        self._tasks: TaskGroup | None = None

    @property
    def open_sessions(self) -> int:
        """How many sessions are open, here and in other processes."""
        return self._store.count

    @property
    def live_sessions(self) -> int:
        """How many sessions are live in this process."""
        return len(self._live)

    @asynccontextmanager
    async def run(self) -> AsyncIterator[None]:
        """Serve within this context; at its end every live session is put away."""
        async with anyio.create_task_group() as tasks:
            self._tasks = tasks
            tasks.start_soon(self._sweep)
            try:
                yield
            finally:
                self._tasks = None
                with anyio.move_on_after(_GOODBYE, shield=True):
                    await asyncio.gather(*(self._close(key) for key in list(self._live)))
                tasks.cancel_scope.cancel()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request of the 2025 era."""
        session_id = _header(scope, b"mcp-session-id")
        owner = owner_of(scope)
        if session_id is None:
            await self._open(scope, receive, send, owner)
            return
        try:
            record = await self._record(session_id, owner)
        except StoreUnavailableError as error:
            log.debug("session_store_failed", reason=str(error))
            record = self._known_here(session_id, owner)
            if record is None:
                await try_again("Sessions cannot be looked up at the moment. Try again soon: yours goes on.")(
                    scope, receive, send
                )
                return
        if record is None:
            await self._drop(key_of(session_id), owner)
            await session_not_found()(scope, receive, send)
            return
        bind(scope, record.narrowing)
        if scope["method"] == "DELETE":
            await self._end(scope, receive, send, session_id, owner)
        elif scope["method"] == "POST":
            await self._post(scope, receive, send, session_id, owner, record)
        else:
            await self._get(scope, receive, send, session_id, owner, record)

    async def hear(self, word: Word) -> None:
        """Take in what another replica tells."""
        live = self._live.get(word.about)
        if live is None:
            return
        if word.kind == "ended":
            await self._close(word.about)
        elif word.kind == "message" and not live.session.ended:
            await live.session.deliver(word.body)

    async def _open(self, scope: Scope, receive: Receive, send: Send, owner: str) -> None:
        refusal: Response | None
        if scope["method"] != "POST":
            refusal = refused(400, "Missing Mcp-Session-Id. Begin a session with initialize (POST).")
            await refusal(scope, receive, send)
            return
        posted = await read_message(scope, receive)
        record = _first_record(posted, scope)
        if isinstance(record, Response):
            await record(scope, receive, send)
            return
        session_id = new_session_id()
        try:
            denied = await self._store.open(session_id, owner, record.dump())
        except StoreUnavailableError as error:
            log.debug("session_store_failed", reason=str(error))
            await try_again("No session can be opened at the moment. Try again soon.")(scope, receive, send)
            return
        if denied is not None:
            await _too_many(denied)(scope, receive, send)
            return
        live = self._start(session_id, owner, record, opened=False)
        try:
            await live.session.handle(scope, replayed(posted.body, receive), send, posted.request_id)
        finally:
            live.used_at = time.monotonic()
            if not live.session.initialized:
                with anyio.CancelScope(shield=True):
                    await self._forget(session_id, owner)

    async def _post(
        self, scope: Scope, receive: Receive, send: Send, session_id: str, owner: str, record: SessionRecord
    ) -> None:
        posted = await read_message(scope, receive)
        receive = replayed(posted.body, receive)
        if posted.kind != "other":
            await self._serve(scope, receive, send, session_id, owner, record, posted.request_id)
            return
        key = key_of(session_id)
        # An answer to a question, or word of a call, that may be another replica's. All have seen initialize.
        if posted.method != "notifications/initialized":
            try:
                await self._bus.tell(Word("message", key, posted.body))
            except StoreUnavailableError as error:
                log.warning("message_not_passed_on", reason=str(error))
                if key not in self._live:
                    await try_again("This message cannot be passed on at the moment. Try again soon.")(
                        scope, receive, send
                    )
                    return
        if key in self._live:
            await self._serve(scope, receive, send, session_id, owner, record)
        else:
            await Response(status_code=202, headers={"Mcp-Session-Id": session_id})(scope, receive, send)

    async def _get(
        self, scope: Scope, receive: Receive, send: Send, session_id: str, owner: str, record: SessionRecord
    ) -> None:
        last_event_id = _header(scope, b"last-event-id")
        if last_event_id is None or self._resumption is None:
            await self._serve(scope, receive, send, session_id, owner, record)
            return
        await self._resumption.answer(
            scope, receive, send, owner=owner, session=session_id, last_event_id=last_event_id
        )

    async def _end(self, scope: Scope, receive: Receive, send: Send, session_id: str, owner: str) -> None:
        try:
            await self._forget(session_id, owner)
        except StoreUnavailableError as error:
            log.debug("session_store_failed", reason=str(error))
            answer: Response = try_again("The session cannot be ended at the moment. Try again soon.")
        else:
            answer = Response(status_code=200, media_type="application/json")
        await answer(scope, receive, send)

    async def _serve(
        self,
        scope: Scope,
        receive: Receive,
        send: Send,
        session_id: str,
        owner: str,
        record: SessionRecord,
        request_id: str | int | None = None,
    ) -> None:
        live = self._live.get(key_of(session_id))
        if live is None or live.session.ended:
            live = self._start(session_id, owner, record, opened=True)
        try:
            await live.session.handle(scope, receive, send, request_id)
        finally:
            live.used_at = time.monotonic()

    async def _record(self, session_id: str, owner: str) -> SessionRecord | None:
        if len(session_id) > MAX_ID_LENGTH:
            return None
        found = await self._store.touch(session_id, owner)
        return None if found is None else SessionRecord.load(found)

    def _known_here(self, session_id: str, owner: str) -> SessionRecord | None:
        live = self._live.get(key_of(session_id))
        return live.record if live is not None and live.owner == owner else None

    def _start(self, session_id: str, owner: str, record: SessionRecord, *, opened: bool) -> _Live:
        if self._tasks is None:
            raise RuntimeError("The session manager is not running.")
        events = None if self._event_log is None else StreamWriter(self._event_log, owner, session_id)
        session = LiveSession(
            self._server, session_id=session_id, record=record if opened else None, events=events
        )
        live = _Live(session, session_id, owner, record, time.monotonic())
        self._live[key_of(session_id)] = live
        self._tasks.start_soon(session.serve)
        return live

    async def _forget(self, session_id: str, owner: str) -> None:
        """End a session everywhere.

        Raises:
            StoreUnavailableError: It may go on elsewhere.
        """
        await self._store.end(session_id, owner)
        await self._close(key_of(session_id))

    async def _drop(self, key: str, owner: str) -> None:
        """Put away a session that the store does not know any more, or not as this owner's."""
        live = self._live.get(key)
        if live is not None and live.owner == owner:
            await self._close(key)

    async def _close(self, key: str) -> None:
        live = self._live.pop(key, None)
        if live is not None:
            await live.session.close()

    async def _sweep(self) -> None:
        """Put away what is not in use, and keep the records of what is."""
        while True:
            await asyncio.sleep(self._sweep_every)
            await self._keep_used()
            put_away_before = time.monotonic() - self._linger
            unused = sorted(
                (live.used_at, key) for key, live in self._live.items() if not live.session.in_use
            )
            surplus = len(unused) - self._max_live
            for position, (used_at, key) in enumerate(unused):
                live = self._live.get(key)
                if live is None or live.session.in_use:
                    continue
                if position < surplus or used_at < put_away_before or live.session.ended:
                    await self._close(key)

    async def _keep_used(self) -> None:
        """Start the idle time anew of sessions in use without new requests; end those that are gone."""
        for key, live in list(self._live.items()):
            if not live.session.in_use or time.monotonic() - live.used_at < self._sweep_every:
                continue
            try:
                found = await self._store.touch(live.session_id, live.owner)
            except StoreUnavailableError:
                return
            if found is None:
                await self._close(key)
            else:
                live.used_at = time.monotonic()


def _header(scope: Scope, name: bytes) -> str | None:
    return next((value.decode("latin-1") for key, value in scope["headers"] if key == name), None)


def _first_record(posted: Posted, scope: Scope) -> SessionRecord | Response:
    """Return the record of the session that a request opens, or the answer to one that opens none."""
    if posted.method != "initialize" or posted.kind != "request":
        return refused(400, "Missing Mcp-Session-Id. Begin a session with initialize.")
    params = posted.params or {}
    requested = params.get("protocolVersion")
    version = requested if requested in HANDSHAKE_PROTOCOL_VERSIONS else LATEST_HANDSHAKE_VERSION
    try:
        parsed = InitializeRequestParams.model_validate(params, by_name=False)
    except ValidationError:
        # The SDK says what is wrong; nothing is kept.
        return SessionRecord(LATEST_HANDSHAKE_VERSION, {}, chosen(scope))
    kept = parsed.model_dump(mode="json", by_alias=True, exclude_none=True, exclude={"meta"})
    record = SessionRecord(str(version), kept, chosen(scope))
    if len(record.dump()) > MAX_RECORD_BYTES:
        return refused(413, "The client describes itself at too great a length to open a session.")
    return record


def _too_many(refusal: Refusal) -> Response:
    if refusal == "quota":
        return try_again(
            "You have as many sessions open as one caller may (MCP_MAX_SESSIONS_PER_PRINCIPAL)."
            " End one of them (DELETE), or wait until one ends by itself.",
            status=429,
            seconds=_RETRY_SESSION,
        )
    return try_again(
        "This server has as many sessions open as it takes (MCP_MAX_SESSIONS). Please try again later.",
        seconds=_RETRY_SESSION,
    )
