"""The medians of samples, and the ratios between two servers."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from typing import Any

from bench.lab import Sample


def summary(samples: Sequence[Sample]) -> dict[str, Any]:
    """The medians over the rounds, with the lowest and the highest rate."""
    rates = [sample.rps for sample in samples]
    cpu = [sample.cpu_us for sample in samples if sample.cpu_us is not None]
    return {
        "rps": statistics.median(rates),
        "rps_lowest": min(rates),
        "rps_highest": max(rates),
        "p50_ms": statistics.median(sample.measured.p50 for sample in samples),
        "p99_ms": statistics.median(sample.measured.p99 for sample in samples),
        "cpu_us": statistics.median(cpu) if cpu else None,
    }


def ratio(
    own: Sequence[Sample], others: Sequence[Sample] | None, figure: Callable[[Sample], float]
) -> float | None:
    """The median of the ratios within each round, since a machine's speed drifts from round to round.

    None if there is nothing to compare with.
    """
    pairs = zip(own, others or (), strict=False)
    ratios = [figure(mine) / figure(other) for mine, other in pairs if figure(other)]
    return statistics.median(ratios) if ratios else None


def rps(sample: Sample) -> float:
    return sample.rps


def p99(sample: Sample) -> float:
    return sample.measured.p99
