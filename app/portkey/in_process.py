"""Carries requests to an ASGI application in this process, under the rules of the network."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final, TypeAlias

import httpx2

from app.portkey.transport import (
    ConnectFailed,
    ConnectionLost,
    DeadlineExceeded,
    HttpRequest,
    HttpResponse,
    ResponseTooLarge,
)

Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
AsgiApp: TypeAlias = Callable[[Message, Receive, Send], Awaitable[None]]

_BROKEN: Final = "the application in this process broke off before its answer was complete"


class InProcessTransport:
    """Calls an ASGI application instead of opening connections.

    An application that raises, or returns early, looks like a lost connection; one that does not finish runs
    into the deadline and is cancelled.
    """

    def __init__(self, app: AsgiApp) -> None:
        """Take the application; its lifespan is the caller's concern."""
        self._app = app
        self._closed = False

    async def send(self, request: HttpRequest) -> HttpResponse:
        """Make one exchange; see `Transport.send`."""
        if self._closed:
            raise ConnectFailed("the transport is closed")
        call = _Call(self._app, request.max_bytes)
        try:
            async with asyncio.timeout(request.timeout):
                return await _exchange(call, request)
        except TimeoutError as error:
            raise DeadlineExceeded(
                f"no complete answer within {request.timeout:g} s", sent=True, status=call.status
            ) from error

    async def aclose(self) -> None:
        """Refuse further requests."""
        self._closed = True


class _Call:
    """Wraps the application for one exchange: watches its answer and limits its size."""

    def __init__(self, app: AsgiApp, max_bytes: int) -> None:
        self._app = app
        self._max_bytes = max_bytes
        self._size = 0
        self._complete = False
        self.status: int | None = None

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        async def limited(message: Message) -> None:
            if message["type"] == "http.response.start":
                self.status = message["status"]
            else:
                self._size += len(message.get("body", b""))
                self._refuse_excess()
            await send(message)
            self._complete = message["type"] == "http.response.body" and not message.get("more_body", False)

        failure: Exception | None = None
        try:
            await self._app(scope, receive, limited)
        except Exception as error:  # noqa: BLE001 - whatever it raises, the caller sees a broken connection
            failure = error
        self._refuse_excess()
        # Behind a real server a complete answer arrives although the application raises afterwards.
        if not self._complete:
            raise ConnectionLost(_BROKEN, status=self.status) from failure

    def _refuse_excess(self) -> None:
        if self._size > self._max_bytes:
            raise ResponseTooLarge(self._max_bytes, status=self.status)


async def _exchange(call: _Call, request: HttpRequest) -> HttpResponse:
    outgoing = httpx2.Request(
        request.method, request.url, headers=dict(request.headers), content=request.body
    )
    response = await httpx2.ASGITransport(app=call).handle_async_request(outgoing)
    chunks: list[bytes] = []
    size = 0
    try:
        async for chunk in response.aiter_bytes():
            size += len(chunk)
            if size > request.max_bytes:
                raise ResponseTooLarge(request.max_bytes, status=response.status_code)
            chunks.append(chunk)
    except httpx2.DecodingError as error:
        raise ConnectionLost(_BROKEN, status=response.status_code) from error
    headers = {name.lower(): value for name, value in response.headers.items()}
    return HttpResponse(response.status_code, headers, b"".join(chunks))
