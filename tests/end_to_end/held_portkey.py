"""A Portkey that answers when the test says so, and notices when the service hangs up on it."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

ARRIVES_WITHIN = 20.0


@dataclass
class Exchange:
    """One request that the service sent."""

    method: str
    path: str
    hung_up_at: float | None = None
    _over: asyncio.Event = field(default_factory=asyncio.Event)
    _answer: asyncio.Future[bytes] = field(default_factory=lambda: asyncio.get_running_loop().create_future())

    def answer(self, data: object) -> None:
        self.answer_bytes(json.dumps(data).encode())

    def answer_bytes(self, body: bytes) -> None:
        self._answer.set_result(body)

    async def hung_up(self, within: float) -> float:
        """Wait until the service closes the connection; when it did, on the monotonic clock.

        Raises:
            TimeoutError: It did not.
        """
        async with asyncio.timeout(within):
            await self._over.wait()
        assert self.hung_up_at is not None, "It was answered before the service hung up."
        return self.hung_up_at


@dataclass
class HeldPortkey:
    """What the tests see of it: the requests, as they arrive."""

    _arrived: asyncio.Queue[Exchange] = field(default_factory=asyncio.Queue)

    async def next_exchange(self) -> Exchange:
        async with asyncio.timeout(ARRIVES_WITHIN):
            return await self._arrived.get()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await _read_request(reader):
                method, path, _ = head.split(" ", 2)
                exchange = Exchange(method, path)
                self._arrived.put_nowait(exchange)
                if not await _answered(exchange, reader, writer):
                    break
        finally:
            writer.close()


@asynccontextmanager
async def held_portkey(port: int) -> AsyncIterator[HeldPortkey]:
    portkey = HeldPortkey()
    server = await asyncio.start_server(portkey._serve, "127.0.0.1", port)
    try:
        yield portkey
    finally:
        server.close()


async def _read_request(reader: asyncio.StreamReader) -> str | None:
    """Read one request with its body; its first line, or None when the connection ended."""
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
    lines = head.split("\r\n")
    for line in lines[1:]:
        name, _, value = line.partition(":")
        if name.lower() == "content-length":
            await reader.readexactly(int(value))
    return lines[0]


async def _answered(exchange: Exchange, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
    """Wait for the test's answer and send it, or for the service to hang up, whichever comes first."""
    hang_up = asyncio.ensure_future(reader.read(1))
    try:
        await asyncio.wait((hang_up, exchange._answer), return_when=asyncio.FIRST_COMPLETED)
        if hang_up.done():
            exchange.hung_up_at = time.monotonic()
            return False
        body = exchange._answer.result()
    finally:
        hang_up.cancel()
        exchange._over.set()
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n")
    writer.write(b"Content-Length: %d\r\nConnection: close\r\n\r\n%b" % (len(body), body))
    await writer.drain()
    return False
