"""The medians of samples, and the ratios between two servers."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from bench.lab import Sample

SMALLEST_WHOLE = 1000
"""From here on what is after the point does not matter."""


def summary(samples: Sequence[Sample]) -> dict[str, Any]:
    """The medians over the rounds that had answers, with the lowest and the highest rate.

    A figure is None if no round had any, or if the system does not tell it.
    """
    answered = [sample for sample in samples if sample.measured.requests]
    rates = [sample.rps for sample in answered]
    return {
        "rps": _median(rates),
        "rps_lowest": min(rates, default=None),
        "rps_highest": max(rates, default=None),
        "p50_ms": _median(sample.measured.p50 for sample in answered),
        "p99_ms": _median(sample.measured.p99 for sample in answered),
        "cpu_us": _median(sample.cpu_us for sample in answered if sample.cpu_us is not None),
    }


def _median(values: Iterable[float]) -> float | None:
    known = list(values)
    return statistics.median(known) if known else None


def ratio(
    own: Sequence[Sample], others: Sequence[Sample] | None, figure: Callable[[Sample], float]
) -> float | None:
    """The median of the ratios within each round, since a machine's speed drifts from round to round.

    None if there is nothing to compare with, or no answer.
    """
    pairs = zip(own, others or (), strict=False)
    return _median(figure(mine) / figure(other) for mine, other in pairs if figure(mine) and figure(other))


def rps(sample: Sample) -> float:
    return sample.rps


def p99(sample: Sample) -> float:
    return sample.measured.p99


def rounded(figures: Mapping[str, Any]) -> dict[str, Any]:
    """The same with four significant digits: more would be chance."""
    return {name: _rounded(figure) for name, figure in figures.items()}


def _rounded(figure: object) -> object:
    match figure:
        case float():
            return float(f"{figure:.4g}") if abs(figure) < SMALLEST_WHOLE else round(figure)
        case dict():
            return rounded(figure)
        case list():
            return [_rounded(one) for one in figure]
        case _:
            return figure
