"""The services the tests share, by how they differ."""

from __future__ import annotations

import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Literal

from tests.end_to_end.processes import Running, command, free_port, running

SessionMode = Literal["stateless", "stateful"]
TOKEN = "end-to-end-token-0123456789abcdef"
JOURNAL = "/_sandbox/requests"
QUIET = {"LOG_FORMAT": "json", "LOG_LEVEL": "info"}


@contextmanager
def http_service(
    mode: SessionMode = "stateless",
    *,
    token: str | None = None,
    settings: Mapping[str, str] | None = None,
    tls: ssl.SSLContext | None = None,
) -> Iterator[Running]:
    """`python -m app http`, on the embedded sandbox unless the settings name another Portkey."""
    port = free_port()
    wanted = {**QUIET, "MCP_PORT": str(port), "MCP_SESSION_MODE": mode}
    if token:
        wanted |= {"MCP_AUTH_MODE": "bearer", "MCP_AUTH_TOKEN": token}
    with running(
        command("http"), port=port, settings={**wanted, **(settings or {})}, token=token, tls=tls
    ) as service:
        yield service


@contextmanager
def sandbox_process() -> Iterator[Running]:
    """`python -m app sandbox`: the emulator on a port of its own."""
    port = free_port()
    settings = {**QUIET, "SANDBOX_PORT": str(port)}
    with running(command("sandbox"), port=port, settings=settings, ready=JOURNAL) as sandbox:
        yield sandbox


def pointing_at(portkey: str, api_key: str = "pk-end-to-end") -> dict[str, str]:
    """Settings that send the calls to a Portkey on loopback; `portkey` is its base URL, with /v1."""
    return {
        "PORTKEY_API_KEY": api_key,
        "PORTKEY_BASE_URL": portkey,
        "PORTKEY_ALLOW_PRIVATE_BASE_URL": "1",
        "PORTKEY_ALLOW_INSECURE_HTTP": "1",
    }
