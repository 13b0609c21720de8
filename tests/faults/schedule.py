"""What goes wrong when: a seeded schedule of faults, each with the way back."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from tests.faults.bench import Bench
from tests.faults.parts import Part

EVERY = 2.0
REPLICA_WEIGHT = 3
"""How much more often one thing is done to a replica than to another part."""
_DOWN = (0.3, 1.0)
_FROZEN = (0.5, 2.5)
_APART = (0.3, 1.5)


@dataclass
class Chaos:
    """Does something to a part of the bench every two seconds, until it is told to stop.

    A part is left alone while it is on its way back, and one replica at least is always well: what happens
    when nothing is left is known.

    Attributes:
        log: What was done, with the seconds since the start.
    """

    bench: Bench
    rng: random.Random
    log: list[str] = field(default_factory=list)
    done: Counter[str] = field(default_factory=Counter)
    _ill: set[str] = field(default_factory=set)
    _under_way: set[asyncio.Task[None]] = field(default_factory=set)
    _began: float = 0.0

    async def rage(self, until: asyncio.Event) -> None:
        """Do damage until the event; then wait until all of it is undone."""
        self._began = time.monotonic()
        while not until.is_set():
            self._strike()
            try:
                await asyncio.wait_for(until.wait(), EVERY)
            except TimeoutError:
                continue
        await asyncio.gather(*self._under_way)

    def _strike(self) -> None:
        choices = self._choices()
        if not choices:
            self._note("nothing", "everything is on its way back")
            return
        weights = [REPLICA_WEIGHT if part.startswith("replica") else 1 for part, _, _ in choices]
        [(part, what, act)] = self.rng.choices(choices, weights)
        self._note(part, what)
        self._ill.add(part)
        task = asyncio.create_task(self._do(part, act))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def _do(self, part: str, act: Callable[[], Awaitable[object]]) -> None:
        try:
            await act()
        finally:
            self._ill.discard(part)

    def _note(self, part: str, what: str) -> None:
        self.done[f"{part.split(maxsplit=1)[0]} {what}"] += 1
        self.log.append(f"{time.monotonic() - self._began:6.1f} s  {part}: {what}")

    def _choices(self) -> list[tuple[str, str, Callable[[], Awaitable[object]]]]:
        bench, choices = self.bench, list[tuple[str, str, Callable[[], Awaitable[object]]]]()
        well = [one for one in bench.replicas if one.name not in self._ill]
        if len(well) > 1:
            one = self.rng.choice(well)
            choices += [
                (one.name, "killed", lambda: self._kill(one)),
                (one.name, "frozen", lambda: one.freeze(self.rng.uniform(*_FROZEN))),
                (one.name, "restarted", lambda: restart(one)),
            ]
        if bench.redis.name not in self._ill and bench.mode == "stateful":
            choices += [
                ("redis", "killed", lambda: self._kill(bench.redis)),
                ("redis", "frozen", lambda: bench.redis.freeze(self.rng.uniform(*_FROZEN))),
                ("redis", "cut off", lambda: bench.to_redis.cut(self.rng.uniform(*_APART))),
                ("redis", "out of reach", lambda: bench.to_redis.hold(self.rng.uniform(*_APART))),
            ]
        if bench.sandbox.name not in self._ill:
            choices += [
                ("sandbox", "killed", lambda: self._kill(bench.sandbox)),
                ("sandbox", "frozen", lambda: bench.sandbox.freeze(self.rng.uniform(*_FROZEN))),
                ("sandbox", "cut off", lambda: bench.to_sandbox.cut(self.rng.uniform(*_APART))),
                ("sandbox", "out of reach", lambda: bench.to_sandbox.hold(self.rng.uniform(*_APART))),
            ]
        choices.append(("nginx", "reloaded", self._reload))
        return choices

    async def _kill(self, part: Part) -> None:
        await part.kill()
        await asyncio.sleep(self.rng.uniform(*_DOWN))
        await part.start()

    async def _reload(self) -> None:
        self.bench.reload_nginx()


async def restart(part: Part) -> int:
    """Restart a part in good order; the code that it ended with."""
    code = await part.stop()
    await part.start()
    return code
