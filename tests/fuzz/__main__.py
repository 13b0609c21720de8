"""The full run: `python -m tests.fuzz [--inputs 100000] [--seed 1] [--target NAME]`."""

from __future__ import annotations

import argparse
import logging
from typing import Any, NoReturn

import structlog

from tests.fuzz.run import fuzzer
from tests.fuzz.targets import TARGETS


def _drop(*_: Any) -> NoReturn:
    raise structlog.DropEvent


def main() -> None:
    """Run the targets and print a line for each."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--inputs", type=int, default=100_000, help="of all targets together")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--target", choices=TARGETS, help="all of them, if not given")
    given = parser.parse_args()
    structlog.configure(processors=[_drop])
    logging.disable(logging.CRITICAL)
    total, seconds = 0, 0.0
    with fuzzer() as fuzz:
        for target, (_, share) in TARGETS.items():
            if given.target not in {None, target}:
                continue
            inputs = given.inputs if given.target else round(given.inputs * share)
            tally = fuzz.run(target, inputs=inputs, from_seed=given.seed)
            statuses = ", ".join(f"{status}: {count}" for status, count in sorted(tally.statuses.items()))
            print(f"{target:34} {tally.inputs:7} inputs {tally.seconds:6.0f} s   {statuses}", flush=True)
            total += tally.inputs
            seconds += tally.seconds
    print(f"{'all':34} {total:7} inputs {seconds:6.0f} s   seed {given.seed}, every answer clean")


if __name__ == "__main__":
    main()
