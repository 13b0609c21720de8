"""Ends a GET stream properly when the process stops."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Final

from starlette.datastructures import Headers

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

_RETRY_MS: Final = (500, 2000)
"""When clients come back, apart from each other: all streams of a process end at the same moment."""


class FinishStreams:
    """Completes the answer to a GET that its handler left unfinished, and says when to come back.

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
        unfinished = is_stream = False

        async def watch(message: Message) -> None:
            nonlocal unfinished, is_stream
            if message["type"] == "http.response.start":
                unfinished = True
                is_stream = Headers(scope=message).get("content-type", "").startswith("text/event-stream")
            else:
                unfinished = message.get("more_body", False)
            await send(message)

        await self._app(scope, receive, watch)
        if unfinished:
            last = b"retry: %d\r\n\r\n" % random.randint(*_RETRY_MS) if is_stream else b""  # noqa: S311 - no secret
            await send({"type": "http.response.body", "body": last, "more_body": False})
