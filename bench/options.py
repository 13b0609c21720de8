"""What a run can be told."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

PARTS = ("table", "delay", "memory", "cold", "growth")
PUBLISHED = Path(__file__).resolve().parents[1] / "docs" / "performance" / "figures.json"
"""The figures that docs/performance.md shows."""


@dataclass(frozen=True, slots=True)
class Options:
    """The sizes of a run, see `--help`."""

    parts: tuple[str, ...]
    seconds: float
    rounds: int
    clients: tuple[int, ...]
    memory_calls: int
    starts: int
    npm: bool
    output: Path


def parse(arguments: Sequence[str] | None = None) -> Options:
    parser = argparse.ArgumentParser(
        prog="python -m bench",
        description="Our service next to its peers and to a bare application, interleaved.",
    )
    parser.add_argument(
        "--part", choices=PARTS, action="append", help="measure this alone; may be repeated (default: all)"
    )
    parser.add_argument(
        "--seconds", type=float, default=0.5, help="length of each measurement (default %(default)s)"
    )
    parser.add_argument(
        "--rounds", type=int, default=3, help="how often each is measured (default %(default)s)"
    )
    parser.add_argument(
        "--clients",
        type=lambda text: tuple(int(part) for part in text.split(",")),
        default=(1, 16, 64),
        help="numbers of clients in the table (default 1,16,64)",
    )
    parser.add_argument(
        "--memory-calls",
        type=int,
        default=20_000,
        help="calls between the two looks at the memory (default %(default)s)",
    )
    parser.add_argument(
        "--starts", type=int, default=10, help="how often each program is started (default %(default)s)"
    )
    parser.add_argument(
        "--without-npm", action="store_true", help="leave out the npm package, which needs npm"
    )
    parser.add_argument(
        "--output",
        type=Path,
        default=PUBLISHED,
        help="file for the figures; docs/performance.md is written anew only without this option",
    )
    given = parser.parse_args(arguments)
    return Options(
        parts=tuple(given.part or PARTS),
        seconds=given.seconds,
        rounds=given.rounds,
        clients=given.clients,
        memory_calls=given.memory_calls,
        starts=given.starts,
        npm=not given.without_npm,
        output=given.output,
    )
