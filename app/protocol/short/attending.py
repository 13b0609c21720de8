"""Looks after the client while a call runs, as the SDK does.

A client that goes away ends its call. One that waits long is sent a stream with pings, so that no proxy in
between takes the connection for dead.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from starlette.types import Receive, Send

_ATTENTION_AFTER: Final = 0.1
"""Seconds before anybody looks whether the client is still there: most calls are over by then."""
_PING_INTERVAL: Final = 15.0

_STREAM_HEADERS: Final = [
    (b"content-type", b"text/event-stream"),
    (b"cache-control", b"no-cache, no-transform"),
    (b"connection", b"keep-alive"),
    (b"x-accel-buffering", b"no"),
]


async def answer(send: Send, body: bytes, status: int = 200) -> None:
    """Send a whole answer."""
    headers = [(b"content-length", b"%d" % len(body)), (b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


class Attendant:
    """Sends a client what some work comes to, unless it goes away before.

    Args:
        receive: Tells when the client is gone; its body has been read.
        send: Reaches the client.
    """

    def __init__(self, receive: Receive, send: Send) -> None:
        self._receive = receive
        self._send = send
        self._gone = False
        self._is_stream = False
        self._sending: asyncio.Lock | None = None
        self._tasks: list[asyncio.Task[None]] = []

    async def serve(self, work: Awaitable[tuple[int, bytes]]) -> None:
        """Do the work in this task and send what it returns: the status, and the JSON of the answer.

        The work is cancelled when the client goes away.
        """
        loop = asyncio.get_running_loop()
        self._own_task = asyncio.current_task()
        attention = loop.call_later(_ATTENTION_AFTER, self._attend)
        try:
            status, body = await work
            await self._stop_pings()
            if not self._is_stream:
                await answer(self._send, body, status)
                return
            event = b"event: message\r\ndata: " + body + b"\r\n\r\n"
            await self._send({"type": "http.response.body", "body": event, "more_body": False})
        except asyncio.CancelledError:
            # Only of its own cancellation may it make nothing.
            if not self._gone or self._own_task is None or self._own_task.uncancel() > 0:
                raise
        finally:
            attention.cancel()
            for task in self._tasks:
                task.cancel()

    def _attend(self) -> None:
        self._sending = asyncio.Lock()
        self._tasks = [asyncio.create_task(self._watch()), asyncio.create_task(self._ping())]

    async def _watch(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        if self._own_task is not None:
            self._gone = True
            self._own_task.cancel()

    async def _ping(self) -> None:
        await asyncio.sleep(_PING_INTERVAL - _ATTENTION_AFTER)
        while self._sending is not None:
            async with self._sending:
                if not self._is_stream:
                    self._is_stream = True
                    await self._send(
                        {"type": "http.response.start", "status": 200, "headers": _STREAM_HEADERS}
                    )
                ping = b": ping\r\n\r\n"
                await self._send({"type": "http.response.body", "body": ping, "more_body": True})
            await asyncio.sleep(_PING_INTERVAL)

    async def _stop_pings(self) -> None:
        """Wait until a ping that is being sent is out, and let no other follow."""
        if self._sending is not None:
            async with self._sending:
                for task in self._tasks[1:]:
                    task.cancel()
