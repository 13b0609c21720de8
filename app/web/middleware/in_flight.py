"""Counts the calls that are being answered, so that a shutdown can wait for them."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

_LISTEN = (b"mcp-method", b"subscriptions/listen")


class InFlight:
    """Counts POSTs, except `subscriptions/listen`, whose answer is a stream without an end of its own.

    Attributes:
        count: Calls in progress.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self.count = 0
        self._idle = asyncio.Event()
        self._idle.set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or scope["method"] != "POST" or self._is_stream(scope):
            await self._app(scope, receive, send)
            return
        self.count += 1
        self._idle.clear()
        try:
            await self._app(scope, receive, send)
        finally:
            self.count -= 1
            if not self.count:
                self._idle.set()

    async def idle(self) -> None:
        """Wait until no call is in progress."""
        await self._idle.wait()

    def _is_stream(self, scope: Scope) -> bool:
        return any((name, value.strip()) == _LISTEN for name, value in scope["headers"])
