"""Takes away a request to resume where nothing can be resumed."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send


class DropLastEventId:
    """Removes Last-Event-ID, for use without an event store.

    The MCP SDK (2.3) gives no answer at all to a GET that asks it to resume and cannot; without the header it
    opens a stream, as for any client that begins.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        scope["headers"] = [header for header in scope["headers"] if header[0] != b"last-event-id"]
        await self._app(scope, receive, send)
