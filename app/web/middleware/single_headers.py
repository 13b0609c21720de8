"""Answers 400 for two headers of a kind of which one may stand in a request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from app.web.errors import error_response

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

_SINGLE: Final = {
    b"mcp-session-id": "Mcp-Session-Id",
    b"mcp-protocol-version": "MCP-Protocol-Version",
    b"mcp-method": "Mcp-Method",
    b"mcp-name": "Mcp-Name",
    b"last-event-id": "Last-Event-ID",
}


class SingleHeaders:
    """Lets no request through that a limit and the MCP server, or a gateway in front, may read differently.

    One of them would look at the first header, and another at the last.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        seen: set[bytes] = set()
        for name, _ in scope["headers"]:
            if name in seen:
                message = f"There is more than one {_SINGLE[name]} header. Send exactly one."
                await error_response(scope, 400, "bad_request", message)(scope, receive, send)
                return
            if name in _SINGLE:
                seen.add(name)
        await self._app(scope, receive, send)
