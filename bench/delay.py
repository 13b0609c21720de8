"""What a server adds to a Portkey that takes its time.

Added is the latency through a server less that of a client that asks the stand-in directly, in the same
round with as many connections: the stand-in's timer and the load generator are in both. The clients begin
one after the other, as people do: all at once, they would wait for each other in every server.
"""

from __future__ import annotations

import itertools
import statistics
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from bench.lab import Lab, Sample, Variant, say
from bench.options import Options
from bench.processes import backend
from bench.servers import NPM, variants
from bench.summary import summary

DELAY_MS = 50
CLIENTS = (16, 64)
ANSWERS = 15
"""Answers that each client gets at least, as long as the server keeps up."""
DIRECT = "direct, no server"


def run(lab: Lab, options: Options) -> dict[str, Any]:
    """Measure tools/call; one row for each number of clients and server."""
    samples: dict[tuple[int, str], list[Sample]] = {}
    peers = (NPM,) if options.npm else ()
    with (
        backend(lab.measuring_core, delay_ms=DELAY_MS) as portkey,
        variants(portkey, lab.measured_core, peers) as servers,
    ):
        everyone = [_direct(portkey), *servers]
        for variant in everyone:
            lab.warm_up(variant)
        for number in range(options.rounds):
            say(f"delay: round {number + 1} of {options.rounds}")
            for clients, variant in itertools.product(CLIENTS, everyone):
                seconds = max(options.seconds, ANSWERS * DELAY_MS / 1000)
                sample = lab.sample(variant, "tools/call", clients, seconds, spread=DELAY_MS / 1000)
                samples.setdefault((clients, variant.name), []).append(sample)
    return {
        "delay_ms": DELAY_MS,
        "rows": [
            {"clients": clients, "server": server, **summary(own), **added(own, samples[clients, DIRECT])}
            for (clients, server), own in samples.items()
        ],
    }


def _direct(portkey: str) -> Variant:
    port = urlsplit(portkey).port
    assert port
    return Variant(DIRECT, port, None, era="plain")


def added(own: Sequence[Sample], direct: Sequence[Sample]) -> dict[str, float]:
    """How much longer it took than the stand-in itself, in ms: the median over the rounds."""
    pairs = [
        (mine.measured, other.measured)
        for mine, other in zip(own, direct, strict=True)
        if mine.measured.requests and other.measured.requests
    ]
    if not pairs:
        return {}
    return {
        "added_p50_ms": statistics.median(mine.p50 - other.p50 for mine, other in pairs),
        "added_p99_ms": statistics.median(mine.p99 - other.p99 for mine, other in pairs),
    }
