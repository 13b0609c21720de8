"""Where measuring happens: the load generator, the cores, and what went wrong so far."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field

from bench.load import Command, Measured
from bench.messages import Era, Operation
from bench.processes import LoadGenerator, cores, load_generator

WARM_UP = 0.3
WARM_UP_CLIENTS = 4


@dataclass(frozen=True, slots=True)
class Variant:
    """A server as one kind of client sees it; `pid` is None if its CPU time is not of interest."""

    name: str
    port: int
    pid: int | None
    era: Era = "2025"
    sessions: bool = False


@dataclass(frozen=True, slots=True)
class Sample:
    """One measurement."""

    measured: Measured

    @property
    def cpu_us(self) -> float | None:
        """CPU time that the measured process used for a request; None if unknown."""
        used = self.measured.cpu_seconds
        return None if used is None or not self.measured.requests else used * 1e6 / self.measured.requests

    @property
    def rps(self) -> float:
        return self.measured.requests / self.measured.seconds if self.measured.seconds else 0.0


@dataclass(frozen=True, slots=True)
class Lab:
    """What a part measures with. The cores are None where they cannot be chosen."""

    load: LoadGenerator
    measured_core: int | None
    measuring_core: int | None
    problems: list[str] = field(default_factory=list)

    def warm_up(self, variant: Variant, operation: Operation = "tools/call") -> None:
        self.sample(variant, operation, WARM_UP_CLIENTS, WARM_UP)

    def sample(
        self,
        variant: Variant,
        operation: Operation,
        clients: int,
        seconds: float,
        *,
        most: int = 0,
        keep: bool = False,
        spread: float = 0.0,
    ) -> Sample:
        """Measure once, for a time or until so many requests are answered; note what failed.

        A figure that counts errors as answers is worth nothing: a server that refuses quickly looks fast.
        """
        command = Command(
            variant.port,
            variant.era,
            variant.sessions,
            operation,
            clients,
            seconds,
            most=most,
            keep=keep,
            spread=spread,
            pid=variant.pid,
        )
        measured = self.load.measure(command)
        if measured.failures:
            where = f"{operation}, {clients} clients, {variant.name}"
            self.problems.append(f"{where}: {measured.failures} failed; {measured.failure}")
        return Sample(measured)


@contextlib.contextmanager
def laboratory() -> Iterator[Lab]:
    """Start the load generator; this process and it share a core that is not that of the measured."""
    # Whoever ends the run ends the servers with it.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    measured_core, measuring_core = cores()
    if measuring_core is not None:
        os.sched_setaffinity(0, {measuring_core})
    with load_generator(measuring_core) as load:
        yield Lab(load, measured_core, measuring_core)


def say(text: str) -> None:
    """Tell the person who waits."""
    print(text, file=sys.stderr, flush=True)
