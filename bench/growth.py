"""How the figures of tools/call grow with the size of an answer, with clients, sessions and workers."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

from bench.accounts import resident
from bench.lab import Lab, Sample, Variant, say
from bench.messages import message
from bench.options import Options
from bench.processes import backend, post, settle
from bench.servers import BARE, NPM, NPM_STATELESS, OURS_STATEFUL, bare, service, variants
from bench.summary import summary

SIZES = (1024, 10 * 1024, 100 * 1024, 512 * 1024, 2 * 1024 * 1024)
CLIENTS = (1, 2, 4, 8, 16, 32, 64, 128, 256)
SESSIONS = (1, 10, 100, 1_000, 3_000, 10_000)
WORKERS = (1, 2)
FEW = 16
MOST_ROUNDS = 2
OPENING_WITHIN = 120.0
LARGE_RESULTS: Final = {"MCP_MAX_RESULT_SIZE": "8mb"}
"""A result is cut at 100 KB by default."""
Curves = dict[tuple[str, int], list[Sample]]


def run(lab: Lab, options: Options) -> dict[str, Any]:
    """Measure each curve; one row for each point, `x` being what grows."""
    return {
        "clients_elsewhere": FEW,
        "sizes": _rows(sizes(lab, options)),
        "clients": _rows(clients(lab, options)),
        "sessions": sessions(lab, options),
        "workers": _rows(workers(lab, options)),
    }


def sizes(lab: Lab, options: Options) -> Curves:
    """Answers of Portkey from 1 KB to 2 MB, passed on whole: each twice, as data and as text."""
    curves: Curves = {}
    for size in SIZES:
        say(f"growth: answers of {size // 1024} KB")
        with (
            backend(lab.measuring_core, size=size) as portkey,
            variants(portkey, lab.measured_core, (), LARGE_RESULTS) as servers,
        ):
            for variant in servers:
                lab.warm_up(variant)
                if not variant.sessions:
                    passed = len(post(variant.port, message("tools/call", variant.era)))
                    if passed < 2 * size:
                        lab.problems.append(f"{variant.name}: {passed} bytes for an answer of {size}")
            _measure(lab, options, curves, servers, size, [FEW])
    return curves


def clients(lab: Lab, options: Options) -> Curves:
    """More and more clients, each with one request at a time."""
    curves: Curves = {}
    with (
        backend(lab.measuring_core) as portkey,
        variants(portkey, lab.measured_core, (NPM,) if options.npm else ()) as servers,
    ):
        # The npm package's stateless mode makes so few calls that many clients only wait longer.
        asked = [variant for variant in servers if variant.name != NPM_STATELESS]
        for variant in asked:
            lab.warm_up(variant)
        say("growth: clients")
        _measure(lab, options, curves, asked, None, CLIENTS)
    return curves


def sessions(lab: Lab, options: Options) -> list[dict[str, Any]]:
    """More and more open sessions that nobody uses, while a few clients call in theirs."""
    rows = []
    with (
        backend(lab.measuring_core) as portkey,
        service("stateful", portkey, lab.measured_core) as (port, pid),
    ):
        settle([pid])
        variant = Variant(OURS_STATEFUL, port, pid, sessions=True)
        lab.warm_up(variant)
        already = 0
        for count in SESSIONS:
            say(f"growth: {count} sessions")
            more = count - already
            lab.sample(variant, "initialize", min(FEW, more), OPENING_WITHIN, most=more, keep=True)
            already = count
            samples = _repeat(options, lambda: lab.sample(variant, "tools/call", FEW, options.seconds))
            row = {"server": OURS_STATEFUL, "x": count, **summary(samples), "bytes": resident(pid)}
            rows.append(row)
    return rows


def workers(lab: Lab, options: Options) -> Curves:
    """One worker and two, next to one bare process, all on all cores, which the clients need as well."""
    curves: Curves = {}
    for number in WORKERS:
        say(f"growth: MCP_WORKERS={number}")
        # Workers need a store of events that they share, or none.
        settings = {"MCP_WORKERS": str(number), "MCP_EVENT_STORE": "off"}
        with (
            backend(lab.measuring_core) as portkey,
            service("stateless", portkey, None, settings) as ours,
            bare(portkey, None) as other,
        ):
            settle([ours[1], other[1]])
            asked = [Variant(f"ours, {number} worker{'s' * (number > 1)}", *ours, era="2026")]
            if number == WORKERS[0]:
                asked.insert(0, Variant(BARE, *other))
            for variant in asked:
                lab.warm_up(variant)
            _measure(lab, options, curves, asked, None, CLIENTS[::2])
    return curves


def _measure(
    lab: Lab,
    options: Options,
    curves: Curves,
    servers: Sequence[Variant],
    x: int | None,
    numbers: Iterable[int],
) -> None:
    """Measure the servers in turn with each number of clients, which is `x` unless that is given."""
    for _, number, variant in itertools.product(range(_rounds(options)), numbers, servers):
        point = (variant.name, number if x is None else x)
        curves.setdefault(point, []).append(lab.sample(variant, "tools/call", number, options.seconds))


def _repeat(options: Options, measure: Callable[[], Sample]) -> list[Sample]:
    return [measure() for _ in range(_rounds(options))]


def _rounds(options: Options) -> int:
    """Curves have many points next to each other, so that a stray one is seen: fewer rounds will do."""
    return min(options.rounds, MOST_ROUNDS)


def _rows(curves: Curves) -> list[dict[str, Any]]:
    return [{"server": server, "x": x, **summary(samples)} for (server, x), samples in curves.items()]
