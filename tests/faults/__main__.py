"""`python -m tests.faults chaos|rolling|soak`: the long forms, which print their figures."""

from __future__ import annotations

import argparse
import sys

from tests.faults import chaos, rolling, soak

MODES = ("stateful", "stateless")


def main() -> int:
    """Run one of them and return its exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    kinds = parser.add_subparsers(dest="kind", required=True)
    for kind in ("chaos", "rolling"):
        options = kinds.add_parser(kind)
        options.add_argument("--seed", type=int, default=1, help="the same seed gives the same schedule")
        options.add_argument("--mode", choices=MODES, action="append", help="session mode of the replicas")
        if kind == "chaos":
            options.add_argument("--calls", type=int, default=5000, help="in all modes together")
        else:
            options.add_argument("--rounds", type=int, default=3, help="restarts of each replica")
    options = kinds.add_parser("soak")
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--sessions", type=int, default=10_000, help="each with ten calls")
    options.add_argument("--minutes", type=float, default=15.0, help="over which they are spread")
    given = parser.parse_args()
    if given.kind == "soak":
        return soak.main(given.sessions, given.minutes, given.seed)
    modes = tuple(given.mode or MODES)
    if given.kind == "chaos":
        return chaos.main(given.calls, given.seed, modes)
    return rolling.main(given.rounds, given.seed, modes)


if __name__ == "__main__":
    sys.exit(main())
