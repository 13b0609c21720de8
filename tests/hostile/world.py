"""The services that hostile requests go to: the real one, on sockets, by how it is set up."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

from app.service import Service, read_settings
from app.web.options import WebOptions
from tests.auth.clerk.forgeries import publish_unfit_keys
from tests.auth.clerk.stand_in import StandIn, running_clerk
from tests.hostile.exchange import connected
from tests.hostile.wire import message, post
from tests.web.support import running

ServiceName = Literal[
    "open",
    "listed",
    "bearer",
    "clerk",
    "away",
    "sessions",
    "full",
    "shared",
    "proxied",
    "counted",
    "counted_proxied",
]

TOKEN: Final = "hostile-token-0123456789abcdef"
OTHER_TOKEN: Final = "other-token-0123456789abcdef"
AUDIENCE: Final = "https://mcp.test/mcp"
CLERK_BASE: Final = "https://mcp.test"
SCOPES: Final = "portkey:read portkey:write portkey:admin"
MAX_BODY: Final = 64 * 1024
BODY_TIMEOUT: Final = 0.5
BUCKET: Final = 5

_BEARER: Final = {"MCP_AUTH_MODE": "bearer", "MCP_AUTH_TOKEN": f"{TOKEN},{OTHER_TOKEN}"}
_UNCOUNTED: Final = {"RATE_LIMIT_ENABLED": "false", "MCP_MAX_REQUEST_SIZE": "64kb"}
_COUNTED: Final = {"RATE_LIMIT_MAX": str(BUCKET), "RATE_LIMIT_WINDOW_MS": "3600000"}
SETTINGS: Final[Mapping[ServiceName, Mapping[str, str]]] = {
    "open": _UNCOUNTED,
    "listed": {
        **_UNCOUNTED,
        "ALLOWED_ORIGINS": "https://app.example.com,https://*.teams.example.com,https://exact.example.com:8443",
        "MCP_ALLOWED_HOSTS": "mcp.example.com,*.internal.example.com",
    },
    "bearer": {**_BEARER, **_UNCOUNTED},
    "clerk": {
        "MCP_AUTH_MODE": "clerk",
        "CLERK_AUDIENCE": AUDIENCE,
        "MCP_PUBLIC_BASE_URL": CLERK_BASE,
        **_UNCOUNTED,
    },
    "sessions": {**_BEARER, **_UNCOUNTED, "MCP_SESSION_MODE": "stateful", "MCP_EVENT_STORE": "memory"},
    "full": {**_UNCOUNTED, "MCP_SESSION_MODE": "stateful", "MCP_MAX_SESSIONS": "2"},
    "shared": {
        **_BEARER,
        **_UNCOUNTED,
        "MCP_SESSION_MODE": "stateful",
        "MCP_MAX_SESSIONS_PER_PRINCIPAL": "2",
    },
    "away": {
        "MCP_AUTH_MODE": "clerk",
        "CLERK_AUDIENCE": AUDIENCE,
        "CLERK_ISSUER": "https://clerk.test",
        "CLERK_JWKS_URL": "http://127.0.0.1:9/jwks",
        **_UNCOUNTED,
    },
    "proxied": {**_UNCOUNTED, "MCP_TRUST_PROXY": "loopback,10.0.0.0/8"},
    "counted": {**_COUNTED, "MCP_TRUST_PROXY": "10.0.0.0/8"},
    "counted_proxied": {**_COUNTED, "MCP_TRUST_PROXY": "loopback"},
}


class ImpatientService(Service):
    """The service, with a deadline for bodies that a test can wait for."""

    def _web_options(self, *parts: Any) -> WebOptions:
        return replace(super()._web_options(*parts), body_timeout=BODY_TIMEOUT)


@dataclass(frozen=True, slots=True)
class World:
    """What rows may ask for.

    Attributes:
        ports: Where each service listens.
        clerk: The authorization server of the service of that name.
        session: A session that the holder of `TOKEN` has open at the service of that name.
    """

    ports: Mapping[ServiceName, int]
    clerk: StandIn
    session: str


@asynccontextmanager
async def running_world() -> AsyncIterator[World]:
    """Run all services for the time of the block."""
    async with AsyncExitStack() as stack:
        clerk = await stack.enter_async_context(running_clerk())
        publish_unfit_keys(clerk)
        ports: dict[ServiceName, int] = {}
        for name, settings in SETTINGS.items():
            issuer = {"CLERK_ISSUER": clerk.issuer} if name == "clerk" else {}
            application, readiness = ImpatientService(read_settings({**settings, **issuer})).application()
            ports[name] = (await stack.enter_async_context(running(application, readiness))).port
        yield World(ports, clerk, await _open_session(ports["sessions"]))


async def _open_session(port: int) -> str:
    params = {
        "protocolVersion": "2025-11-25",
        "capabilities": {},
        "clientInfo": {"name": "hostile", "version": "1"},
    }
    async with connected(port) as connection:
        body = message("initialize", params=params)
        await connection.send(post(f"Authorization: Bearer {TOKEN}", body=body))
        session = (await connection.answer()).header("mcp-session-id")
    assert session is not None
    return session
