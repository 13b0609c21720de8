"""Counts what is being answered, so that a shutdown can wait for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

_METHOD, _LISTEN = b"mcp-method", b"subscriptions/listen"


def is_listen(scope: Scope) -> bool:
    """Tell whether a request opens a stream of change notifications."""
    for name, value in scope["headers"]:  # noqa: SIM110 - of every request, and a generator takes longer
        if name == _METHOD and value.strip() == _LISTEN:
            return True
    return False


class InFlight:
    """Counts POSTs as calls, but for `subscriptions/listen`, whose answer has no end of its own.

    Attributes:
        calls: Calls in progress.
        others: What else is in progress: streams, probes, pages.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self.calls = 0
        self.others = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
        elif scope["method"] == "POST" and not is_listen(scope):
            self.calls += 1
            try:
                await self._app(scope, receive, send)
            finally:
                self.calls -= 1
        else:
            self.others += 1
            try:
                await self._app(scope, receive, send)
            finally:
                self.others -= 1
