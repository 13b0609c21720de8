"""Ends a GET stream at its greatest age, so that whoever opens it again must still be let in."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send


class StreamAge:
    """Tells the handler of a GET, once its time is over, that the client is gone.

    What the handler leaves unfinished is completed by `FinishStreams` around it, so the client sees a proper
    end and opens the stream again. `subscriptions/listen` ends by itself at the same age, with a result.

    Args:
        app: Serves the stream.
        max_age: Seconds.
    """

    def __init__(self, app: ASGIApp, *, max_age: float) -> None:
        self._app = app
        self._max_age = max_age

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["method"] != "GET":
            await self._app(scope, receive, send)
            return
        end = asyncio.get_running_loop().time() + self._max_age

        async def receive_until_the_end() -> Message:
            try:
                async with asyncio.timeout_at(end):
                    return await receive()
            except TimeoutError:
                return {"type": "http.disconnect"}

        await self._app(scope, receive_until_the_end, send)
