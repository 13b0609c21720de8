"""Gives each request an id that logs, errors and the answer share."""

from __future__ import annotations

import re
import uuid
from typing import TYPE_CHECKING

import structlog

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

_HEADER = b"x-request-id"
_WELL_FORMED = re.compile(rb"[A-Za-z0-9._-]{1,128}")


class RequestId:
    """Keeps a well-formed inbound X-Request-Id, makes one up otherwise, and echoes it.

    Puts it in scope["request_id"] and in structlog's context for the time of the request.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        inbound = [value for name, value in scope["headers"] if name == _HEADER]
        if len(inbound) == 1 and _WELL_FORMED.fullmatch(inbound[0]):
            request_id = inbound[0].decode("ascii")
        else:
            request_id = uuid.uuid4().hex
        scope["request_id"] = request_id

        async def echo(message: Message) -> None:
            if message["type"] == "http.response.start":
                others = [pair for pair in message.get("headers", ()) if pair[0] != _HEADER]
                message["headers"] = [*others, (_HEADER, request_id.encode("ascii"))]
            await send(message)

        tokens = structlog.contextvars.bind_contextvars(request_id=request_id)
        try:
            await self._app(scope, receive, echo)
        finally:
            structlog.contextvars.reset_contextvars(**tokens)
