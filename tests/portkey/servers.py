"""A server that speaks HTTP byte by byte, so that it can break off wherever a test wants it to."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TypeAlias

from app.portkey.transport import HttpRequest

DEADLINE = 10.0


@dataclass(frozen=True, slots=True)
class Received:
    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(slots=True)
class Connection:
    server: WireServer
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def write(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def wait_for_hang_up(self) -> None:
        async with asyncio.timeout(DEADLINE):
            await self.reader.read()
        self.server.hang_ups.set()


# Answers one request; True keeps the connection for the next one.
Reply: TypeAlias = Callable[[Connection], Awaitable[bool]]


@dataclass(slots=True)
class WireServer:
    replies: list[Reply]
    port: int = 0
    requests: list[Received] = field(default_factory=list)
    connections: int = 0
    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    hang_ups: asyncio.Event = field(default_factory=asyncio.Event)
    idle: asyncio.Event = field(default_factory=asyncio.Event)
    open_writers: set[asyncio.StreamWriter] = field(default_factory=set)

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.open_writers.add(writer)
        self.idle.clear()
        try:
            keep = True
            while keep and (received := await _read_request(reader)) is not None:
                self.requests.append(received)
                self.arrived.set()
                reply = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
                keep = await reply(Connection(self, reader, writer))
        except ConnectionError:
            pass
        finally:
            writer.close()
            self.open_writers.discard(writer)
            if not self.open_writers:
                self.idle.set()

    async def all_closed(self) -> None:
        """Wait until no connection is open."""
        if self.open_writers:
            async with asyncio.timeout(DEADLINE):
                await self.idle.wait()

    def close_connections(self) -> None:
        for writer in self.open_writers:
            writer.close()


@asynccontextmanager
async def wire_server(*replies: Reply, tls: ssl.SSLContext | None = None) -> AsyncIterator[WireServer]:
    """Serve the replies in order; the last one answers all further requests."""
    wire = WireServer(list(replies))
    listener = await asyncio.start_server(wire.handle, "127.0.0.1", 0, ssl=tls)
    wire.port = listener.sockets[0].getsockname()[1]
    try:
        yield wire
    finally:
        listener.close()
        wire.close_connections()
        await wire.all_closed()


async def _read_request(reader: asyncio.StreamReader) -> Received | None:
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    except asyncio.IncompleteReadError:
        return None
    request_line, *lines = head.strip().split("\r\n")
    method, target, _ = request_line.split(" ", 2)
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Received(method, target, headers, body)


def answer(status: int = 200, body: bytes = b'{"ok":true}', **headers: str) -> Reply:
    """A complete response; underscores in header names become hyphens."""

    async def reply(connection: Connection) -> bool:
        lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
        head = f"HTTP/1.1 {status} X\r\n{lines}content-length: {len(body)}\r\n\r\n"
        await connection.write(head.encode("latin-1") + body)
        return True

    return reply


def raw(data: bytes, *, then_hang: bool = False) -> Reply:
    """These bytes, then the end of the connection, or silence until the client hangs up."""

    async def reply(connection: Connection) -> bool:
        await connection.write(data)
        if then_hang:
            await connection.wait_for_hang_up()
        return False

    return reply


def drop() -> Reply:
    """The request is read and the connection closed without a word."""
    return raw(b"")


def request(
    url: str,
    method: str = "GET",
    body: bytes | None = None,
    timeout: float = DEADLINE,
    max_bytes: int = 100_000,
    headers: Mapping[str, str] | None = None,
) -> HttpRequest:
    return HttpRequest(method, url, headers or {}, body, timeout, max_bytes)
