"""The soak: sessions are opened and left, calls are made, and afterwards nothing of it may be left.

Linux only: memory and file descriptors of the replicas are read from /proc.
"""

from __future__ import annotations

import asyncio
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, fields
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx2
from redis.asyncio import Redis

from tests.end_to_end import wire
from tests.faults.bench import REPLICAS, TOKEN, Bench, bench
from tests.faults.clients import Caller
from tests.faults.ledger import Ledger
from tests.faults.parts import Part

IDLE_TIMEOUT = 15.0
"""Seconds after which a session that was left ends."""
CALLS_PER_SESSION = 10
AT_ONCE = 16
_SETTLES_WITHIN = 120.0
_PROGRAM = [sys.executable, "-m", "tests.faults.soak_service"]
_JSON = {"Accept": "application/json, text/event-stream", "MCP-Protocol-Version": wire.VERSIONS["2025"]}
_SETTINGS = {
    "MCP_SESSION_TIMEOUT": str(int(IDLE_TIMEOUT * 1000)),
    "MCP_EVENT_TTL_SECONDS": "15",
    "MCP_MAX_SESSIONS": "5000",
    # All of them are opened by one caller.
    "MCP_MAX_SESSIONS_PER_PRINCIPAL": "5000",
}


@dataclass(frozen=True)
class Figures:
    """What the replicas have together, what Redis holds, and how many sessions a replica knows of at most."""

    memory_mib: float
    tasks: int
    file_descriptors: int
    redis_keys: int
    sessions: int


@dataclass(frozen=True)
class Outcome:
    """What a soak came to."""

    sessions: int
    calls: int
    failures: Counter[str]
    seconds: float
    baseline: Figures
    peak: Figures
    end: Figures

    def table(self) -> str:
        failed = (
            ", ".join(f"{kind} {count:,}x" for kind, count in self.failures.most_common()) or "none failed"
        )
        lines = [
            f"{self.sessions:,} sessions opened and left in {self.seconds:,.0f} s",
            f"{self.calls:,} calls, {failed}",
            "",
            f"{'':<18}{'baseline':>10}{'peak':>10}{'end':>10}",
        ]
        for each in fields(Figures):
            name = each.name.replace("_", " ").replace("mib", "(MiB)")
            values = (getattr(figures, each.name) for figures in (self.baseline, self.peak, self.end))
            lines.append(f"{name:<18}" + "".join(f"{value:>10,}" for value in values))
        return "\n".join(lines)

    @property
    def is_sound(self) -> bool:
        """Whether all went back to the baseline; memory but for a fifth, as allocators keep what they had."""
        return (
            not self.failures
            and not self.end.sessions
            and self.end.tasks <= self.baseline.tasks
            # Each replica keeps, in its pools, as many connections as there were clients at once.
            and self.end.file_descriptors <= self.baseline.file_descriptors + AT_ONCE * REPLICAS
            and self.end.redis_keys <= self.baseline.redis_keys
            and self.end.memory_mib <= 1.2 * self.baseline.memory_mib
        )


async def soak(*, sessions: int, seconds: float, replicas: int = REPLICAS, seed: int = 1) -> Outcome:
    """Open `sessions` sessions within `seconds`, with `CALLS_PER_SESSION` calls for each, and leave them."""
    with TemporaryDirectory(prefix="portkey-admin-mcp-tasks-") as folder:
        settings = _SETTINGS | {"TASKS_FOLDER": folder}
        async with bench("stateful", replicas=replicas, settings=settings, program=_PROGRAM) as parts:
            scale = Scale(parts, Path(folder))
            rng = random.Random(seed)
            # What a process keeps for good, such as pools and caches, belongs to the baseline.
            await visits(parts, Ledger(), sessions=max(AT_ONCE, sessions // 20), seconds=0, rng=rng)
            baseline = await scale.settled()
            ledger = Ledger()
            began = time.monotonic()
            async with scale.watching() as peaks:
                await visits(parts, ledger, sessions=sessions, seconds=seconds, rng=rng)
            took = time.monotonic() - began
            failures = Counter(ended for call in ledger.calls if (ended := call.failure or call.violation))
            return Outcome(
                sessions, len(ledger.calls), failures, took, baseline, peaks[0], await scale.settled()
            )


async def visits(parts: Bench, ledger: Ledger, *, sessions: int, seconds: float, rng: random.Random) -> None:
    """Have `AT_ONCE` clients open sessions, evenly over the time, and leave them as they are."""
    numbers = iter(range(sessions))
    began = time.monotonic()

    async def client() -> None:
        async with httpx2.AsyncClient(trust_env=False, timeout=30) as http:
            for number in numbers:
                await asyncio.sleep(max(0.0, began + seconds * number / sessions - time.monotonic()))
                await _visit(parts, http, ledger, number, random.Random(rng.random()))

    await asyncio.gather(*(client() for _ in range(AT_ONCE)))


async def _visit(
    parts: Bench, http: httpx2.AsyncClient, ledger: Ledger, number: int, rng: random.Random
) -> None:
    name = f"{number:05}"
    old = Caller(name, "2025 stateful", parts.url, TOKEN, http, ledger, rng, write_share=0)
    new = Caller(name, "2026", parts.url, TOKEN, http, ledger, rng, write_share=0)
    for _ in range(CALLS_PER_SESSION // 2):
        await old.call_once()
        await new.call_once()
    if number % 5 == 0 and old.session:
        await _open_stream_and_vanish(parts.url, old.session)


async def _open_stream_and_vanish(url: str, session: str) -> None:
    headers = {
        "Accept": "text/event-stream",
        "Authorization": f"Bearer {TOKEN}",
        "MCP-Protocol-Version": wire.VERSIONS["2025"],
        "Mcp-Session-Id": session,
    }
    async with (
        httpx2.AsyncClient(trust_env=False) as http,
        http.stream("GET", url, headers=headers) as stream,
    ):
        stream.raise_for_status()


@dataclass(frozen=True)
class Scale:
    """Weighs the bench."""

    parts: Bench
    folder: Path

    async def weigh(self) -> Figures:
        async with httpx2.AsyncClient(trust_env=False, timeout=30) as http:
            ready = [await _ready(http, one) for one in self.parts.replicas]
        async with Redis(port=self.parts.redis.port) as redis:
            keys = int(await redis.dbsize())
        replicas = self.parts.replicas
        return Figures(
            memory_mib=round(sum(_memory(one) for one in replicas), 1),
            tasks=sum([await self._tasks(one) for one in replicas]),
            file_descriptors=sum(len(list(_of(one).joinpath("fd").iterdir())) for one in replicas),
            redis_keys=keys,
            sessions=max(one["sessions"] for one in ready),
        )

    async def settled(self) -> Figures:
        """Weigh when the sessions have ended, and nothing becomes less any more."""
        deadline = time.monotonic() + _SETTLES_WITHIN
        before = await self.weigh()
        while True:
            await asyncio.sleep(IDLE_TIMEOUT / 3)  # so long must nothing have changed
            now = await self.weigh()
            rests = (now.tasks, now.file_descriptors, now.redis_keys) == (
                before.tasks,
                before.file_descriptors,
                before.redis_keys,
            )
            if (not now.sessions and rests) or time.monotonic() > deadline:
                return now
            before = now

    @asynccontextmanager
    async def watching(self) -> AsyncIterator[list[Figures]]:
        """Note the most of each figure, in the one item of the list."""
        peaks = [await self.weigh()]

        async def watch() -> None:
            while True:
                await asyncio.sleep(5)
                now = await self.weigh()
                peaks[0] = Figures(
                    *(max(getattr(peaks[0], each.name), getattr(now, each.name)) for each in fields(Figures))
                )

        watcher = asyncio.create_task(watch())
        try:
            yield peaks
        finally:
            watcher.cancel()
            with suppress(asyncio.CancelledError):
                await watcher

    async def _tasks(self, replica: Part) -> int:
        file = self.folder / str(replica.port)
        file.unlink(missing_ok=True)
        replica.signal(signal.SIGUSR1)
        async with asyncio.timeout(20):
            while not file.exists():  # noqa: ASYNC110 - another process writes it
                await asyncio.sleep(0.02)
        return int(file.read_text())


async def _ready(http: httpx2.AsyncClient, replica: Part) -> dict[str, Any]:
    url = f"http://127.0.0.1:{replica.port}"
    # A replica knows how many sessions there are from the last time that it asked for one.
    asking = {"Authorization": f"Bearer {TOKEN}", "Mcp-Session-Id": "0" * 32, **_JSON}
    await http.post(f"{url}/mcp", json={"jsonrpc": "2.0", "id": 1, "method": "ping"}, headers=asking)
    ready: dict[str, Any] = (await http.get(f"{url}/ready")).json()
    return ready


def _of(part: Part) -> Path:
    assert part.process is not None
    return Path(f"/proc/{part.process.pid}")


def _memory(part: Part) -> float:
    status = _of(part).joinpath("status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1]) / 1024


def main(sessions: int, minutes: float, seed: int) -> int:
    """Run it, print the figures, and return 0 when they are back where they were."""
    outcome = asyncio.run(soak(sessions=sessions, seconds=minutes * 60, seed=seed))
    sys.stdout.write(f"{outcome.table()}\n")
    return 0 if outcome.is_sound else 1
