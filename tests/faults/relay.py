"""A stretch of network between two parts that can be cut."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress


class Relay:
    """Passes bytes on to a port of this machine. Cut, it breaks connections off and accepts none."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._whole = asyncio.Event()
        self._whole.set()
        self._accepts = True
        self._flows: set[asyncio.Task[None]] = set()
        self._writers: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None
        self.port = 0

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Relay]:
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            self._server.close()
            self._break_off()
            await asyncio.gather(*self._flows, return_exceptions=True)

    async def cut(self, seconds: float) -> None:
        """Break every connection off, and every new one, for a while."""
        self._accepts = False
        self._break_off()
        try:
            await asyncio.sleep(seconds)
        finally:
            self._accepts = True

    async def hold(self, seconds: float) -> None:
        """Lose every packet for a while: connections stay, and nothing comes through."""
        self._whole.clear()
        try:
            await asyncio.sleep(seconds)
        finally:
            self._whole.set()

    def _break_off(self) -> None:
        for writer in self._writers:
            with suppress(RuntimeError):
                writer.transport.abort()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not self._accepts:
            writer.transport.abort()
            return
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._target)
        except OSError:
            writer.transport.abort()
            return
        self._writers |= {writer, far_writer}
        flows = [
            asyncio.create_task(self._flow(reader, far_writer)),
            asyncio.create_task(self._flow(far_reader, writer)),
        ]
        self._flows |= set(flows)
        try:
            await asyncio.wait(flows)
        finally:
            for flow in flows:
                flow.cancel()
            self._flows -= set(flows)
            self._writers -= {writer, far_writer}
            writer.transport.abort()
            far_writer.transport.abort()

    async def _flow(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while data := await reader.read(65536):
                await self._whole.wait()
                writer.write(data)
                await writer.drain()
            writer.write_eof()
