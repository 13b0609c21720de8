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

STREAM_HEADERS: Final = [
    (b"cache-control", b"no-cache, no-transform"),
    (b"connection", b"keep-alive"),
    (b"content-type", b"text/event-stream"),
    (b"x-accel-buffering", b"no"),
]


def event(message: bytes, event_id: str = "") -> bytes:
    """Return a message as an event of a stream."""
    name = b"id: " + event_id.encode() + b"\r\n" if event_id else b""
    return name + b"event: message\r\ndata: " + message + b"\r\n\r\n"


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
            # What begins now would come on top of the answer.
            attention.cancel()
            await self._stop_pings()
            await self._finish(status, body)
        except asyncio.CancelledError:
            # Only of its own cancellation may it make nothing.
            if not self._gone or self._own_task is None or self._own_task.uncancel() > 0:
                raise
        finally:
            attention.cancel()
            for task in self._tasks:
                task.cancel()
            self._over()

    async def _finish(self, status: int, body: bytes) -> None:
        if not self._is_stream:
            await answer(self._send, body, status)
            return
        await self._send({"type": "http.response.body", "body": event(body), "more_body": False})

    async def _begin(self) -> None:
        """Send what may be sent before the work is done; called once, after a moment."""

    def _goes_on(self) -> bool:
        """Tell whether the work goes on although the client is gone."""
        return False

    def _over(self) -> None:
        """Let go of what was held for the work."""

    async def _start_stream(self) -> None:
        await self._send({"type": "http.response.start", "status": 200, "headers": STREAM_HEADERS})
        self._is_stream = True

    def _attend(self) -> None:
        self._sending = self._sending or asyncio.Lock()
        self._tasks = [asyncio.create_task(self._watch()), asyncio.create_task(self._ping())]

    async def _watch(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        if not self._goes_on():
            self._abandon()

    def _abandon(self) -> None:
        if self._own_task is not None:
            self._gone = True
            self._own_task.cancel()

    async def _ping(self) -> None:
        if self._sending is None:
            return
        async with self._sending:
            if not self._is_stream:
                await self._begin()
        await asyncio.sleep(_PING_INTERVAL - _ATTENTION_AFTER)
        while True:
            async with self._sending:
                if not self._is_stream:
                    await self._start_stream()
                ping = b": ping\r\n\r\n"
                await self._send({"type": "http.response.body", "body": ping, "more_body": True})
            await asyncio.sleep(_PING_INTERVAL)

    async def _stop_pings(self) -> None:
        """Wait until a ping that is being sent is out, and let no other follow."""
        if self._sending is not None:
            async with self._sending:
                for task in self._tasks[1:]:
                    task.cancel()
