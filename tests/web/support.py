"""What the tests of the web layer share: options, a stand-in for MCP, clients and a running server."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import httpx2
import orjson
from starlette.applications import Starlette
from starlette.types import ASGIApp, Receive, Scope, Send

from app.auth.grants import Grant, SameForAll
from app.web.application import create_application
from app.web.options import WebOptions
from app.web.readiness import Readiness
from app.web.server import Server
from app.web.tls import Certificates

BASE = "http://127.0.0.1:3000"
OPTIONS = WebOptions(version="1.2.3", base_url=BASE)
JSON = {"Content-Type": "application/json"}
RAW_CALL = (
    b"POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
)


async def until(condition: Callable[[], object], seconds: float = 30) -> None:
    """Wait until `condition` holds."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - of another process, or of a part that tells nobody
            await asyncio.sleep(0.01)


def listens(port: int) -> bool:
    """Whether something accepts connections on `port` of this machine."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@asynccontextmanager
async def no_lifespan(_application: Starlette) -> AsyncIterator[None]:
    yield


@dataclass
class Mcp:
    """Stands where the MCP handler goes: answers with what reached it, and remembers the last scope."""

    scope: dict[str, Any] = field(default_factory=dict)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.scope = dict(scope)
        body = b""
        more = True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        headers = {name.decode(): value.decode("latin-1") for name, value in scope["headers"]}
        answer = orjson.dumps({"method": scope["method"], "received": len(body), "headers": headers})
        await send(
            {
                "type": "http.response.start",
                "status": 200,
                "headers": [(b"content-type", b"application/json")],
            }
        )
        await send({"type": "http.response.body", "body": answer})


def build(mcp: ASGIApp | None = None, *, readiness: Readiness | None = None, **options: Any) -> Starlette:
    """Create the application with `OPTIONS` but for `options`; serving, unless a readiness is given.

    `policy` stands for grants that are the same for all.
    """
    if "policy" in options:
        options["grants"] = SameForAll(Grant(options.pop("policy")))
    if readiness is None:
        readiness = Readiness()
        readiness.serving()
    return create_application(
        mcp=mcp or Mcp(),
        options=replace(OPTIONS, **options),
        readiness=readiness,
        lifespan=no_lifespan,
    )


def client(app: ASGIApp, headers: Mapping[str, str] | None = None) -> httpx2.AsyncClient:
    """Call `app` without a socket."""
    return httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url=BASE, headers=headers)


@dataclass
class Running:
    """A server on a port of its own."""

    server: Server
    port: int
    readiness: Readiness
    ended: asyncio.Task[None]
    streams_ended: asyncio.Event

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def exchange(self, request: bytes) -> bytes:
        """Send raw bytes and read the answer until the server closes the connection."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            writer.write(request)
            await writer.drain()
            return await asyncio.wait_for(reader.read(), 10)
        finally:
            writer.close()


@asynccontextmanager
async def running(
    app: ASGIApp,
    readiness: Readiness | None = None,
    *,
    shutdown_delay: float = 0.0,
    shutdown_timeout: float = 5.0,
    tls: Certificates | None = None,
) -> AsyncIterator[Running]:
    """Serve `app` on a real socket for the time of the block."""
    readiness = readiness or Readiness()
    started: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    streams_ended = asyncio.Event()
    server = Server(
        app,
        readiness=readiness,
        shutdown_delay=shutdown_delay,
        shutdown_timeout=shutdown_timeout,
        on_started=started.set_result,
        end_streams=streams_ended.set,
        tls=tls,
    )
    listening = socket.create_server(("127.0.0.1", 0))
    ended = asyncio.create_task(server.serve(sockets=[listening]))
    try:
        port = await asyncio.wait_for(started, 10)
        yield Running(server, port, readiness, ended, streams_ended)
    finally:
        server.should_exit = True
        await asyncio.wait_for(ended, 20)
        listening.close()
