"""`python -m bench`: our service next to a bare application that does the same work, interleaved."""

from __future__ import annotations

import argparse
import contextlib
import datetime as dt
import itertools
import os
import platform
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import orjson

from bench import report
from bench.load import Command
from bench.messages import OPERATIONS, Era, Operation, message
from bench.processes import (
    LoadGenerator,
    backend,
    cores,
    cpu_seconds,
    free_port,
    load_generator,
    post,
    server,
)

RESULTS = Path("bench/results/latest.json")
WARM_UP = 0.5
WARM_UP_CLIENTS = 4


@dataclass(frozen=True, slots=True)
class Variant:
    """A server as one kind of client sees it."""

    name: str
    port: int
    pid: int
    era: Era = "2025"
    sessions: bool = False


def main() -> int:
    options = _options()
    measured_core, measuring_core = cores()
    if measuring_core is not None:
        os.sched_setaffinity(0, {measuring_core})
    samples: list[report.Sample] = []
    warm_up = min(WARM_UP, options.seconds)
    with (
        load_generator(measuring_core) as load,
        backend(measuring_core) as portkey,
        _variants(portkey, measured_core) as variants,
    ):
        for variant, operation in itertools.product(variants, OPERATIONS):
            _sample(load, variant, _command(variant, operation, WARM_UP_CLIENTS, warm_up))
        for number in range(options.rounds):
            print(f"round {number + 1} of {options.rounds}", file=sys.stderr)
            for operation, clients, variant in itertools.product(OPERATIONS, options.concurrency, variants):
                samples.append(_sample(load, variant, _command(variant, operation, clients, options.seconds)))
    rows = report.rows(samples)
    print(report.table(rows))
    about = _about(options, pinned=measured_core is not None)
    options.output.parent.mkdir(parents=True, exist_ok=True)
    options.output.write_bytes(orjson.dumps(report.as_json(rows, about), option=orjson.OPT_INDENT_2))
    print(f"\nAlso in {options.output}.", file=sys.stderr)
    return _tell_failures(samples)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--seconds", type=float, default=1.0, help="length of each measurement (default 1)")
    parser.add_argument("--rounds", type=int, default=3, help="how often everything is measured (default 3)")
    parser.add_argument(
        "--concurrency",
        type=lambda text: [int(part) for part in text.split(",")],
        default=[1, 16, 64],
        help="numbers of clients (default 1,16,64)",
    )
    parser.add_argument(
        "--output", type=Path, default=RESULTS, help=f"file for the figures (default {RESULTS})"
    )
    return parser.parse_args()


@contextlib.contextmanager
def _variants(portkey: str, core: int | None) -> Iterator[list[Variant]]:
    """Start the servers: bare, and our service in both session modes."""
    with (
        _service("stateless", portkey, core) as stateless,
        _service("stateful", portkey, core) as stateful,
        tempfile.NamedTemporaryFile(prefix="bench-", suffix=".json") as listing,
    ):
        listing.write(post(stateless[0], message("tools/list", "2025")))
        listing.flush()
        port = free_port()
        settings = {"BENCH_PORT": str(port), "BENCH_BACKEND": portkey, "BENCH_LISTING": listing.name}
        with server(["bench.bare"], core, settings, port) as bare:
            yield [
                Variant(report.BARE, port, bare.pid),
                Variant("2025 stateless", *stateless),
                Variant("2025 stateful", *stateful, sessions=True),
                Variant("2026", *stateless, era="2026"),
            ]


@contextlib.contextmanager
def _service(mode: str, portkey: str, core: int | None) -> Iterator[tuple[int, int]]:
    """Start our service as a deployment would; its port and its process id."""
    port = free_port()
    settings = {
        "PORT": str(port),
        "MCP_SESSION_MODE": mode,
        "LOG_FORMAT": "json",
        # The load comes from one address, and is more than any limit for one.
        "RATE_LIMIT_ENABLED": "false",
        "PORTKEY_API_KEY": "pk-bench",
        "PORTKEY_BASE_URL": portkey,
        "PORTKEY_ALLOW_PRIVATE_BASE_URL": "1",
        "PORTKEY_ALLOW_INSECURE_HTTP": "1",
    }
    with server(["app", "http"], core, settings, port) as started:
        yield port, started.pid


def _command(variant: Variant, operation: Operation, clients: int, seconds: float) -> Command:
    return Command(variant.port, variant.era, variant.sessions, operation, clients, seconds)


def _sample(load: LoadGenerator, variant: Variant, command: Command) -> report.Sample:
    before = cpu_seconds(variant.pid)
    measured = load.measure(command)
    after = cpu_seconds(variant.pid)
    cpu_us = None
    if before is not None and after is not None and measured.requests:
        cpu_us = (after - before) * 1e6 / measured.requests
    return report.Sample(variant.name, command.operation, command.concurrency, measured, cpu_us)


def _about(options: argparse.Namespace, *, pinned: bool) -> dict[str, object]:
    return {
        "date": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
        "python": platform.python_version(),
        "cores chosen": pinned,
        "seconds": options.seconds,
        "rounds": options.rounds,
    }


def _tell_failures(samples: Sequence[report.Sample]) -> int:
    """Name what went wrong: a figure that counts errors as answers is worth nothing."""
    failed = [sample for sample in samples if sample.measured.failures]
    for sample in failed:
        where = f"{sample.operation}, {sample.concurrency} clients, {sample.variant}"
        print(f"{where}: {sample.measured.failures} failed; {sample.measured.failure}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
