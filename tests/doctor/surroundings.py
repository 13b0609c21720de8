"""What stands around a service: servers that answer what they are told, and proxies that do harm."""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
import threading
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx2
import uvicorn
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from app.service import Service, read_settings


@contextmanager
def stub(
    answers: Mapping[str, Any], *, date: str | None = None, tls: ssl.SSLContext | None = None
) -> Iterator[str]:
    """Serve JSON by path, 404 for every other path; yield the base URL."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            known = self.path in answers
            body = json.dumps(answers.get(self.path)).encode()
            self.send_response(200 if known else 404)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def date_time_string(self, timestamp: float | None = None) -> str:
            return date or super().date_time_string(timestamp)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        server.handle_error = lambda *_: None  # type: ignore[method-assign]  # a client that refuses us
        if tls:
            server.socket = tls.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield f"{'https' if tls else 'http'}://localhost:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


@asynccontextmanager
async def served(app: ASGIApp, port: int = 0) -> AsyncIterator[str]:
    """Serve an application on loopback; yield the base URL."""
    listener = socket.create_server(("127.0.0.1", port))
    config = uvicorn.Config(app, log_config=None, access_log=False, timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        await serving
        listener.close()


@asynccontextmanager
async def deployment(settings: Mapping[str, str]) -> AsyncIterator[str]:
    """Serve the service of these settings; yield where it listens."""
    application, readiness = Service(read_settings(settings)).application()
    readiness.serving()
    async with served(application) as url:
        yield url


@dataclass
class Proxy:
    """Passes requests on, and does some harm on the way."""

    upstream: str = ""
    buffers: bool = False
    without_request: frozenset[str] = frozenset()
    without_answer: frozenset[str] = frozenset()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        request = Request(scope, receive)
        dropped = {"host", "content-length", "accept-encoding", *self.without_request}
        headers = {name: value for name, value in request.headers.items() if name not in dropped}
        async with (
            httpx2.AsyncClient(timeout=None, trust_env=False) as client,
            client.stream(
                request.method,
                f"{self.upstream}{request.url.path}",
                headers={**headers, "accept-encoding": "identity"},
                content=await request.body(),
            ) as answer,
        ):
            kept = {
                name: value
                for name, value in answer.headers.items()
                if name not in {"content-length", "transfer-encoding", *self.without_answer}
            }
            if self.buffers:
                response: Response = Response(await answer.aread(), answer.status_code, kept)
            else:
                response = StreamingResponse(answer.aiter_raw(), answer.status_code, kept)
            await response(scope, receive, send)
