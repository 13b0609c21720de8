"""Takes the optional white space off header values (RFC 9110, section 5.5)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

_OWS = b" \t"


class StripOws:
    """Httptools leaves blanks at the end of a value; everything behind this compares values exactly."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] == "http":
            scope["headers"] = [(name, value.strip(_OWS)) for name, value in scope["headers"]]
        await self._app(scope, receive, send)
