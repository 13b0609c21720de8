"""Bounds what a request may send, in bytes, in time and in depth."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from starlette.requests import ClientDisconnect

from app.web.errors import error_response
from app.web.json_depth import json_refusal

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

WHOLE_BODY: Final = "whole_body"
"""The ASGI extension that says: the first `receive` returns all of the body, and at once."""
_LENGTH = b"content-length"
_MAX_LENGTH_DIGITS = 18


class _TooLargeError(Exception):
    pass


class BodyLimit:
    """Reads the whole body first, then serves the request with it.

    Answers 413 for a body over `max_bytes`, declared or not: bytes are counted as they come, so a wrong
    Content-Length gains nothing. Answers 408 for one that takes longer than `timeout` seconds, and 400 for
    one that `json_refusal` refuses. Holds at most `max_bytes` and one chunk.
    """

    def __init__(self, app: ASGIApp, *, max_bytes: int, timeout: float) -> None:
        self._app = app
        self._max_bytes = max_bytes
        self._timeout = timeout

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        try:
            self._check_declared(scope)
            if WHOLE_BODY in scope.get("extensions", ()):
                # There is nothing to wait for, and a deadline takes longer than the rest of this.
                body = await self._read(receive)
            else:
                async with asyncio.timeout(self._timeout):
                    body = await self._read(receive)
        except ClientDisconnect:
            return
        except _TooLargeError:
            refusal = error_response(
                scope,
                413,
                "payload_too_large",
                f"The body is larger than {self._max_bytes} bytes, the limit here (MCP_MAX_REQUEST_SIZE).",
            )
            await refusal(scope, receive, send)
            return
        except TimeoutError:
            refusal = error_response(
                scope,
                408,
                "request_timeout",
                f"The body did not arrive within {self._timeout:g} seconds.",
                headers={"Connection": "close"},
            )
            await refusal(scope, receive, send)
            return
        refused = json_refusal(body)
        if refused is not None:
            await error_response(scope, 400, *refused)(scope, receive, send)
            return
        first: Message | None = {"type": "http.request", "body": body, "more_body": False}

        async def replay() -> Message:
            nonlocal first
            if first is None:
                return await receive()
            message, first = first, None
            return message

        await self._app(scope, replay, send)

    def _check_declared(self, scope: Scope) -> None:
        length = next((value for name, value in scope["headers"] if name == _LENGTH), b"")
        if length.isdigit() and (len(length) > _MAX_LENGTH_DIGITS or int(length) > self._max_bytes):
            raise _TooLargeError

    async def _read(self, receive: Receive) -> bytes:
        chunks: list[bytes] = []
        size = 0
        more = True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise ClientDisconnect
            chunk: bytes = message.get("body", b"")
            size += len(chunk)
            if size > self._max_bytes:
                raise _TooLargeError
            chunks.append(chunk)
            more = message.get("more_body", False)
        return chunks[0] if len(chunks) == 1 else b"".join(chunks)
