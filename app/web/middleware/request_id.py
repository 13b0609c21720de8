"""Gives each request an id that logs, errors and the answer share."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

import structlog

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

HEADER = b"x-request-id"
_WELL_FORMED = re.compile(rb"[A-Za-z0-9._-]{1,128}")
_RANDOM_BYTES = 16


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
        inbound = [value for name, value in scope["headers"] if name == HEADER]
        request_id = request_id_of(inbound[0] if len(inbound) == 1 else None)
        scope["request_id"] = request_id

        async def echo(message: Message) -> None:
            if message["type"] == "http.response.start":
                add_request_id(message, request_id)
            await send(message)

        tokens = structlog.contextvars.bind_contextvars(request_id=request_id)
        try:
            await self._app(scope, receive, echo)
        finally:
            structlog.contextvars.reset_contextvars(**tokens)


def request_id_of(inbound: bytes | None) -> str:
    """Return the id that the client gave its request, if it is well-formed, or a new one."""
    if inbound is not None and _WELL_FORMED.fullmatch(inbound):
        return inbound.decode("ascii")
    return os.urandom(_RANDOM_BYTES).hex()


def add_request_id(message: Message, request_id: str) -> None:
    """Name the request in the start of its answer."""
    others = [pair for pair in message.get("headers", ()) if pair[0] != HEADER]
    message["headers"] = [*others, (HEADER, request_id.encode("ascii"))]
