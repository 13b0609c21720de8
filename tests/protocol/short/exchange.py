"""One request to an ASGI application in this process, as the web room would hand it over."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from starlette.types import ASGIApp, Message

VERSION = "2026-07-28"
CLIENT = {"name": "test", "version": "1"}
META: dict[str, Any] = {
    "io.modelcontextprotocol/protocolVersion": VERSION,
    "io.modelcontextprotocol/clientInfo": CLIENT,
    "io.modelcontextprotocol/clientCapabilities": {},
}


@dataclass
class Posted:
    """A POST.

    Attributes:
        headers: Its headers, as bytes.
        body: Its body.
        scope: What the web room adds to the scope.
    """

    headers: list[tuple[bytes, bytes]]
    body: bytes
    scope: dict[str, Any] = field(default_factory=dict)


def posted(
    method: str,
    params: dict[str, Any] | None = None,
    *,
    headers: Iterable[tuple[bytes, bytes]] = (),
    request_id: object = 1,
) -> Posted:
    """Return a request of MCP 2026-07-28 with the headers that it should have."""
    given = {**(params or {})}
    given.setdefault("_meta", META)
    message = {"jsonrpc": "2.0", "id": request_id, "method": method, "params": given}
    own = [
        (b"content-type", b"application/json"),
        (b"accept", b"application/json, text/event-stream"),
        (b"mcp-protocol-version", VERSION.encode()),
        (b"mcp-method", method.encode()),
    ]
    if "name" in given:
        own.append((b"mcp-name", str(given["name"]).encode()))
    return Posted([*own, *headers], json.dumps(message).encode())


@dataclass
class Answer:
    status: int
    headers: dict[bytes, bytes]
    body: bytes


class Exchange:
    """A request under way.

    Attributes:
        sent: What the application sent by now.
        gone: Set it for a client that goes away.
    """

    def __init__(self, app: ASGIApp, request: Posted) -> None:
        self._app = app
        self._request = request
        self._has_body = False
        self.gone = asyncio.Event()
        self.sent: list[Message] = []

    async def run(self) -> None:
        scope = {
            "type": "http",
            "http_version": "1.1",
            "method": "POST",
            "path": "/mcp",
            "raw_path": b"/mcp",
            "query_string": b"",
            "headers": self._request.headers,
            "request_id": "request-1",
            **self._request.scope,
        }
        await self._app(scope, self._receive, self._send)

    @property
    def answer(self) -> Answer:
        start = self.sent[0]
        body = b"".join(message.get("body", b"") for message in self.sent[1:])
        return Answer(start["status"], dict(start["headers"]), body)

    async def _receive(self) -> Message:
        if not self._has_body:
            self._has_body = True
            return {"type": "http.request", "body": self._request.body, "more_body": False}
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Message) -> None:
        self.sent.append(message)


async def ask(app: ASGIApp, request: Posted) -> Answer:
    exchange = Exchange(app, request)
    await exchange.run()
    return exchange.answer


def posted_of_2025(method: str, params: dict[str, Any], version: str = "2025-11-25") -> Posted:
    """Return a request of the 2025 era without a session."""
    headers = [
        (b"content-type", b"application/json"),
        (b"accept", b"application/json, text/event-stream"),
        (b"mcp-protocol-version", version.encode()),
    ]
    message = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
    return Posted(headers, json.dumps(message).encode())
