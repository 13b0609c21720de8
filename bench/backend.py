"""A Portkey that gives the same JSON whatever it is asked, at once or after a while. Prints its port."""

from __future__ import annotations

import argparse
import asyncio
import sys
from typing import cast

import orjson
import uvloop

HEAD_END = b"\r\n\r\n"


def workspace(size: int) -> bytes:
    """One workspace, as Portkey shows it, padded to a size in bytes; without padding it has about 1 KB."""
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
    shown["description"] = "." * (size - len(orjson.dumps(shown)))
    return orjson.dumps(shown)


def response(body: bytes) -> bytes:
    """A whole HTTP response."""
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
    return head % len(body) + body


class Responder(asyncio.Protocol):
    """Answers each request of a connection in turn. The benchmark sends GET alone, so a head is a request."""

    def __init__(self, answer: bytes, delay: float) -> None:
        self._answer = answer
        self._delay = delay
        self._transport: asyncio.Transport | None = None
        self._pending = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is one by its methods alone

    def data_received(self, data: bytes) -> None:
        assert self._transport
        *requests, self._pending = (self._pending + data).split(HEAD_END)
        answers = self._answer * len(requests)
        if self._delay:
            asyncio.get_running_loop().call_later(self._delay, self._transport.write, answers)
        else:
            self._transport.write(answers)


async def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.backend", description=__doc__)
    parser.add_argument("--delay-ms", type=int, default=0, help="time before each answer (default 0)")
    parser.add_argument("--size", type=int, default=2048, help="bytes of each answer (default 2048)")
    options = parser.parse_args()
    answer, delay = response(workspace(options.size)), options.delay_ms / 1000
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Responder(answer, delay), "127.0.0.1", 0)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(main())
