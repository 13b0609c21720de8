"""Lets go of the connections of a process that stops."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.datastructures import MutableHeaders

from app.web.middleware.in_flight import is_listen

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

_STREAM = "text/event-stream"


class LastAnswers:
    """Says in each answer, once the process stops, that it is the last on its connection.

    Clients and balancers then send the next request elsewhere, instead of into a connection that closes. A
    stream without an end of its own says it always: it ends with the process or at its greatest age, and
    nothing is to follow it.

    Args:
        app: Serves the requests.
        stopping: Tells whether the process stops.
    """

    def __init__(self, app: ASGIApp, *, stopping: Callable[[], bool]) -> None:
        self._app = app
        self._stopping = stopping

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        may_be_endless = scope["method"] == "GET" or is_listen(scope)

        async def mark(message: Message) -> None:
            if message["type"] == "http.response.start" and (may_be_endless or self._stopping()):
                headers = MutableHeaders(scope=message)
                is_stream = headers.get("content-type", "").startswith(_STREAM)
                if self._stopping() or is_stream:
                    headers["connection"] = "close"
            await send(message)

        await self._app(scope, receive, mark)
