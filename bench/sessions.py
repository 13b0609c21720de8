"""`python -m bench.sessions`: what a session costs that nobody uses, and an event that waits for its client.

Memory is that of the whole process, from the kernel, in a process of its own for each line.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import multiprocessing
import os
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import httpx2
import orjson
import uvicorn

from app.protocol.events.log import Event, Stream
from app.protocol.events.memory import OVERHEAD, MemoryEventLog
from app.protocol.sessions.here import SessionsHere
from app.service import Service, read_settings
from app.telemetry.logging import configure_logging
from bench import accounts

SESSIONS = 2_000
EVENTS = 20_000
LINGER = 10.0
MESSAGE = b'{"jsonrpc":"2.0","method":"notifications/progress","params":{"progress":1,"progressToken":"p"}}'
HEADERS = {"Accept": "application/json, text/event-stream"}
INITIALIZE = {
    "protocolVersion": "2025-11-25",
    "capabilities": {},
    "clientInfo": {"name": "bench", "version": "0"},
}


def resident() -> int:
    """The memory of this process in bytes, without what is garbage."""
    gc.collect()
    return accounts.resident(os.getpid()) or 0


@contextlib.asynccontextmanager
async def serving(settings: dict[str, str]) -> AsyncIterator[tuple[httpx2.AsyncClient, Any]]:
    """The service in this process, on a socket."""
    service = Service(read_settings(settings))
    application, _ = service.application()
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(application, lifespan="on", log_level="error", log_config=None))
    task = asyncio.create_task(server.serve([listener]))
    while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
        await asyncio.sleep(0.01)
    url = f"http://127.0.0.1:{listener.getsockname()[1]}/mcp"
    async with httpx2.AsyncClient(base_url=url, headers=HEADERS) as client:
        yield client, service
    server.should_exit = True
    await task


async def open_sessions(client: httpx2.AsyncClient, count: int) -> int:
    """Open sessions and leave them; return how many were refused."""
    refused = 0
    body = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": INITIALIZE}
    for _ in range(count):
        answer = await client.post("", json=body)
        refused += answer.status_code != 200  # noqa: PLR2004
    return refused


async def idle_sessions(say: Callable[[str], None]) -> None:
    settings = {
        "MCP_SESSION_MODE": "stateful",
        "MCP_MAX_SESSIONS": str(SESSIONS),
        "RATE_LIMIT_ENABLED": "false",
    }
    assert SessionsHere.__init__.__kwdefaults__
    # Not a minute: this is a benchmark of what is left, not of when.
    SessionsHere.__init__.__kwdefaults__["linger"] = LINGER
    async with serving(settings) as (client, _):
        await open_sessions(client, 200)
        before = resident()
        refused = await open_sessions(client, SESSIONS)
        opened = SESSIONS - 200
        say(f"one over the limit   {refused} of {SESSIONS} refused")
        used = resident() - before
        say(f"sessions just used   {used / opened / 1024:7.1f} KiB each")
        await asyncio.sleep(2 * LINGER)
        left = resident() - before
        say(f"idle sessions        {left / opened / 1024:7.1f} KiB each, with what the allocator keeps")


async def idle_records(say: Callable[[str], None]) -> None:
    from app.protocol.sessions.memory import MemorySessionStore  # noqa: PLC0415
    from app.protocol.sessions.store import SessionRecord, new_session_id  # noqa: PLC0415

    store = MemorySessionStore(max_sessions=None)
    record = SessionRecord("2025-11-25", INITIALIZE)
    before = resident()
    for _ in range(SESSIONS * 4):
        await store.open(new_session_id(), "a" * 65, record.dump())
    say(f"session records      {(resident() - before) / (SESSIONS * 4) / 1024:7.2f} KiB each")


async def kept_events(say: Callable[[str], None]) -> None:
    log = MemoryEventLog(max_events=EVENTS, max_bytes=2**30)
    before = resident()
    for _ in range(EVENTS // 4):
        stream = Stream.new("o" * 65, "s" * 32)
        for number in range(1, 5):
            await log.append(stream, Event(number, bytes(MESSAGE), writer=log.writer, request_id=1))
    each = (resident() - before) / EVENTS
    say(f"kept events          {each:7.0f} bytes each, counted as {len(MESSAGE) + OVERHEAD}")
    for number in range(EVENTS * 2):
        await log.append(Stream.new("o", "s"), Event(1, MESSAGE))
        assert log.count <= EVENTS, number
    say(f"events over bounds   {log.count} kept of {EVENTS * 3}")


async def never_read(say: Callable[[str], None]) -> None:
    settings = {
        "MCP_SESSION_MODE": "stateful",
        "MCP_EVENT_STORE": "memory",
        "MCP_EVENT_STORE_MAX_BYTES": "16mb",
        "RATE_LIMIT_ENABLED": "false",
    }
    async with serving(settings) as (client, _):
        opened = await client.post(
            "", json={"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": INITIALIZE}
        )
        session = {"Mcp-Session-Id": opened.headers["mcp-session-id"], "MCP-Protocol-Version": "2025-11-25"}
        host, port = client.base_url.host, client.base_url.port
        loop = asyncio.get_running_loop()
        # By now the SDK is loaded, which is no memory of answers.
        await client.post("", json={"jsonrpc": "2.0", "id": 1, "method": "prompts/list"}, headers=session)
        before = resident()
        clients = []
        for number in range(1000):
            # No stream of asyncio: that would read what comes at once.
            one = socket.create_connection((host, port or 80))
            one.setblocking(False)  # noqa: FBT003
            body = orjson.dumps({"jsonrpc": "2.0", "id": number, "method": "tools/list", "params": {}})
            head = {
                **HEADERS,
                **session,
                "Content-Type": "application/json",
                "Content-Length": str(len(body)),
            }
            lines = "".join(f"{name}: {value}\r\n" for name, value in head.items())
            asked = f"POST /mcp HTTP/1.1\r\nHost: localhost\r\n{lines}\r\n".encode() + body
            await loop.sock_sendall(one, asked)
            clients.append(one)
            if number % 200 == 199:  # noqa: PLR2004
                await asyncio.sleep(2)
                say(f"{number + 1:4} answers never read  {(resident() - before) / 2**20:6.1f} MiB")
        for one in clients:
            one.close()


def run(measure: Callable[[Callable[[str], None]], Awaitable[None]]) -> None:
    """Measure in this process and print what is found."""

    configure_logging(level="error", format="json", stream=sys.stderr)

    async def whole() -> None:
        await measure(lambda line: print(line, flush=True))

    asyncio.run(whole())


def main() -> int:
    """Measure each thing in a fresh process."""
    context = multiprocessing.get_context("spawn")
    for measure in (idle_records, kept_events, idle_sessions, never_read):
        process = context.Process(target=run, args=(measure,))
        process.start()
        process.join()
        if process.exitcode:
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
