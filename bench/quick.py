"""`python -m bench.quick`: fails if a request costs 15 % more than recorded, relative to bare.

The cost is CPU time of the process. About a minute; what looks worse is measured again, twice at most, and
the best measurement counts.
"""

from __future__ import annotations

import argparse
import itertools
import statistics
import sys
from collections.abc import Sequence

from bench import recorded
from bench.lab import Lab, Variant, laboratory, say
from bench.messages import OPERATIONS, Operation
from bench.processes import backend
from bench.servers import variants

CLIENTS = 16
SECONDS = 0.15
ROUNDS = 12
ATTEMPTS = 3
Point = tuple[Operation, Variant]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.quick", description=__doc__)
    parser.add_argument("--record", action="store_true", help=f"write {recorded.FILE.name} instead")
    record = parser.parse_args().record
    with (
        laboratory() as lab,
        backend(lab.measuring_core) as portkey,
        variants(portkey, lab.measured_core, ()) as (bare, *ours),
    ):
        for variant, operation in itertools.product((bare, *ours), OPERATIONS):
            lab.warm_up(variant, operation)
        points = list(itertools.product(OPERATIONS, ours))
        if record:
            _record(lab, bare, points)
        known = recorded.read()
        ratios = _ratios(lab, bare, points)
        for _ in range(ATTEMPTS - 1):
            again = [point for point in points if _name(point) in recorded.worse(ratios, known)]
            if not again:
                break
            say(f"Once more: {'; '.join(map(_name, again))}")
            for name, ratio in _ratios(lab, bare, again).items():
                ratios[name] = min(ratio, ratios[name])
    for name, ratio in ratios.items():
        print(f"{name:36} {ratio:6.2f}   recorded {known.get(name, 0):6.2f}")
    failures = [*recorded.worse(ratios, known).values(), *lab.problems]
    for failure in failures:
        say(f"FAILED  {failure}")
    return 1 if failures else 0


def _record(lab: Lab, bare: Variant, points: Sequence[Point]) -> None:
    """Write the medians of as many measurements as a check makes at most."""
    measured = [_ratios(lab, bare, points) for _ in range(ATTEMPTS)]
    recorded.write({name: statistics.median(one[name] for one in measured) for name in measured[0]})


def _ratios(lab: Lab, bare: Variant, points: Sequence[Point]) -> dict[str, float]:
    """CPU time for a request of ours as a multiple of that for a tools/call of bare.

    Of bare's operations this is the one that varies least: how many of its cheaper requests it takes from the
    system at once is chance. It has its turn before those of each operation, in each round.
    """
    used: dict[Point, list[float]] = {}
    for _ in range(ROUNDS):
        for _, group in itertools.groupby(points, key=lambda point: point[0]):
            for point in (("tools/call", bare), *group):
                used.setdefault(point, []).append(_cost(lab, point))
    unit = recorded.typical(used["tools/call", bare])
    return {_name(point): recorded.typical(used[point]) / unit for point in points}


def _cost(lab: Lab, point: Point) -> float:
    operation, variant = point
    cpu_us = lab.sample(variant, operation, CLIENTS, SECONDS).cpu_us
    if cpu_us is None:
        sys.exit(
            "\n".join(lab.problems) or "This needs CPU times of other processes, which only Linux tells."
        )
    return cpu_us


def _name(point: Point) -> str:
    operation, variant = point
    return f"{operation}, {variant.name}"


if __name__ == "__main__":
    sys.exit(main())
