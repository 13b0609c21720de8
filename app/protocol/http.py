"""MCP at one HTTP path: an ASGI application for what the web room lets through."""

from __future__ import annotations

from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Any, Final

from mcp.server.streamable_http import check_accept_headers
from mcp.server.streamable_http_manager import RequestBodyLimitMiddleware, StreamableHTTPSessionManager
from mcp_types import DEFAULT_NEGOTIATED_VERSION
from mcp_types.version import HANDSHAKE_PROTOCOL_VERSIONS, is_version_at_least
from starlette.requests import ClientDisconnect, Request

from app.protocol.answers import refused
from app.protocol.detached import RESUMABLE_SINCE, DetachedCalls, WithoutSessions
from app.protocol.events.resumption import Resumption
from app.protocol.messages import OneMessage
from app.protocol.owner import owner_of
from app.protocol.posted import read_message, replayed
from app.protocol.sessions.bus import NoBus
from app.protocol.sessions.here import SessionsHere
from app.protocol.sessions.manager import SessionManager
from app.protocol.sessions.memory import MemorySessionStore

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from mcp.server.lowlevel import Server
    from starlette.responses import Response
    from starlette.types import Receive, Scope, Send

    from app.protocol.events.log import EventLog
    from app.protocol.posted import Posted
    from app.protocol.sessions.bus import Bus, Word
    from app.protocol.sessions.store import SessionStore

_JSON: Final = "application/json"


class HttpHandler:
    """Serves both eras at one path. `run` must be entered around its use, once.

    The scope may carry `principal`, `policy` and `request_id`, and `user` (`app.auth.session_owner`): a
    session answers only the one who opened it. With `granted_policy` and `narrowing` in it, a session keeps
    the narrowing of the request that opened it.

    Args:
        server: The MCP server.
        stateless: Whether the 2025 era gets along without sessions. The 2026 era has none.
        sessions: Where the records of sessions are, and their limits; None for this process's memory.
        event_log: Where events are kept for resumption; None for no resumption.
        bus: Reaches the other replicas; None for none.
        idle_timeout: Seconds without any request after which a session ends; None for never.
        max_sessions: Sessions at most, in memory; None for no limit.
        max_body_bytes: Bytes a request body may have; the web room refuses larger ones before, and better.

    Attributes:
        sessions: The sessions of the 2025 era.
        event_log: See above.
    """

    def __init__(
        self,
        server: Server[Any],
        *,
        stateless: bool,
        sessions: SessionStore | None = None,
        event_log: EventLog | None = None,
        bus: Bus | None = None,
        idle_timeout: float | None = 1800.0,
        max_sessions: int | None = 10_000,
        max_body_bytes: int = 4 * 1024 * 1024,
    ) -> None:
        # The SDK's own manager serves what needs neither sessions nor events.
        self._plain = StreamableHTTPSessionManager(
            server, stateless=True, max_request_body_size=max_body_bytes
        )
        self.event_log = event_log
        self._bus = bus or NoBus()
        self._store = sessions or MemorySessionStore(idle_timeout=idle_timeout, max_sessions=max_sessions)
        self.sessions = SessionsHere(self._store, idle_timeout=idle_timeout)
        self._resumption = None if event_log is None else Resumption(event_log, self._bus)
        self._detached = DetachedCalls(server, event_log) if stateless and event_log is not None else None
        self._manager = None
        if not stateless:
            self._manager = SessionManager(
                server,
                sessions=self.sessions,
                bus=self._bus,
                event_log=event_log,
                resumption=self._resumption,
            )
        self._of_2025 = RequestBodyLimitMiddleware(self._serve_2025, max_body_bytes)
        self._post = OneMessage(self._serve, max_bytes=max_body_bytes)

    @property
    def without_sessions(self) -> WithoutSessions | None:
        """What serves the 2025 era where it has no sessions; None where it has."""
        return None if self._manager is not None else WithoutSessions(self.event_log, self._detached)

    @property
    def open_sessions(self) -> int:
        """How many sessions of the 2025 era are open, here and in the processes that share them."""
        return 0 if self._manager is None else self.sessions.open

    @property
    def live_sessions(self) -> int:
        """How many of them this process keeps in mind: those in use, or used a moment ago."""
        return len(self.sessions)

    @asynccontextmanager
    async def run(self) -> AsyncIterator[None]:
        """Serve within this context; at its end streams, session store and event log are closed."""
        async with AsyncExitStack() as stack:
            stack.push_async_callback(self._store.aclose)
            if self.event_log is not None:
                await stack.enter_async_context(self.event_log.run())
            await stack.enter_async_context(self._plain.run())
            if self._detached is not None:
                await stack.enter_async_context(self._detached.run())
            if self._manager is not None:
                await stack.enter_async_context(self.sessions.run())
                await stack.enter_async_context(self._manager.run())
            await stack.enter_async_context(self._bus.listening(self._hear))
            yield

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one HTTP request."""
        request = Request(scope)
        refusal = _refusal(request)
        if refusal is not None:
            await refusal(scope, receive, send)
            return
        await (self._post if scope["method"] == "POST" else self._serve)(scope, receive, send)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        version = Request(scope).headers.get("mcp-protocol-version")
        if version is not None and version not in HANDSHAKE_PROTOCOL_VERSIONS:
            await self._plain.asgi_app(scope, receive, send)
            return
        try:
            await self._of_2025(scope, receive, send)
        except ClientDisconnect:
            # It left before it had sent its request: there is nobody to answer.
            return

    async def _serve_2025(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._manager is not None:
            await self._manager(scope, receive, send)
        elif self._detached is None or self._resumption is None:
            await self._plain.asgi_app(scope, receive, send)
        elif scope["method"] == "POST":
            await self._post_without_session(self._detached, scope, receive, send)
        else:
            await self._get_without_session(self._resumption, scope, receive, send)

    async def _post_without_session(
        self, detached: DetachedCalls, scope: Scope, receive: Receive, send: Send
    ) -> None:
        posted = await read_message(scope, receive)
        version = _version_of(Request(scope), posted)
        if posted.kind == "request" and is_version_at_least(version, RESUMABLE_SINCE):
            await detached.serve(scope, receive, send, posted=posted, owner=owner_of(scope), version=version)
        else:
            await self._plain.asgi_app(scope, replayed(posted.body, receive), send)

    async def _get_without_session(
        self, resumption: Resumption, scope: Scope, receive: Receive, send: Send
    ) -> None:
        last_event_id = Request(scope).headers.get("last-event-id")
        if scope["method"] != "GET" or last_event_id is None:
            refusal = refused(
                405,
                f"Without sessions, {scope['method']} only resumes a stream. Use POST.",
                {"Allow": "POST"},
            )
            await refusal(scope, receive, send)
            return
        await resumption.answer(
            scope, receive, send, owner=owner_of(scope), session="", last_event_id=last_event_id
        )

    async def _hear(self, word: Word) -> None:
        if word.kind == "resumed":
            if self._resumption is not None:
                self._resumption.leave(word.about)
        else:
            await self.sessions.hear(word)


def _version_of(request: Request, posted: Posted) -> str:
    """Return the version that a request without a session speaks, as the SDK finds it."""
    if posted.method == "initialize":
        named = (posted.params or {}).get("protocolVersion")
        return named if named in HANDSHAKE_PROTOCOL_VERSIONS else DEFAULT_NEGOTIATED_VERSION
    return request.headers.get("mcp-protocol-version", DEFAULT_NEGOTIATED_VERSION)


def _refusal(request: Request) -> Response | None:
    """Return the answer to a request that cannot be MCP, where the SDK's own has no body."""
    version = request.headers.get("mcp-protocol-version")
    accepts_json, accepts_events = check_accept_headers(request)
    if request.method == "POST":
        if accepts_json and accepts_events:
            return None
        return refused(406, f"Send Accept: {_JSON}, text/event-stream. The answer may be either.")
    if version is not None and version not in HANDSHAKE_PROTOCOL_VERSIONS:
        return refused(
            405, f"{request.method} is not part of MCP {version[:32]}. Use POST.", {"Allow": "POST"}
        )
    if request.method == "GET" and not accepts_events:
        return refused(406, "Send Accept: text/event-stream. The answer is a stream.")
    return None
