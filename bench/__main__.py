"""`python -m bench`: our service next to its peers and to a bare application, interleaved."""

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
from bench.messages import OPERATIONS, TOKEN, Era, Operation, message
from bench.peers import MANY, npm_peer, plain_sdk
from bench.processes import (
    LoadGenerator,
    backend,
    cores,
    cpu_seconds,
    free_port,
    load_generator,
    module,
    post,
    server,
)

RESULTS = Path("bench/results/latest.json")
WARM_UP = 0.5
WARM_UP_CLIENTS = 4
OURS, SDK, NPM = "ours", "SDK", "npm"


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
        _variants(portkey, measured_core, npm=not options.without_npm) as variants,
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
        "--without-npm", action="store_true", help="leave out the npm package, which needs npm"
    )
    parser.add_argument(
        "--output", type=Path, default=RESULTS, help=f"file for the figures (default {RESULTS})"
    )
    return parser.parse_args()


@contextlib.contextmanager
def _variants(portkey: str, core: int | None, *, npm: bool) -> Iterator[list[Variant]]:
    """Start the servers: bare, our service, the bare SDK and the npm package, each in both session modes."""
    with contextlib.ExitStack() as stack:
        port_and_pid = {
            (name, mode): stack.enter_context(start(mode, portkey, core))
            for name, start in ((OURS, _service), (SDK, plain_sdk), *([(NPM, npm_peer)] if npm else []))
            for mode in ("stateless", "stateful")
        }
        listing = stack.enter_context(tempfile.NamedTemporaryFile(prefix="bench-", suffix=".json"))
        listing.write(post(port_and_pid[OURS, "stateless"][0], message("tools/list", "2025")))
        listing.flush()
        port = free_port()
        settings = {"BENCH_PORT": str(port), "BENCH_BACKEND": portkey, "BENCH_LISTING": listing.name}
        bare = stack.enter_context(server(module("bench.bare"), core, settings, port))
        variants = [Variant(report.BARE, port, bare.pid)]
        for (name, mode), where in port_and_pid.items():
            variants.append(Variant(f"{name}, 2025 {mode}", *where, sessions=mode == "stateful"))
            if mode == "stateless" and name != NPM:
                variants.append(Variant(f"{name}, 2026", *where, era="2026"))
        yield variants


@contextlib.contextmanager
def _service(mode: str, portkey: str, core: int | None) -> Iterator[tuple[int, int]]:
    """Start our service as a deployment would, with all its checks; its port and its process id."""
    port = free_port()
    settings = {
        "PORT": str(port),
        "MCP_SESSION_MODE": mode,
        "MCP_AUTH_MODE": "bearer",
        "MCP_AUTH_TOKEN": TOKEN,
        "LOG_FORMAT": "json",
        # The load is more than any limit for one caller; it is counted all the same.
        "RATE_LIMIT_MAX": MANY,
        "MCP_MAX_SESSIONS": MANY,
        "PORTKEY_API_KEY": "pk-bench",
        "PORTKEY_BASE_URL": portkey,
        "PORTKEY_ALLOW_PRIVATE_BASE_URL": "1",
        "PORTKEY_ALLOW_INSECURE_HTTP": "1",
    }
    with server(module("app", "http"), core, settings, port) as started:
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
