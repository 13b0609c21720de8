"""Bytes as they come off a socket, given to the server's own protocol without one."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import uvicorn
from starlette.applications import Starlette
from uvicorn.server import ServerState

from app.web.http_protocol import BoundedHttpProtocol

_STATUS = re.compile(rb"^HTTP/1\.1 (\d{3}) ", re.MULTILINE)
_DEADLINE = 20.0
_ROUNDS = 20
NOTHING = 0
"""Stands for the status where a request was not complete, so that there was nothing to answer."""


@dataclass(frozen=True, slots=True)
class Wire:
    """What a client sends, in the parts in which it arrives."""

    parts: list[bytes]


class _Transport(asyncio.Transport):
    def __init__(self) -> None:
        super().__init__({"peername": ("127.0.0.1", 4711), "sockname": ("127.0.0.1", 3000)})
        self.written = b""
        self._closing = False

    def write(self, data: Any) -> None:
        self.written += bytes(data)

    def close(self) -> None:
        self._closing = True

    def abort(self) -> None:
        self._closing = True

    def is_closing(self) -> bool:
        return self._closing

    def can_write_eof(self) -> bool:
        return False

    def pause_reading(self) -> None:
        pass

    def resume_reading(self) -> None:
        pass


@lru_cache(maxsize=1)
def _config(application: Starlette) -> uvicorn.Config:
    config = uvicorn.Config(application, log_config=None, lifespan="off", ws="none", proxy_headers=False)
    config.load()
    return config


async def converse(application: Starlette, given: Wire) -> int:
    """Send the parts, hang up when nothing more happens, and return the first status.

    Raises:
        AssertionError: An answer was 5xx, or a request went on after its client had left.
    """
    state = ServerState()
    loop = asyncio.get_running_loop()
    protocol = BoundedHttpProtocol(config=_config(application), server_state=state, app_state={}, _loop=loop)
    transport = _Transport()
    protocol.connection_made(transport)
    for part in given.parts:
        if not transport.is_closing():
            protocol.data_received(part)
        await asyncio.sleep(0)
    for _ in range(_ROUNDS):
        if transport.is_closing():
            break
        await asyncio.sleep(0)
    protocol.connection_lost(None)
    if state.tasks:
        async with asyncio.timeout(_DEADLINE):
            await asyncio.wait(set(state.tasks))
    statuses = [int(status) for status in _STATUS.findall(transport.written)]
    assert all(status < 500 for status in statuses), transport.written
    assert statuses or not transport.written, transport.written
    return statuses[0] if statuses else NOTHING
