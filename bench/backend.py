"""A Portkey that answers at once: 2 KB of JSON to whatever it is asked. Prints its port."""

from __future__ import annotations

import asyncio
import sys
from typing import cast

import orjson
import uvloop

SIZE = 2048
HEAD_END = b"\r\n\r\n"


def workspace() -> bytes:
    """One workspace, as Portkey shows it, padded to SIZE bytes."""
    shown = {
        "id": "ws-finance",
        "slug": "finance",
        "name": "Finance",
        "description": "",
        "created_at": "2026-01-05T09:00:00.000Z",
        "last_updated_at": "2026-03-11T15:20:00.000Z",
        "defaults": {"is_default": 0, "metadata": {"team": "finance"}},
        "users": [
            {"id": f"user-{number}", "name": f"Member {number}", "org_role": "member", "role": "member"}
            for number in range(12)
        ],
    }
    shown["description"] = "." * (SIZE - len(orjson.dumps(shown)))
    return orjson.dumps(shown)


BODY = workspace()
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (
    len(BODY),
    BODY,
)


class Responder(asyncio.Protocol):
    """Answers each request of a connection in turn. The benchmark sends GET alone, so a head is a request."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._pending = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is one by its methods alone

    def data_received(self, data: bytes) -> None:
        assert self._transport
        *requests, self._pending = (self._pending + data).split(HEAD_END)
        self._transport.write(ANSWER * len(requests))


async def main() -> None:
    server = await asyncio.get_running_loop().create_server(Responder, "127.0.0.1", 0)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(main())
