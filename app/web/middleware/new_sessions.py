"""Opens no session that would end with this process."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from app.web.errors import error_response

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import ASGIApp, Receive, Scope, Send

_OF_A_SESSION: Final = b"mcp-session-id"
_OF_2026: Final = b"mcp-method"
"""MCP 2026-07-28, which has no sessions, names the method in each request."""


class NewSessions:
    """Answers 503 to a request for a session once the process stops. For sessions that only it knows.

    Args:
        app: Serves the requests.
        stopping: Tells whether the process stops.
    """

    def __init__(self, app: ASGIApp, *, stopping: Callable[[], bool]) -> None:
        self._app = app
        self._stopping = stopping

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if not self._stopping() or scope["method"] != "POST" or _names_one_or_needs_none(scope):
            await self._app(scope, receive, send)
            return
        response = error_response(
            scope,
            503,
            "stopping",
            "This server is stopping and opens no more sessions. Please try again in a moment.",
            headers={"Retry-After": "1"},
        )
        await response(scope, receive, send)


def _names_one_or_needs_none(scope: Scope) -> bool:
    return any(name in (_OF_A_SESSION, _OF_2026) for name, _ in scope["headers"])
