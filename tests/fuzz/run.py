"""Runs the targets: so many inputs each, from a seed, and counts what was answered."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from hypothesis import HealthCheck, Phase, given, seed, settings
from starlette.applications import Starlette

from tests.fuzz.harness import DEADLINE, Input, ServiceName, ask, open_session, running_services
from tests.fuzz.targets import TARGETS
from tests.fuzz.wire import Wire, converse


@dataclass
class Tally:
    """What became of one target's inputs."""

    inputs: int = 0
    seconds: float = 0.0
    statuses: Counter[int] = field(default_factory=Counter)


class Fuzzer:
    """The services, in a loop of their own that stands still between inputs."""

    def __init__(
        self, runner: asyncio.Runner, applications: dict[ServiceName, Starlette], session: bytes
    ) -> None:
        self._runner = runner
        self._applications = applications
        self._session = session

    def run(self, target: str, *, inputs: int, from_seed: int) -> Tally:
        """Send `inputs` different requests of a target.

        Raises:
            AssertionError: One led to something else than a good answer or a clean refusal; hypothesis prints
                the smallest such input.
        """
        tally = Tally()

        @seed(from_seed)
        @settings(
            max_examples=inputs,
            database=None,
            deadline=None,
            phases=[Phase.generate, Phase.shrink],
            suppress_health_check=list(HealthCheck),
            print_blob=False,
        )
        @given(TARGETS[target][0])
        def every(given: Input | Wire) -> None:
            if isinstance(given, Wire):
                status = self._runner.run(converse(self._applications["open"], given))
            else:
                status = self._runner.run(ask(self._applications[given.service], self._in_session(given)))
            tally.inputs += 1
            tally.statuses[status] += 1

        started = time.perf_counter()
        every()
        tally.seconds = time.perf_counter() - started
        return tally

    def _in_session(self, given: Input) -> Input:
        headers = [(name, self._session if text == b"@session" else text) for name, text in given.headers]
        return replace(given, headers=headers)


@contextmanager
def fuzzer() -> Iterator[Fuzzer]:
    """Run the services for the time of the block."""
    with asyncio.Runner() as runner:
        ended = asyncio.Event()
        started: asyncio.Future[dict[ServiceName, Starlette]] = runner.get_loop().create_future()

        async def serve() -> None:
            async with running_services() as applications:
                started.set_result(applications)
                await ended.wait()

        async def start() -> tuple[asyncio.Task[None], dict[ServiceName, Starlette]]:
            serving = asyncio.create_task(serve())
            return serving, await asyncio.wait_for(started, DEADLINE)

        async def stop(serving: asyncio.Task[None]) -> None:
            ended.set()
            await asyncio.wait_for(serving, DEADLINE)

        serving, applications = runner.run(start())
        try:
            yield Fuzzer(runner, applications, runner.run(open_session(applications["sessions"])))
        finally:
            runner.run(stop(serving))
