"""Answers 405 for the methods that /mcp lacks in this session mode."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.web.errors import error_response

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from app.web.options import SessionMode

_METHODS: dict[SessionMode, tuple[str, ...]] = {
    "stateful": ("GET", "POST", "DELETE"),
    # Without sessions a GET stream would stay open and never carry anything, and there is nothing to DELETE.
    "stateless": ("POST",),
}


class McpMethods:
    """Lets only the methods through that mean something.

    Without sessions, GET only resumes a stream, where events are kept.
    """

    def __init__(self, app: ASGIApp, *, session_mode: SessionMode, resumable: bool) -> None:
        self._app = app
        self._methods = _METHODS[session_mode]
        self._allow = ", ".join(self._methods)
        self._resumable = resumable

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        resumes = self._resumable and scope["method"] == "GET" and _resumes(scope)
        if resumes or scope["method"] in self._methods:
            await self._app(scope, receive, send)
            return
        response = error_response(
            scope,
            405,
            "method_not_allowed",
            f"The MCP endpoint of this server takes {self._allow}.",
            headers={"Allow": self._allow},
        )
        await response(scope, receive, send)


def _resumes(scope: Scope) -> bool:
    return any(name == b"last-event-id" for name, _ in scope["headers"])
