"""HTTP by hand: any bytes go out, and what comes back is taken apart strictly."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

DEADLINE = 5.0
"""Seconds in which every answer, and every end of a connection, must come."""
_BODILESS = frozenset({204, 304})


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer; header names in lower case."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def all(self, name: str) -> list[str]:
        return [value for known, value in self.headers if known == name]

    def header(self, name: str) -> str | None:
        values = self.all(name)
        assert len(values) <= 1, f"{name} stands {len(values)} times in the answer"
        return values[0] if values else None

    @property
    def closes(self) -> bool:
        return (self.header("connection") or "").lower() == "close"

    def json(self) -> Any:
        """The body; of a stream of events, what the last one carries."""
        if (self.header("content-type") or "").startswith("text/event-stream"):
            data = [line for line in self.body.splitlines() if line.startswith(b"data:") and line[5:].strip()]
            return json.loads(data[-1].removeprefix(b"data:"))
        assert self.header("content-type") == "application/json", self.headers
        return json.loads(self.body)


class Connection:
    """One connection to a service. Each wait has the deadline."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def send(self, data: bytes) -> None:
        """Send; a peer that has hung up already is found out by reading."""
        try:
            self._writer.write(data)
            async with asyncio.timeout(DEADLINE):
                await self._writer.drain()
        except ConnectionError:
            pass

    async def answer(self, *, to: bytes = b"GET") -> Answer:
        """Read one whole answer to a request of this method, interim answers (1xx) left out.

        Raises:
            EOFError: The connection ends before, or in the middle of it.
            TimeoutError: The deadline passes.
        """
        async with asyncio.timeout(DEADLINE):
            while True:
                status, headers = await self._head()
                if status >= 200:
                    break
            answer = Answer(status, headers, b"")
            return Answer(status, headers, b"" if to == b"HEAD" else await self._body(answer))

    async def rest(self) -> bytes:
        """Return what comes until the service ends the connection."""
        try:
            async with asyncio.timeout(DEADLINE):
                return await self._reader.read()
        except ConnectionError:
            return b""

    async def _head(self) -> tuple[int, tuple[tuple[str, str], ...]]:
        head = (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1").removesuffix("\r\n\r\n")
        first, *lines = head.split("\r\n")
        version, status, _phrase = first.split(" ", 2)
        assert version == "HTTP/1.1", first
        pairs = (line.split(":", 1) for line in lines)
        return int(status), tuple((name.lower(), value.strip()) for name, value in pairs)

    async def _body(self, answer: Answer) -> bytes:
        if answer.status in _BODILESS:
            return b""
        length = answer.header("content-length")
        if length is not None:
            return await self._reader.readexactly(int(length))
        assert answer.header("transfer-encoding") == "chunked", answer.headers
        body = b""
        while size := int(await self._reader.readline(), 16):
            body += await self._reader.readexactly(size)
            assert await self._reader.readline() == b"\r\n"
        assert await self._reader.readline() == b"\r\n"
        return body


@asynccontextmanager
async def connected(port: int) -> AsyncIterator[Connection]:
    """Connect to a service on loopback for the time of the block."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield Connection(reader, writer)
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()
