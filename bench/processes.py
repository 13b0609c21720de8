"""The processes of a run: who is measured has one core, who measures has the other."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO

import orjson

from bench.accounts import cpu_seconds
from bench.load import Command, Measured
from bench.messages import Message

ROOT = Path(__file__).resolve().parents[1]
NOT_DEPLOYED = ROOT / "bench" / "not_deployed"
"""Hides packages that development alone brings."""
START_WITHIN = 30.0
PAUSE = 0.05
SETTLED_WITHIN = 15.0
QUIET = 0.5
IDLE_SHARE = 0.02
"""Share of a core that an idle process may use."""
ALL_CORES = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else None
"""Those this process had when it began, before it chose one."""


def cores() -> tuple[int | None, int | None]:
    """The core of the measured and the core of the measuring; (None, None) where that cannot be chosen."""
    if not hasattr(os, "sched_setaffinity"):
        return None, None
    available = sorted(os.sched_getaffinity(0))
    return (available[0], available[1]) if len(available) > 1 else (None, None)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def module(*arguments: str) -> list[str]:
    """The command that runs a module of this project, such as "app", "http"."""
    return [sys.executable, "-m", *arguments]


@contextlib.contextmanager
def process(
    command: Sequence[str], core: int | None, settings: Mapping[str, str], log: IO[bytes]
) -> Iterator[subprocess.Popen[bytes]]:
    """Start a program on a core (None: on all), with its error output in a file; terminate it at the end."""
    started = subprocess.Popen(
        command,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(NOT_DEPLOYED), **settings},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=log,
    )
    try:
        if ALL_CORES:
            # Set in any case: it would have the one core of this process.
            os.sched_setaffinity(started.pid, ALL_CORES if core is None else {core})
        yield started
    finally:
        started.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            started.wait(15)
        started.kill()
        started.communicate()


@contextlib.contextmanager
def server(
    command: Sequence[str], core: int | None, settings: Mapping[str, str], port: int
) -> Iterator[subprocess.Popen[bytes]]:
    """Start an HTTP server and wait until it answers."""
    with (
        tempfile.NamedTemporaryFile(prefix="bench-", suffix=".log") as log,
        process(command, core, settings, log) as started,
    ):
        deadline = time.monotonic() + START_WITHIN
        while not _answers(port):
            if started.poll() is not None or time.monotonic() > deadline:
                sys.exit(f"{' '.join(command)} does not answer:\n{Path(log.name).read_text()}")
            time.sleep(PAUSE)
        yield started


def _answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=2):
            return True
    except urllib.error.HTTPError:
        return True  # the bare application knows no /health, and says so
    except OSError:
        return False


def settle(pids: Iterable[int]) -> None:
    """Wait until these processes have done what they began at their start, 15 seconds at most."""
    watched = list(pids)
    deadline = time.monotonic() + SETTLED_WITHIN
    used = sum(cpu_seconds(pid) or 0.0 for pid in watched)
    while time.monotonic() < deadline:
        time.sleep(QUIET)
        before, used = used, sum(cpu_seconds(pid) or 0.0 for pid in watched)
        if used - before < IDLE_SHARE * QUIET * len(watched):
            return


def post(port: int, message: Message) -> bytes:
    """Send one message; the answer, out of its event stream if it came in one."""
    request = urllib.request.Request(f"http://127.0.0.1:{port}/mcp", message.body, dict(message.headers))
    with urllib.request.urlopen(request, timeout=10) as response:  # noqa: S310 - our own
        body: bytes = response.read()
    data = [line[5:] for line in body.splitlines() if line.startswith(b"data:")]
    return data[-1] if data else body


@contextlib.contextmanager
def backend(core: int | None, *, delay_ms: int = 0, size: int = 2048) -> Iterator[str]:
    """Start the stand-in for Portkey, with answers of so many bytes after so long; its base URL."""
    command = module("bench.backend", f"--delay-ms={delay_ms}", f"--size={size}")
    with process(command, core, {}, sys.stderr.buffer) as started:
        assert started.stdout
        yield f"http://127.0.0.1:{int(started.stdout.readline())}/v1"


class LoadGenerator:
    """The process that asks."""

    def __init__(self, started: subprocess.Popen[bytes]) -> None:
        self._process = started

    def measure(self, command: Command) -> Measured:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(orjson.dumps(command) + b"\n")
        self._process.stdin.flush()
        return Measured(**orjson.loads(self._process.stdout.readline()))


@contextlib.contextmanager
def load_generator(core: int | None) -> Iterator[LoadGenerator]:
    with process(module("bench.load"), core, {}, sys.stderr.buffer) as started:
        yield LoadGenerator(started)
