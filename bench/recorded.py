"""The ratios that were recorded, and whether those of now are worse."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path

import orjson

FILE = Path(__file__).with_name("recorded.json")
ALLOWED = 0.15
"""How much worse than recorded is still taken for chance."""
Ratios = Mapping[str, float]


def read() -> dict[str, float]:
    ratios: dict[str, float] = orjson.loads(FILE.read_bytes())
    return ratios


def write(ratios: Ratios) -> None:
    rounded = {name: round(ratio, 3) for name, ratio in ratios.items()}
    FILE.write_bytes(orjson.dumps(rounded, option=orjson.OPT_INDENT_2) + b"\n")


def typical(costs: Sequence[float]) -> float:
    """The mean of the lower half: what else runs on the machine makes a request dearer, never cheaper."""
    return statistics.fmean(sorted(costs)[: max(1, len(costs) // 2)])


def worse(now: Ratios, known: Ratios) -> dict[str, str]:
    """Each ratio that is 15 % worse than the known one, or unknown, with a sentence that says so."""
    found = {}
    for name, ratio in now.items():
        if name not in known:
            found[name] = f"{name}: not recorded. make bench-quick ARGS=--record"
        elif ratio >= known[name] * (1 + ALLOWED):
            percent = (ratio / known[name] - 1) * 100
            found[name] = (
                f"{name}: {ratio:.2f} times the CPU time of bare's tools/call, {percent:.0f} % more than the"
                f" {known[name]:.2f} recorded"
            )
    return found
