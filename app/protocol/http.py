"""MCP at one HTTP path: an ASGI application for what the web room lets through."""

from __future__ import annotations

from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Final

from mcp.server.streamable_http import check_accept_headers
from mcp.server.streamable_http_manager import RequestBodyLimitMiddleware, StreamableHTTPSessionManager
from mcp_types import DEFAULT_NEGOTIATED_VERSION
from mcp_types.version import is_version_at_least
from starlette.requests import ClientDisconnect, Request

from app.protocol.answers import refused
from app.protocol.detached import DetachedCalls
from app.protocol.messages import OneMessage
from app.protocol.owner import owner_of
from app.protocol.posted import read_message, replayed
from app.protocol.sessions.manager import SessionManager
from app.protocol.vocabulary import HANDSHAKE_VERSIONS, RESUMABLE_SINCE

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.responses import Response
    from starlette.types import Receive, Scope, Send

    from app.protocol.admin_server import AdminServer
    from app.protocol.events.resumption import Resumption
    from app.protocol.posted import Posted
    from app.protocol.stores import Stores

_JSON: Final = "application/json"


class HttpHandler:
    """Serves both eras at one path. `run` must be entered around its use, once, by the task that leaves it.

    The scope may carry `principal`, `policy` and `request_id`, and `user` (`app.auth.session_owner`): a
    session answers only the one who opened it. With `granted_policy` and `narrowing` in it, a session keeps
    the narrowing of the request that opened it.

    Args:
        server: The MCP server.
        stores: Sessions and events of the 2025 era, which gets along without sessions where there are none.
        max_body_bytes: Bytes a request body may have; the web room refuses larger ones before, and better.
    """

    def __init__(self, server: AdminServer, stores: Stores, *, max_body_bytes: int = 4 * 1024 * 1024) -> None:
        # The SDK's own manager serves what needs neither sessions nor events.
        self._plain = StreamableHTTPSessionManager(
            server, stateless=True, max_request_body_size=max_body_bytes
        )
        self._resumption = stores.resumption
        self._detached = None
        if stores.detached is not None and stores.event_log is not None:
            self._detached = DetachedCalls(server, stores.event_log, stores.detached)
        self._manager = None
        if stores.sessions is not None:
            self._manager = SessionManager(
                server,
                sessions=stores.sessions,
                event_log=stores.event_log,
                resumption=stores.resumption,
            )
        self._of_2025 = RequestBodyLimitMiddleware(self._serve_2025, max_body_bytes)
        self._post = OneMessage(self._serve, max_bytes=max_body_bytes)

    @asynccontextmanager
    async def run(self) -> AsyncIterator[None]:
        """Serve within this context, which lies within that of the stores."""
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(self._plain.run())
            if self._detached is not None:
                await stack.enter_async_context(self._detached.run())
            if self._manager is not None:
                await stack.enter_async_context(self._manager.run())
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
        if version is not None and version not in HANDSHAKE_VERSIONS:
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


def _version_of(request: Request, posted: Posted) -> str:
    """Return the version that a request without a session speaks, as the SDK finds it."""
    if posted.method == "initialize":
        named = (posted.params or {}).get("protocolVersion")
        return named if named in HANDSHAKE_VERSIONS else DEFAULT_NEGOTIATED_VERSION
    return request.headers.get("mcp-protocol-version", DEFAULT_NEGOTIATED_VERSION)


def _refusal(request: Request) -> Response | None:
    """Return the answer to a request that cannot be MCP, where the SDK's own has no body."""
    version = request.headers.get("mcp-protocol-version")
    accepts_json, accepts_events = check_accept_headers(request)
    if request.method == "POST":
        if accepts_json and accepts_events:
            return None
        return refused(406, f"Send Accept: {_JSON}, text/event-stream. The answer may be either.")
    if version is not None and version not in HANDSHAKE_VERSIONS:
        return refused(
            405, f"{request.method} is not part of MCP {version[:32]}. Use POST.", {"Allow": "POST"}
        )
    if request.method == "GET" and not accepts_events:
        return refused(406, "Send Accept: text/event-stream. The answer is a stream.")
    return None
