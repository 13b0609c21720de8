"""Serves sessions of the 2025 era with the SDK: any process serves any session whose record it can read."""

from __future__ import annotations

import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

import anyio
from mcp_types import InitializeRequestParams
from mcp_types.version import HANDSHAKE_PROTOCOL_VERSIONS, LATEST_HANDSHAKE_VERSION
from pydantic import ValidationError
from starlette.responses import Response

from app.protocol.answers import accepted, refused
from app.protocol.events.writing import StreamWriter
from app.protocol.owner import owner_of
from app.protocol.posted import Posted, read_message, replayed
from app.protocol.selections import bind, chosen
from app.protocol.sessions.here import CANCELLED
from app.protocol.sessions.live import LiveSession
from app.protocol.sessions.store import (
    MAX_RECORD_BYTES,
    SessionRecord,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from anyio.abc import TaskGroup
    from starlette.types import Receive, Scope, Send

    from app.protocol.admin_server import AdminServer
    from app.protocol.events.log import EventLog
    from app.protocol.events.resumption import Resumption
    from app.protocol.sessions.here import SessionHere, SessionsHere

INITIALIZED: Final = "notifications/initialized"


class SessionManager:
    """Opens, serves and ends sessions.

    A session that is in use is live in the SDK from the first request that needs it on, made from its record.

    Args:
        server: The MCP server.
        sessions: The sessions.
        event_log: Where events are kept for resumption; None for no resumption.
        resumption: Answers the clients that resume; given together with the log.
    """

    def __init__(
        self,
        server: AdminServer,
        *,
        sessions: SessionsHere,
        event_log: EventLog | None,
        resumption: Resumption | None,
    ) -> None:
        self._server = server
        self._sessions = sessions
        self._event_log = event_log
        self._resumption = resumption
        self._tasks: TaskGroup | None = None

    @asynccontextmanager
    async def run(self) -> AsyncIterator[None]:
        """Serve within this context; at its end every session is put away."""
        async with anyio.create_task_group() as tasks:
            self._tasks = tasks
            try:
                yield
            finally:
                self._tasks = None
                await self._sessions.close_all()
                tasks.cancel_scope.cancel()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request of the 2025 era."""
        session_id = _header(scope, b"mcp-session-id")
        owner = owner_of(scope)
        if session_id is None:
            await self._open(scope, receive, send, owner)
            return
        here = await self._sessions.find(session_id, owner)
        if isinstance(here, Response):
            await here(scope, receive, send)
            return
        bind(scope, here.record.narrowing)
        if scope["method"] == "DELETE":
            answer = await self._sessions.dismiss(here)
            await answer(scope, receive, send)
        elif scope["method"] == "POST":
            await self._post(scope, receive, send, here)
        else:
            await self._get(scope, receive, send, here)

    async def _open(self, scope: Scope, receive: Receive, send: Send, owner: str) -> None:
        refusal: Response | None
        if scope["method"] != "POST":
            refusal = refused(400, "Missing Mcp-Session-Id. Begin a session with initialize (POST).")
            await refusal(scope, receive, send)
            return
        posted = await read_message(scope, receive)
        record = _first_record(posted, scope)
        here = record if isinstance(record, Response) else await self._sessions.begin(owner, record)
        if isinstance(here, Response):
            await here(scope, receive, send)
            return
        live = self._start(here, opened=False)
        try:
            await live.handle(scope, replayed(posted.body, receive), send, posted.request_id)
        finally:
            here.used_at = time.monotonic()
            if not live.initialized:
                with anyio.CancelScope(shield=True):
                    await self._sessions.end(here)

    async def _post(self, scope: Scope, receive: Receive, send: Send, here: SessionHere) -> None:
        posted = await read_message(scope, receive)
        receive = replayed(posted.body, receive)
        if posted.kind != "other":
            await self._serve(scope, receive, send, here, posted.request_id)
            return
        # An answer to a question, or word of a call, that may be another replica's. All have seen initialize.
        if posted.method != INITIALIZED:
            refusal = await self._sessions.pass_on(here, posted.body)
            if refusal is not None:
                await refusal(scope, receive, send)
                return
        if posted.method == CANCELLED:
            here.cancel((posted.params or {}).get("requestId"))
        if here.live is not None:
            await self._serve(scope, receive, send, here)
        else:
            await accepted(here.session_id)(scope, receive, send)

    async def _get(self, scope: Scope, receive: Receive, send: Send, here: SessionHere) -> None:
        last_event_id = _header(scope, b"last-event-id")
        if last_event_id is not None and self._resumption is not None:
            await self._resumption.answer(
                scope, receive, send, owner=here.owner, session=here.session_id, last_event_id=last_event_id
            )
            return
        await self._serve(scope, receive, send, here)

    async def _serve(
        self,
        scope: Scope,
        receive: Receive,
        send: Send,
        here: SessionHere,
        request_id: str | int | None = None,
    ) -> None:
        live = here.live
        if live is None or live.ended:
            live = self._start(here)
        try:
            await live.handle(scope, receive, send, request_id)
        finally:
            here.used_at = time.monotonic()

    def _start(self, here: SessionHere, *, opened: bool = True) -> LiveSession:
        if self._tasks is None:
            raise RuntimeError("The session manager is not running.")
        events = (
            None if self._event_log is None else StreamWriter(self._event_log, here.owner, here.session_id)
        )
        live = here.live = LiveSession(
            self._server,
            session_id=here.session_id,
            record=here.record if opened else None,
            events=events,
            connected=self._server.connected,
        )
        self._tasks.start_soon(live.serve)
        return live


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
