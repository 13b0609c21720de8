"""Calls tools through the official MCP client against a fresh sandbox, and keeps what went over the wire."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from mcp import Client
from mcp_types import CallToolResult
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.auth.policy import ALLOW_ALL
from app.auth.principal import STDIO
from app.protocol.core import build_core
from app.protocol.server import build_server
from app.sandbox.application import create_sandbox
from app.sandbox.keys import ADMIN_KEY
from tests.catalog.calls import Call
from tests.catalog.desk import toolbox_over
from tests.catalog.every_call import World, settled


@dataclass(slots=True)
class Exchange:
    """One request to the sandbox and its answer."""

    method: str
    path: str
    query: str
    sent: bytes = b""
    status: int = 0
    answered: bytes = b""

    @property
    def body(self) -> Any:
        return json.loads(self.sent) if self.sent else None

    @property
    def data(self) -> Any:
        return json.loads(self.answered) if self.answered else None


@dataclass(slots=True)
class Wire:
    """Keeps each exchange with the application behind it."""

    app: ASGIApp
    exchanges: list[Exchange] = field(default_factory=list)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["raw_path"].decode("latin-1")
        exchange = Exchange(scope["method"], path, scope["query_string"].decode("latin-1"))
        self.exchanges.append(exchange)

        async def received() -> Message:
            message = await receive()
            exchange.sent += message.get("body", b"")
            return message

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                exchange.status = message["status"]
            exchange.answered += message.get("body", b"")
            await send(message)

        await self.app(scope, received, answer)


@dataclass(slots=True)
class Session:
    """A client of a service in front of its own sandbox."""

    client: Client
    wire: Wire

    async def call(self, tool: str, arguments: Mapping[str, Any]) -> CallToolResult:
        self.wire.exchanges.clear()
        result: CallToolResult = await self.client.call_tool(tool, dict(arguments))
        (content,) = result.content
        assert content.type == "text"
        assert json.loads(content.text) == result.structured_content
        return result


@asynccontextmanager
async def session(key: str | None = None) -> AsyncIterator[Session]:
    """Connect a client to a service on a fresh sandbox."""
    sandbox = create_sandbox()
    wire = Wire(sandbox)
    toolbox, transport = toolbox_over(wire, key or ADMIN_KEY)
    core = build_core(toolbox, version="1", default_principal=STDIO, default_policy=ALLOW_ALL, sandbox=True)
    server = build_server(core)
    try:
        async with Client(server) as client:
            yield Session(client, wire)
    finally:
        await transport.aclose()
        sandbox.close()


async def prepared(active: Session, call: Call) -> World:
    """Make the calls that come before."""
    world = World()
    for tool, arguments in call.before:
        result = await active.call(tool, settled(arguments, world))
        assert not result.is_error, (tool, result.structured_content)
        world.answers.append(result.structured_content)
    return world
