"""The servers that are measured, each in a process of its own: ours, bare, and the peers."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator, Mapping, Sequence

from bench.lab import Variant
from bench.messages import TOKEN, message
from bench.peers import MANY, npm_peer, plain_sdk
from bench.processes import free_port, module, post, server, settle

BARE, OURS, SDK, NPM = "bare", "ours", "SDK", "npm"
OURS_2026, OURS_STATELESS, OURS_STATEFUL = (
    f"{OURS}, {mode}" for mode in ("2026", "2025 stateless", "2025 stateful")
)
NPM_STATELESS, NPM_STATEFUL = (f"{NPM}, 2025 {mode}" for mode in ("stateless", "stateful"))
NO_SETTINGS: Mapping[str, str] = {}


@contextlib.contextmanager
def variants(
    portkey: str, core: int | None, peers: Sequence[str], settings: Mapping[str, str] = NO_SETTINGS
) -> Iterator[list[Variant]]:
    """Start bare, our service and peers (SDK, NPM), the latter in both session modes.

    Args:
        portkey: base URL of the stand-in.
        core: the core they share; None leaves it to the system.
        peers: which peers.
        settings: settings of our service beyond `our_settings`.
    """
    with contextlib.ExitStack() as stack:
        started = {}
        for mode in ("stateless", "stateful"):
            started[OURS, mode] = stack.enter_context(service(mode, portkey, core, settings))
            if SDK in peers:
                started[SDK, mode] = stack.enter_context(plain_sdk(mode, portkey, core))
            if NPM in peers:
                started[NPM, mode] = stack.enter_context(npm_peer(mode, portkey, core))
        listing = post(started[OURS, "stateless"][0], message("tools/list", "2025"))
        found = [Variant(BARE, *stack.enter_context(bare(portkey, core, listing)))]
        for name in (OURS, SDK, NPM):
            for mode in ("stateless", "stateful"):
                if (name, mode) in started:
                    found += _seen(name, mode, started[name, mode])
        settle({variant.pid for variant in found if variant.pid is not None})
        yield found


def _seen(name: str, mode: str, where: tuple[int, int]) -> Iterator[Variant]:
    """One process as the clients of each era see it. Those of 2026 have no sessions, and npm has none."""
    if mode == "stateless" and name != NPM:
        yield Variant(f"{name}, 2026", *where, era="2026")
    yield Variant(f"{name}, 2025 {mode}", *where, sessions=mode == "stateful")


def our_settings(mode: str, portkey: str) -> dict[str, str]:
    """The settings of our service as a deployment has them, with all its checks."""
    return {
        "MCP_SESSION_MODE": mode,
        "MCP_AUTH_MODE": "bearer",
        "MCP_AUTH_TOKEN": TOKEN,
        "LOG_FORMAT": "json",
        # The load is more than any limit for one caller; it is counted all the same.
        "RATE_LIMIT_MAX": MANY,
        "MCP_MAX_SESSIONS": MANY,
        "MCP_MAX_SESSIONS_PER_PRINCIPAL": MANY,
        "MCP_MAX_CONCURRENT_REQUESTS_PER_PRINCIPAL": "1000",
        "PORTKEY_API_KEY": "pk-bench",
        "PORTKEY_BASE_URL": portkey,
        "PORTKEY_ALLOW_PRIVATE_BASE_URL": "1",
        "PORTKEY_ALLOW_INSECURE_HTTP": "1",
    }


@contextlib.contextmanager
def service(
    mode: str, portkey: str, core: int | None, settings: Mapping[str, str] = NO_SETTINGS
) -> Iterator[tuple[int, int]]:
    """Start our service; its port and its process id."""
    port = free_port()
    environment = {"PORT": str(port), **our_settings(mode, portkey), **settings}
    with server(module("app", "http"), core, environment, port) as started:
        yield port, started.pid


@contextlib.contextmanager
def bare(portkey: str, core: int | None, listing: bytes = b"{}") -> Iterator[tuple[int, int]]:
    """Start the bare application with its answer to tools/list; its port and its process id."""
    port = free_port()
    with tempfile.NamedTemporaryFile(prefix="bench-", suffix=".json") as file:
        file.write(listing)
        file.flush()
        environment = {"BENCH_PORT": str(port), "BENCH_BACKEND": portkey, "BENCH_LISTING": file.name}
        with server(module("bench.bare"), core, environment, port) as started:
            yield port, started.pid
