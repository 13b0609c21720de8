"""MCP at one HTTP path: an ASGI application for what the web room lets through."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final

from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser, authorization_context
from mcp.server.streamable_http import check_accept_headers
from mcp_types import INVALID_REQUEST, ErrorData, JSONRPCError
from mcp_types.version import HANDSHAKE_PROTOCOL_VERSIONS
from starlette.requests import Request

from app.protocol.messages import OneMessage, error_response
from app.protocol.selections import SessionSelections
from app.protocol.sessions import SessionManager

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from mcp.server.lowlevel import Server
    from starlette.responses import Response
    from starlette.types import Receive, Scope, Send

    from app.protocol.events.log import EventLog

_JSON: Final = "application/json"
_RETRY_INTERVAL_MS: Final = 1000
_RETRY_SESSION: Final = {"Retry-After": "30"}
"""Nobody knows when a session will end; this is often enough to ask."""


class HttpHandler:
    """Serves both eras at one path. `run` must be entered around its use, once.

    The scope may carry `principal`, `policy` and `request_id`, and `user` (`app.auth.session_owner`): a
    session answers only the one who opened it. With `granted_policy` and `narrowing` in it, a session keeps
    the narrowing of the request that opened it. Without an event log, the web room drops Last-Event-ID.

    Args:
        server: The MCP server.
        stateless: Whether the 2025 era gets along without sessions. The 2026 era has none.
        event_log: Where events of sessions are kept for resumption; None for no resumption. Whoever made it
            closes it.
        idle_timeout: Seconds without any request after which a session ends; None for never.
        max_sessions: Sessions at most; one more gets 503. None for no limit.
        max_sessions_per_principal: Sessions of one caller at most; one more gets 429. None for no limit.
        max_body_bytes: Bytes a request body may have; the web room refuses larger ones before, and better.
    """

    def __init__(
        self,
        server: Server[Any],
        *,
        stateless: bool,
        event_log: EventLog | None = None,
        idle_timeout: float | None = 1800.0,
        max_sessions: int | None = 10_000,
        max_sessions_per_principal: int | None = None,
        max_body_bytes: int = 4 * 1024 * 1024,
    ) -> None:
        self._manager = SessionManager(
            server,
            event_log=event_log,
            stateless=stateless,
            idle_timeout=idle_timeout,
            max_sessions=max_sessions,
            max_sessions_per_principal=max_sessions_per_principal,
            retry_interval=_RETRY_INTERVAL_MS,
            max_body_bytes=max_body_bytes,
        )
        self._stateless = stateless
        self._one_message = OneMessage(self._manager.asgi_app, max_bytes=max_body_bytes)
        self._selections = SessionSelections(self._manager.transport_of)

    @property
    def open_sessions(self) -> int:
        """How many sessions of the 2025 era are open in this process."""
        return self._manager.open_sessions

    @asynccontextmanager
    async def run(self) -> AsyncIterator[None]:
        """Serve within this context; at its end all sessions and streams are closed."""
        async with self._manager.run():
            yield

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one HTTP request."""
        request = Request(scope)
        refusal = _refusal(request) or self._no_room(request)
        if refusal is not None:
            await refusal(scope, receive, send)
            return
        serve = self._one_message if scope["method"] == "POST" else self._manager.asgi_app
        await serve(scope, receive, self._selections.bind(scope, send))

    def _no_room(self, request: Request) -> Response | None:
        """Return the answer to who would open a session too many; the SDK would say less."""
        if self._stateless or request.method != "POST" or not _is_handshake(request):
            return None
        if "mcp-session-id" in request.headers:
            return None
        user = request.scope.get("user")
        caller = authorization_context(user) if isinstance(user, AuthenticatedUser) else None
        shortage = self._manager.shortage(caller)
        if shortage is None:
            return None
        if shortage == "share":
            return _error(
                429,
                "You have as many sessions open as one caller may (MCP_MAX_SESSIONS_PER_PRINCIPAL)."
                " End one of them, or wait until one ends by itself.",
                _RETRY_SESSION,
            )
        return _error(
            503,
            "This server has as many sessions open as it takes (MCP_MAX_SESSIONS). Please try again later.",
            _RETRY_SESSION,
        )


def _is_handshake(request: Request) -> bool:
    """Tell whether a request is of the era that has sessions."""
    version = request.headers.get("mcp-protocol-version")
    return version is None or version in HANDSHAKE_PROTOCOL_VERSIONS


def _refusal(request: Request) -> Response | None:
    """Return the answer to a request that cannot be MCP, where the SDK's own has no body."""
    if request.method == "POST":
        if all(check_accept_headers(request)):
            return None
        return _error(406, f"Send Accept: {_JSON}, text/event-stream. The answer may be either.")
    if _is_handshake(request):
        return None
    version = request.headers["mcp-protocol-version"]
    return _error(405, f"{request.method} is not part of MCP {version[:32]}. Use POST.", {"Allow": "POST"})


def _error(status: int, message: str, headers: Mapping[str, str] | None = None) -> Response:
    error = JSONRPCError(jsonrpc="2.0", id=None, error=ErrorData(code=INVALID_REQUEST, message=message))
    return error_response(status, error, headers)
