"""The chaos run: clients work while parts die, and afterwards the books must balance."""

from __future__ import annotations

import asyncio
import random
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import httpx2

from app.sandbox.keys import ADMIN_KEY
from tests.end_to_end.services import SessionMode
from tests.faults.answers import RetryableError
from tests.faults.bench import TOKEN, Bench, bench
from tests.faults.clients import DEADLINE, Caller, Kind
from tests.faults.ledger import Balance, Ledger
from tests.faults.schedule import Chaos

CLIENTS = 20
PAUSE = 0.3
_RECOVERS_WITHIN = 30.0


@dataclass(frozen=True)
class Outcome:
    """What a run came to, and what was done to the parts."""

    mode: SessionMode
    balance: Balance
    chaos: Chaos | None

    def report(self) -> str:
        done = (
            ", ".join(f"{what} {times}x" for what, times in sorted(self.chaos.done.items()))
            if self.chaos
            else ""
        )
        return f"{self.mode} replicas: {done or 'nothing went wrong'}\n\n{self.balance.table()}"


async def chaos_run(mode: SessionMode, *, calls: int, seed: int, clients: int = CLIENTS) -> Outcome:
    """Make `calls` calls through nginx while something is done to a part every two seconds."""
    rng = random.Random(seed)
    ledger = Ledger()
    async with bench(mode) as parts, swarm(parts, ledger, clients, rng) as callers:
        chaos = Chaos(parts, rng)
        over = asyncio.Event()
        raging = asyncio.create_task(chaos.rage(over))
        await asyncio.gather(*(caller.work(calls // clients, PAUSE) for caller in callers))
        over.set()
        await raging
        await parts.settled()
        for caller in callers:
            await answers_again(caller, ledger)
        return Outcome(mode, ledger.verdict(await held_by(parts)), chaos)


@asynccontextmanager
async def swarm(
    parts: Bench, ledger: Ledger, clients: int, rng: random.Random
) -> AsyncIterator[list[Caller]]:
    """Clients of both eras, each with connections of its own; those of 2025 have sessions where there are."""
    old: Kind = "2025 stateful" if parts.mode == "stateful" else "2025 stateless"
    async with AsyncExitStack() as stack:
        callers = []
        for number in range(clients):
            http = await stack.enter_async_context(httpx2.AsyncClient(trust_env=False, timeout=DEADLINE + 5))
            kind: Kind = "2026" if number % 2 else old
            own = random.Random(rng.random())
            callers.append(Caller(f"{number:02}", kind, parts.url, TOKEN, http, ledger, own))
        yield callers


async def answers_again(caller: Caller, ledger: Ledger) -> None:
    """With everything well again, a session must still be there."""
    if caller.session is None:
        return
    async with asyncio.timeout(_RECOVERS_WITHIN):
        while True:
            try:
                if not await caller.still_answers():
                    ledger.lost_sessions.append(f"{caller.name} after the run")
                return
            except (RetryableError, httpx2.TransportError):
                if caller.session is None:
                    return
                await asyncio.sleep(0.2)  # the breaker of a part may still be open


async def held_by(parts: Bench) -> Counter[str]:
    """How often the sandbox holds each name, asked directly."""
    held: Counter[str] = Counter()
    async with httpx2.AsyncClient(trust_env=False, headers={"x-portkey-api-key": ADMIN_KEY}) as http:
        url = f"http://127.0.0.1:{parts.sandbox.port}/v1/configs"
        page = 0
        while True:
            answer = (
                (await http.get(url, params={"page_size": 100, "current_page": page}))
                .raise_for_status()
                .json()
            )
            held.update(entry["name"] for entry in answer["data"])
            page += 1
            if not answer["data"]:
                return held


def main(calls: int, seed: int, modes: tuple[SessionMode, ...]) -> int:
    """Run it in each mode, print the tables, and return 0 when the books balance."""
    sound = True
    for mode in modes:
        outcome = asyncio.run(chaos_run(mode, calls=calls // len(modes), seed=seed))
        sys.stdout.write(f"{outcome.report()}\n\n")
        sys.stdout.flush()
        sound = sound and outcome.balance.is_sound
    return 0 if sound else 1
