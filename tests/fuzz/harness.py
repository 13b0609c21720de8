"""The real services in this process, and one exchange with them, judged."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final, Literal
from unittest import mock

from cryptography.hazmat.primitives.asymmetric import ed25519
from starlette.applications import Starlette
from starlette.types import Message

from app.auth.clerk.jwks import Jwks
from app.service import Service, read_settings
from tests.auth.clerk.stand_in import SigningKey, running_clerk

ServiceName = Literal["open", "proxied", "bearer", "clerk", "sessions"]
Headers = list[tuple[bytes, bytes]]

TOKEN: Final = "fuzzed-token-0123456789abcdef"
ISSUER: Final = "https://clerk.test"
KEY: Final = SigningKey("key-1", "EdDSA", ed25519.Ed25519PrivateKey.from_private_bytes(bytes(32)))
DEADLINE: Final = 20.0
SETTINGS: Final[dict[ServiceName, dict[str, str]]] = {
    "open": {
        "MCP_ALLOWED_HOSTS": "mcp.example.com",
        "ALLOWED_ORIGINS": "https://*.example.com,http://localhost",
    },
    "proxied": {"MCP_TRUST_PROXY": "10.0.0.0/8,loopback"},
    "bearer": {"MCP_AUTH_MODE": "bearer", "MCP_AUTH_TOKEN": TOKEN},
    "clerk": {"MCP_AUTH_MODE": "clerk", "CLERK_ISSUER": ISSUER, "CLERK_AUDIENCE": "https://mcp.test/mcp"},
    "sessions": {"MCP_SESSION_MODE": "stateful", "MCP_EVENT_STORE": "memory", "MCP_MAX_SESSIONS": "1000000"},
}
_INTERNAL_ERROR: Final = -32603


@dataclass(frozen=True, slots=True)
class Input:
    """One request. Headers are given as they are, names in lower case."""

    service: ServiceName
    headers: Headers
    body: bytes = b""
    method: str = "POST"
    path: str = "/mcp"
    query: bytes = b""


class NotCleanError(AssertionError):
    """An answer that no input may lead to."""


@asynccontextmanager
async def running_services() -> AsyncIterator[dict[ServiceName, Starlette]]:
    """Run every service for the time of the block, each in a task of its own."""
    async with running_clerk() as clerk:
        clerk.published = [KEY.jwk()]
        # The service asks for unknown keys once a second at most, which no fuzzing could wait for.
        with mock.patch.dict(Jwks.__init__.__kwdefaults__, cool_down=0.0):
            async with _running({"CLERK_JWKS_URL": f"{clerk.issuer}/.well-known/jwks.json"}) as applications:
                yield applications


@asynccontextmanager
async def _running(common: dict[str, str]) -> AsyncIterator[dict[ServiceName, Starlette]]:
    ended = asyncio.Event()
    applications: dict[ServiceName, Starlette] = {}
    tasks = []
    for name, settings in SETTINGS.items():
        unlimited = {"RATE_LIMIT_ENABLED": "false", "MCP_MAX_REQUEST_SIZE": "64kb"}
        application, readiness = Service(read_settings(unlimited | common | settings)).application()
        started = asyncio.Event()
        tasks.append(asyncio.create_task(_lifespan(application, started, ended)))
        await asyncio.wait_for(started.wait(), DEADLINE)
        readiness.serving()
        applications[name] = application
    try:
        yield applications
    finally:
        ended.set()
        await asyncio.gather(*tasks)


async def _lifespan(application: Starlette, started: asyncio.Event, ended: asyncio.Event) -> None:
    async with application.router.lifespan_context(application):
        started.set()
        await ended.wait()


async def ask(application: Starlette, given: Input) -> int:
    """Send one request and return the status of the answer.

    Raises:
        NotCleanError: The answer is neither good nor a clean refusal, or there is none in time.
    """
    start, body = await _exchange(application, given)
    _judge(given, start, body)
    return int(start["status"])


async def open_session(application: Starlette) -> bytes:
    """Open a session of the 2025 era and return its id."""
    params = {
        "protocolVersion": "2025-11-25",
        "capabilities": {},
        "clientInfo": {"name": "f", "version": "1"},
    }
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": params}).encode()
    headers = [
        (b"host", b"localhost"),
        (b"content-type", b"application/json"),
        (b"accept", b"application/json, text/event-stream"),
    ]
    start, _ = await _exchange(application, Input("sessions", headers, body))
    session: bytes = dict(start["headers"])[b"mcp-session-id"]
    return session


async def _exchange(application: Starlette, given: Input) -> tuple[Message, bytes]:
    start: Message | None = None
    body = b""
    complete = asyncio.Event()
    waiting: list[Message] = [{"type": "http.request", "body": given.body, "more_body": False}]

    async def receive() -> Message:
        if waiting:
            return waiting.pop()
        await complete.wait()
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        nonlocal start, body
        if message["type"] == "http.response.start":
            start = message
            if given.method == "GET" and b"text/event-stream" in dict(message["headers"]).get(
                b"content-type", b""
            ):
                complete.set()  # a stream without an end of its own
        elif message["type"] == "http.response.body":
            body += message.get("body", b"")
            if not message.get("more_body", False):
                complete.set()

    scope: dict[str, Any] = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": given.method,
        "scheme": "http",
        "path": given.path,
        "raw_path": given.path.encode(),
        "query_string": given.query,
        "root_path": "",
        "headers": given.headers,
        "client": ("127.0.0.1", 4711),
        "server": ("127.0.0.1", 3000),
        "state": {},
    }
    try:
        async with asyncio.timeout(DEADLINE):
            await application(scope, receive, send)
    except TimeoutError as error:
        raise NotCleanError("no answer in time") from error
    if start is None:
        raise NotCleanError("no answer at all")
    return start, body


def _judge(given: Input, start: Message, body: bytes) -> None:
    status, headers = start["status"], dict(start["headers"])
    if status >= 500 and not (status == 503 and b"retry-after" in headers):
        raise NotCleanError(f"status {status}: {body[:300]!r}")
    for name, value in start["headers"]:
        if any(character in name + value for character in b"\r\n\0"):
            raise NotCleanError(f"a header that would break the answer: {name!r}: {value!r}")
    if status >= 400 and given.method != "HEAD":
        error = json.loads(body).get("error")
        if not error or not error.get("message"):
            raise NotCleanError(f"status {status} without an error: {body[:300]!r}")
    if str(_INTERNAL_ERROR).encode() in body or b"Traceback" in body:
        raise NotCleanError(f"an internal error: {body[:300]!r}")
