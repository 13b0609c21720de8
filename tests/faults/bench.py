"""The bench: nginx with the configuration that we ship, replicas, a Redis and the sandbox, on free ports."""

from __future__ import annotations

import asyncio
import getpass
import os
import shutil
import signal
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from app.sandbox.keys import ADMIN_KEY
from tests.end_to_end.processes import ROOT, command, free_port
from tests.end_to_end.services import SessionMode, pointing_at
from tests.faults.parts import Part
from tests.faults.relay import Relay
from tests.support.parts import path_of

SHIPPED = ROOT / "deploy" / "nginx" / "portkey-admin-mcp.conf"
SHIPPED_REDIS = ROOT / "deploy" / "compose" / "redis.conf"
TOKEN = "faults-token-0123456789abcdef"
REPLICAS = 3
_SETTINGS = {
    "LOG_FORMAT": "json",
    "LOG_LEVEL": "warning",
    "MCP_AUTH_MODE": "bearer",
    "MCP_AUTH_TOKEN": TOKEN,
    "RATE_LIMIT_ENABLED": "0",
    # Half of what we recommend, with half of nginx's idle time: the runs are short.
    "MCP_SHUTDOWN_DELAY_MS": "2500",
    "MCP_SHUTDOWN_TIMEOUT_MS": "10000",
    "PORTKEY_TIMEOUT_MS": "6000",
    "MCP_STATE_KEYS": "faults-state-key-0123456789abcdef",
}


@dataclass(frozen=True)
class Bench:
    """The parts, started."""

    mode: SessionMode
    folder: Path
    replicas: list[Part]
    redis: Part
    sandbox: Part
    nginx: Part
    to_redis: Relay
    to_sandbox: Relay

    @property
    def url(self) -> str:
        """Where clients go."""
        return f"http://127.0.0.1:{self.nginx.port}/mcp"

    @property
    def parts(self) -> list[Part]:
        return [*self.replicas, self.redis, self.sandbox, self.nginx]

    def reload_nginx(self) -> None:
        """Have nginx read its configuration again: new workers, while the old ones finish."""
        self.nginx.signal(signal.SIGHUP)

    async def settled(self) -> None:
        """Wait until every part serves."""
        for part in self.parts:
            await part.serves()


@asynccontextmanager
async def bench(
    mode: SessionMode,
    *,
    replicas: int = REPLICAS,
    settings: Mapping[str, str] | None = None,
    program: list[str] | None = None,
) -> AsyncIterator[Bench]:
    """Start everything, and leave nothing behind.

    `settings` change those of the replicas; `program` is run in place of `python -m app http`.
    """
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="portkey-admin-mcp-faults-")))
        redis = _redis(folder)
        sandbox = _sandbox(folder)
        to_redis = await stack.enter_async_context(Relay(redis.port).running())
        to_sandbox = await stack.enter_async_context(Relay(sandbox.port).running())
        wanted = _SETTINGS | {"MCP_SESSION_MODE": mode} | pointing_at(_portkey(to_sandbox), ADMIN_KEY)
        if mode == "stateful":
            wanted["MCP_REDIS_URL"] = f"redis://127.0.0.1:{to_redis.port}/0"
            wanted["MCP_EVENT_STORE"] = "redis"
        wanted |= dict(settings or {})
        all_replicas = [
            _replica(folder, number, wanted, program or command("http")) for number in range(replicas)
        ]
        nginx = _nginx(folder, [one.port for one in all_replicas])
        for group in ([nginx], all_replicas, [sandbox, redis]):
            stack.push_async_callback(together, *(part.aclose for part in group))
        for group in ([redis, sandbox], all_replicas, [nginx]):
            await together(*(part.start for part in group))
        yield Bench(mode, folder, all_replicas, redis, sandbox, nginx, to_redis, to_sandbox)


async def together(*steps: Callable[[], Awaitable[None]]) -> None:
    """Take steps at the same time, all of them to their end."""
    await asyncio.gather(*(step() for step in steps))


def _portkey(relay: Relay) -> str:
    return f"http://127.0.0.1:{relay.port}/v1"


def _redis(folder: Path) -> Part:
    port = free_port()
    binary = shutil.which("redis-server") or "redis-server"
    return Part(
        "redis",
        # As it is shipped: a command is written before it is answered, so it outlives a kill of the process.
        [binary, str(SHIPPED_REDIS), "--bind", "127.0.0.1", "--port", str(port), "--dir", str(folder)],
        port,
        folder / "redis.log",
    )


def _sandbox(folder: Path) -> Part:
    port = free_port()
    settings = {"SANDBOX_PORT": str(port), "SANDBOX_PATH": str(folder / "sandbox.db"), "LOG_FORMAT": "json"}
    return Part(
        "sandbox", command("sandbox"), port, folder / "sandbox.log", settings, probe="/_sandbox/fault"
    )


def _replica(folder: Path, number: int, settings: Mapping[str, str], program: list[str]) -> Part:
    port = free_port()
    name = f"replica {number + 1}"
    log = folder / f"replica-{number + 1}.log"
    return Part(name, program, port, log, {**settings, "MCP_PORT": str(port)}, probe="/ready")


def _nginx(folder: Path, replicas: list[int]) -> Part:
    port = free_port()
    site = SHIPPED.read_text(encoding="utf-8")
    for number, replica in enumerate(replicas, 1):
        site = _with(site, f"server 127.0.0.1:300{number} ", f"server 127.0.0.1:{replica} ")
    site = _with(site, "listen 8080;", f"listen 127.0.0.1:{port};")
    site = _with(site, "keepalive_timeout 4s;", "keepalive_timeout 2s;")
    (folder / "site.conf").write_text(site, encoding="utf-8")
    kept_here = "".join(
        f"    {kind}_temp_path {folder}/{kind};\n"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    user = f"user {getpass.getuser()};\n" if os.geteuid() == 0 else ""
    (folder / "nginx.conf").write_text(
        f"{user}daemon off;\nworker_processes 2;\npid {folder}/nginx.pid;\n"
        f"error_log {folder}/nginx.log warn;\n"
        "worker_shutdown_timeout 10s;\nevents { worker_connections 512; }\n"
        f"http {{\n    access_log off;\n{kept_here}    include {folder}/site.conf;\n}}\n",
        encoding="utf-8",
    )
    program = [path_of("nginx"), "-e", "stderr", "-c", str(folder / "nginx.conf")]
    return Part("nginx", program, port, folder / "nginx.out", probe="/health")


def _with(text: str, old: str, new: str) -> str:
    assert text.count(old) == 1, f"{SHIPPED.name} has no single {old!r} any more."
    return text.replace(old, new)
