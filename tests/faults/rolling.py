"""A rolling restart under load: every call has a result, and every session lives on."""

from __future__ import annotations

import asyncio
import random
import sys

from tests.end_to_end.services import SessionMode
from tests.faults.bench import bench
from tests.faults.chaos import CLIENTS, Outcome, answers_again, held_by, swarm
from tests.faults.clients import Caller
from tests.faults.ledger import Ledger
from tests.faults.schedule import restart

PAUSE = 0.05


async def rolling_restart(
    mode: SessionMode, *, rounds: int, seed: int, clients: int = CLIENTS
) -> tuple[Outcome, list[int]]:
    """Restart all replicas one after the other, `rounds` times. Also the exit codes."""
    rng = random.Random(seed)
    ledger = Ledger()
    async with bench(mode) as parts, swarm(parts, ledger, clients, rng) as callers:
        over = asyncio.Event()
        working = [asyncio.create_task(_work_until(over, caller)) for caller in callers]
        codes = [await restart(one) for _ in range(rounds) for one in parts.replicas]
        over.set()
        await asyncio.gather(*working)
        for caller in callers:
            await answers_again(caller, ledger)
        return Outcome(mode, ledger.verdict(await held_by(parts)), None), codes


async def _work_until(over: asyncio.Event, caller: Caller) -> None:
    while not over.is_set():
        await caller.work(1, PAUSE)


def main(rounds: int, seed: int, modes: tuple[SessionMode, ...]) -> int:
    """Run it in each mode, print the tables, and return 0 when nothing failed."""
    sound = True
    for mode in modes:
        outcome, codes = asyncio.run(rolling_restart(mode, rounds=rounds, seed=seed))
        sys.stdout.write(f"{len(codes)} restarts, exit codes {sorted(set(codes))}\n{outcome.report()}\n\n")
        sound = sound and outcome.balance.is_sound and not outcome.balance.failures and not any(codes)
    return 0 if sound else 1
