"""Ends a GET stream properly when the process stops."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send


class FinishStreams:
    """Completes the answer to a GET that its handler left unfinished.

    sse-starlette only stops writing when it is told to exit, and clients take that for a broken
    connection. A POST is left alone: there, a missing answer is a broken connection.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["method"] != "GET":
            await self._app(scope, receive, send)
            return
        unfinished = False

        async def watch(message: Message) -> None:
            nonlocal unfinished
            unfinished = message["type"] == "http.response.start" or message.get("more_body", False)
            await send(message)

        await self._app(scope, receive, watch)
        if unfinished:
            await send({"type": "http.response.body", "body": b"", "more_body": False})
