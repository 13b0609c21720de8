"""Writes one line for each request, when it ends."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from app.web.access_lines import AccessLines


class AccessLog:
    """Watches the answer, and has its line written.

    Args:
        app: Serves the request.
        lines: Writes.
    """

    def __init__(self, app: ASGIApp, *, lines: AccessLines) -> None:
        self._app = app
        self._lines = lines

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        status: int | None = None
        sent_bytes = 0
        completed = disconnected = False

        async def watch_send(message: Message) -> None:
            nonlocal status, sent_bytes, completed
            await send(message)
            if message["type"] == "http.response.start":
                status = message["status"]
            elif message["type"] == "http.response.body":
                sent_bytes += len(message.get("body", b""))
                completed = not disconnected and not message.get("more_body", False)

        async def watch_receive() -> Message:
            nonlocal disconnected
            message = await receive()
            if message["type"] == "http.disconnect" and not completed:
                disconnected = True
            return message

        try:
            await self._app(scope, watch_receive, watch_send)
        finally:
            outcome = "completed" if completed else "disconnected" if disconnected else "aborted"
            self._lines.write(scope, status, time.perf_counter() - started, sent_bytes, outcome)
