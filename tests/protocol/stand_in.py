"""A small catalogue whose tools do what a test wants, and the real server built on it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, cast

import httpx2
import uvicorn
from pydantic import BaseModel
from starlette.types import ASGIApp, Receive, Scope, Send

from app.auth.policy import ALLOW_ALL, Policy
from app.auth.principal import STDIO, Principal
from app.auth.session_owner import session_owner
from app.catalog.inputs import Inputs, required
from app.catalog.snapshot import wire_form
from app.catalog.tool import Endpoint, Risk, RiskClass, Run, Tool, Workflow
from app.catalog.toolbox import Toolbox
from app.portkey.client import PortkeyClient
from app.protocol import http
from app.protocol.admin_server import AdminServer
from app.protocol.core import build_core
from app.protocol.events.log import EventLog
from app.protocol.server import build_server
from app.protocol.sessions.bus import Bus
from app.protocol.sessions.here import SessionsHere
from app.protocol.sessions.memory import MemorySessionStore
from app.protocol.sessions.store import SessionStore
from app.protocol.short.path import short_path
from app.protocol.stores import Stores

SECRET = "pk-SECRET-0123456789"

_AROUND = ("confirmation", "state_keys", "state_ttl", "tracing")


class Named(Inputs):
    name: str = required("Name of the thing.")


class Number(BaseModel):
    value: int


@dataclass
class Backend:
    """What the tools saw, and the gates that tests hold them at."""

    started: asyncio.Event = field(default_factory=asyncio.Event)
    go_on: asyncio.Event = field(default_factory=asyncio.Event)
    ended: list[str] = field(default_factory=list)
    removed: list[Any] = field(default_factory=list)

    async def remove(self, inputs: Any, _run: Run) -> Any:
        self.removed.append(inputs.name)
        return {"removed": inputs.name}

    async def preview(self, inputs: Any, _run: Run) -> Any:
        return {"would_remove": inputs.name}

    async def echo(self, inputs: Any, _run: Run) -> Any:
        return {"name": inputs.name, "empty": None, "falsy": [0, "", False]}

    async def crash(self, _inputs: Any, _run: Run) -> Any:
        raise RuntimeError(f"POST https://api.example/x?key={SECRET} failed")

    async def misread(self, _inputs: Any, _run: Run) -> Any:
        return Number.model_validate({"value": SECRET})

    async def steps(self, _inputs: Any, run: Run) -> Any:
        await run.progress(0, None, "waiting")
        await run.progress(0, None, "still waiting")
        await run.progress(1, 2, "half")
        await run.progress(2, 2, "done")
        return {"steps": 4}

    async def wait(self, inputs: Any, run: Run) -> Any:
        try:
            await run.progress(1, None, "at the gate")
            self.started.set()
            await asyncio.wait_for(self.go_on.wait(), 20)
        except asyncio.CancelledError:
            self.ended.append("cancelled")
            raise
        self.ended.append("finished")
        return {"waited_for": inputs.name}

    def toolbox(self) -> Toolbox:
        tools = [
            _tool("list_workspaces", self.echo, inputs=Named),
            _tool("list_workspace_members", self.steps),
            _tool("delete_workspace", self.crash, risk=Risk.DESTRUCTIVE),
            _tool("list_configs", self.misread, domain="configs", enterprise=True, scopes=("configs.list",)),
            _tool("list_prompts", self.steps, domain="prompts"),
            _tool("get_prompt", self.wait, domain="prompts", inputs=Named),
            _tool("list_prompt_versions", self.steps, domain="prompts"),
            _tool("render_prompt", self.steps, domain="prompts"),
            _tool("publish_prompt", self.steps, domain="prompts", risk=Risk.WRITE),
        ]
        return Toolbox(
            tools, {tool.name: wire_form(tool) for tool in tools}, cast("PortkeyClient", None), None
        )

    def server(self, **options: Any) -> AdminServer:
        given: dict[str, Any] = {
            "version": "1.2.3",
            "default_principal": STDIO,
            "default_policy": ALLOW_ALL,
            "sandbox": True,
        }
        around = {name: options.pop(name) for name in _AROUND if name in options}
        asks = around.get("confirmation") is not None
        return build_server(build_core(self.toolbox(), asks=asks, **{**given, **options}), **around)


def _tool(
    name: str,
    run: Callable[[Any, Run], Awaitable[Any]],
    *,
    domain: str = "workspaces",
    risk: RiskClass = Risk.READ,
    **more: Any,
) -> Tool:
    call: Endpoint | Workflow = Workflow(run)
    return Tool(
        name=name, domain=domain, summary=f"Does {name}.", risk=risk, call=call, idempotent=False, **more
    )


def as_caller(app: ASGIApp, *, policy: Policy = ALLOW_ALL) -> ASGIApp:
    """Do what the web room does before: name the caller by a header, and the request by another."""

    async def named(scope: Scope, receive: Receive, send: Send) -> None:
        headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
        principal = Principal(headers.get(b"x-caller", "alice"), "bearer")
        scope["principal"], scope["policy"] = principal, policy
        scope["user"] = session_owner(principal)
        if b"x-request-id" in headers:
            scope["request_id"] = headers[b"x-request-id"]
        await app(scope, receive, send)

    return named


class HttpHandler(http.HttpHandler):
    """The real one, with its stores: `run` runs both."""

    def __init__(
        self,
        server: AdminServer,
        *,
        stateless: bool,
        sessions: SessionStore | None = None,
        event_log: EventLog | None = None,
        bus: Bus | None = None,
        idle_timeout: float | None = 1800.0,
        **options: Any,
    ) -> None:
        self.core = server.core
        self.event_log = event_log
        store = None if stateless else sessions or MemorySessionStore(idle_timeout=idle_timeout)
        self.stores = Stores(store, event_log, bus, idle_timeout=idle_timeout)
        super().__init__(server, self.stores, **options)

    @property
    def sessions(self) -> SessionsHere:
        assert self.stores.sessions is not None
        return self.stores.sessions

    @property
    def open_sessions(self) -> int:
        return self.stores.open_sessions

    @property
    def live_sessions(self) -> int:
        return len(self.sessions)

    @contextlib.asynccontextmanager
    async def run(self) -> AsyncIterator[None]:
        async with self.stores.run(), super().run():
            yield


def in_front(handler: HttpHandler) -> ASGIApp:
    """What stands in front of the handler: nothing, unless a test asks for `way`."""
    return handler


def with_short_path(handler: HttpHandler) -> ASGIApp:
    """The short path in front of the handler, as in the service."""
    return short_path(handler, handler.core, handler.stores)


@contextlib.asynccontextmanager
async def serving(handler: HttpHandler, app: ASGIApp | None = None) -> AsyncIterator[str]:
    """Serve over a real socket; yield the URL."""
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(
        app or as_caller(in_front(handler)),
        http="h11",
        lifespan="off",
        log_level="warning",
        timeout_graceful_shutdown=5,
    )
    server = uvicorn.Server(config)
    async with handler.run():
        task = asyncio.create_task(server.serve([listener]))
        try:
            await until(lambda: server.started)
            yield f"http://127.0.0.1:{listener.getsockname()[1]}/mcp"
        finally:
            server.should_exit = True
            await task


async def until(condition: Callable[[], bool], seconds: float = 10) -> None:
    """Wait for a condition."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - the condition is outside this loop's events
            await asyncio.sleep(0.01)


HEADERS_2025 = {"Accept": "application/json, text/event-stream", "MCP-Protocol-Version": "2025-11-25"}


class Session:
    """A client of the 2025 era, by hand, to see what goes over the wire."""

    def __init__(self, http: httpx2.AsyncClient, url: str, caller: str = "alice") -> None:
        self.http = http
        self.url = url
        self.headers = {**HEADERS_2025, "X-Caller": caller}

    async def open(self) -> None:
        params = {
            "protocolVersion": "2025-11-25",
            "capabilities": {},
            "clientInfo": {"name": "t", "version": "0"},
        }
        answer = await self.post("initialize", params, request_id="init")
        assert answer.status_code == 200, answer.text
        self.headers["Mcp-Session-Id"] = answer.headers["mcp-session-id"]

    async def post(self, method: str, params: dict[str, Any], request_id: object = 1) -> httpx2.Response:
        body = {"jsonrpc": "2.0", "id": request_id, "method": method, "params": params}
        return await self.http.post(self.url, json=body, headers=self.headers)

    def stream(self, name: str, arguments: dict[str, Any], request_id: object = 1) -> Any:
        params = {"name": name, "arguments": arguments, "_meta": {"progressToken": "p"}}
        body = {"jsonrpc": "2.0", "id": request_id, "method": "tools/call", "params": params}
        return self.http.stream("POST", self.url, json=body, headers=self.headers)

    async def resume(self, event_id: str) -> list[tuple[str, Any]]:
        """Return what comes after the event until the server ends the stream."""
        headers = {**self.headers, "Accept": "text/event-stream", "Last-Event-ID": event_id}
        async with asyncio.timeout(10):
            answer = await self.http.get(self.url, headers=headers)
        assert answer.status_code == 200
        return events(answer.text)


def events(text: str) -> list[tuple[str, Any]]:
    """Return id and message of each server-sent event."""
    found = []
    for block in text.replace("\r\n", "\n").split("\n\n"):
        lines = dict(line.split(": ", 1) for line in block.split("\n") if ": " in line and line[0] != ":")
        if "data" in lines or "id" in lines:
            found.append((lines.get("id", ""), json.loads(lines["data"]) if lines.get("data") else None))
    return found
