"""The product as its operator runs it: a process with an environment, a port, an output and an end."""

from __future__ import annotations

import os
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import httpx2

ROOT = Path(__file__).resolve().parents[2]
START_WITHIN = 30.0
STOP_WITHIN = 15.0
# What the person who runs the tests has set for a service of their own must not reach ours.
OURS = (
    "MCP_",
    "PORTKEY_",
    "SANDBOX_",
    "RATE_LIMIT_",
    "CLERK_",
    "LOG_",
    "PORT",
    "ALLOWED_ORIGINS",
    "REDIS_URL",
)


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "app", *arguments]


def environment(settings: Mapping[str, str]) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
    return {**inherited, "PYTHONUNBUFFERED": "1", **settings}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


@dataclass(frozen=True)
class Running:
    """A started service or sandbox."""

    process: subprocess.Popen[bytes]
    port: int
    log: IO[bytes]
    token: str | None = None
    tls: ssl.SSLContext | None = None

    @property
    def url(self) -> str:
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}"

    @property
    def mcp_url(self) -> str:
        return f"{self.url}/mcp"

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"} if self.token else {}

    def output(self) -> str:
        return Path(self.log.name).read_text(errors="replace")

    def terminate(self) -> None:
        self.process.send_signal(signal.SIGTERM)

    def wait(self, within: float = STOP_WITHIN) -> int:
        return self.process.wait(within)


@contextmanager
def running(
    program: list[str],
    *,
    port: int,
    settings: Mapping[str, str],
    token: str | None = None,
    ready: str = "/health",
    tls: ssl.SSLContext | None = None,
) -> Iterator[Running]:
    """Start a program, wait until it answers at `ready`, and stop it at the end.

    `tls` is what its clients trust, when it speaks HTTPS.
    """
    with tempfile.NamedTemporaryFile(prefix="portkey-admin-mcp-", suffix=".log") as log:
        process = subprocess.Popen(
            program,
            cwd=ROOT,
            env=environment(settings),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        started = Running(process, port, log, token, tls)
        try:
            _wait_until_ready(started, ready)
            yield started
        finally:
            _stop(process)


def _wait_until_ready(started: Running, path: str) -> None:
    deadline = time.monotonic() + START_WITHIN
    # trust_env: a proxy of the machine has no business between two loopback ports.
    with httpx2.Client(
        base_url=started.url, timeout=2, trust_env=False, verify=started.tls or True
    ) as client:
        while time.monotonic() < deadline:
            try:
                client.get(path).raise_for_status()
            except httpx2.HTTPError:
                _pause_unless_ended(started)
            else:
                return
    raise AssertionError(f"No {path} within {START_WITHIN:.0f} s. Its output:\n{started.output()}")


def _pause_unless_ended(started: Running) -> None:
    try:
        code = started.process.wait(0.05)
    except subprocess.TimeoutExpired:
        return
    raise AssertionError(
        f"It ended with exit code {code} before it answered. Its output:\n{started.output()}"
    )


def _stop(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.terminate()
    try:
        process.wait(STOP_WITHIN)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
