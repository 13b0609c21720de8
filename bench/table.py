"""The table: three operations, several numbers of clients, all servers in turn."""

from __future__ import annotations

import itertools
from typing import Any

from bench.lab import Lab, Sample, say
from bench.messages import OPERATIONS, Operation
from bench.options import Options
from bench.processes import backend
from bench.servers import BARE, NPM, NPM_STATEFUL, NPM_STATELESS, SDK, variants
from bench.summary import p99, ratio, rps, summary

SDK_CLIENTS = 16
"""The bare SDK is there to tell its share from ours, for which one number of clients is enough."""
Samples = dict[tuple[Operation, int, str], list[Sample]]


def run(lab: Lab, options: Options) -> dict[str, Any]:
    """Measure; one row for each operation, number of clients and server."""
    samples: Samples = {}
    peers = (SDK, NPM) if options.npm else (SDK,)
    with (
        backend(lab.measuring_core) as portkey,
        variants(portkey, lab.measured_core, peers) as servers,
    ):
        for variant, operation in itertools.product(servers, OPERATIONS):
            lab.warm_up(variant, operation)
        for number in range(options.rounds):
            say(f"table: round {number + 1} of {options.rounds}")
            for operation, clients, variant in itertools.product(OPERATIONS, options.clients, servers):
                if variant.name.startswith(SDK) and clients != SDK_CLIENTS:
                    continue
                sample = lab.sample(variant, operation, clients, options.seconds)
                samples.setdefault((operation, clients, variant.name), []).append(sample)
    return {"rows": rows(samples)}


def rows(samples: Samples) -> list[dict[str, Any]]:
    return [
        {
            "operation": operation,
            "clients": clients,
            "server": server,
            **summary(own),
            "of_bare": ratio(own, samples.get((operation, clients, BARE)), rps),
            "of_npm_stateful": ratio(own, samples.get((operation, clients, NPM_STATEFUL)), rps),
            "of_npm_stateless": ratio(own, samples.get((operation, clients, NPM_STATELESS)), rps),
            "p99_of_bare": ratio(own, samples.get((operation, clients, BARE)), p99),
            "p99_of_npm_stateful": ratio(own, samples.get((operation, clients, NPM_STATEFUL)), p99),
        }
        for (operation, clients, server), own in samples.items()
    ]
