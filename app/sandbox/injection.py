"""Middleware that makes requests meet their faults."""

from __future__ import annotations

from typing import Final

import anyio
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.sandbox.errors import ApiError, invalid
from app.sandbox.faults import Fault, Faults

FAULT_HEADER: Final = "x-sandbox-fault"
FAULT_IN_SCOPE: Final = "sandbox_fault"
CONNECTION_IN_SCOPE: Final = "sandbox_connection"
CONTROL_PREFIX: Final = "/_sandbox/"
MAX_STALL_SECONDS: Final = 600.0


class ConnectionDropped(Exception):
    """The sandbox, running in process, dropped the connection without an answer."""


class FaultInjection:
    """Applies the fault a request names in `x-sandbox-fault`, else the default one."""

    def __init__(self, app: ASGIApp, faults: Faults) -> None:
        self._app = app
        self._faults = faults

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or scope["path"] == "/" or scope["path"].startswith(CONTROL_PREFIX):
            await self._app(scope, receive, send)
            return
        try:
            fault = self._faults.pick(Headers(scope=scope).get(FAULT_HEADER), scope["method"], scope["path"])
        except ValueError as error:
            refusal = invalid([f"{FAULT_HEADER}: {str(error).rstrip('.')}"])
            await refusal.response()(scope, receive, send)
            return
        if fault is None:
            await self._app(scope, receive, send)
            return
        scope[FAULT_IN_SCOPE] = fault.text
        await anyio.sleep(fault.latency)
        await self._act(fault, scope, receive, send)

    async def _act(self, fault: Fault, scope: Scope, receive: Receive, send: Send) -> None:
        match fault.action:
            case None:
                await self._app(scope, receive, send)
            case "status":
                headers = None if fault.retry_after is None else {"retry-after": str(fault.retry_after)}
                error = ApiError(fault.status, f"The sandbox was asked to answer {fault.status}.", headers)
                await error.response()(scope, receive, send)
            case "stall":
                await self._stall(scope, receive, send)
            case _:
                if fault.action == "drop_after":
                    await self._answer(scope, receive)
                await _drop(scope, receive)

    async def _answer(self, scope: Scope, receive: Receive) -> tuple[Message, bytes]:
        start: Message = {}
        body = bytearray()

        async def collect(message: Message) -> None:
            if message["type"] == "http.response.start":
                start.update(message)
            else:
                body.extend(message.get("body", b""))

        await self._app(scope, receive, collect)
        return start, bytes(body)

    async def _stall(self, scope: Scope, receive: Receive, send: Send) -> None:
        start, body = await self._answer(scope, receive)
        del MutableHeaders(scope=start)["content-length"]  # a client that knew an empty body would not wait
        await send(start)
        await send({"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True})
        with anyio.move_on_after(MAX_STALL_SECONDS):
            await _client_gone(receive)


async def _drop(scope: Scope, receive: Receive) -> None:
    connection = scope.get(CONNECTION_IN_SCOPE)
    if connection is None:
        raise ConnectionDropped("The sandbox was asked to drop this connection.")
    connection.close()
    await _client_gone(receive)


async def _client_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
