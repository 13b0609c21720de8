"""What a run gave: medians with their spread, as a table and as JSON."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from bench.load import Measured
from bench.messages import OPERATIONS, Operation

BARE = "bare"


@dataclass(frozen=True, slots=True)
class Sample:
    """One measurement, with the CPU time the measured process used for a request (None if unknown)."""

    variant: str
    operation: Operation
    concurrency: int
    measured: Measured
    cpu_us: float | None

    @property
    def rps(self) -> float:
        return self.measured.requests / self.measured.seconds if self.measured.seconds else 0.0


@dataclass(frozen=True, slots=True)
class Row:
    """The medians of one variant at one operation and concurrency."""

    operation: Operation
    concurrency: int
    variant: str
    rps: float
    rps_lowest: float
    rps_highest: float
    p50_ms: float
    p99_ms: float
    cpu_us: float | None
    of_bare: float | None


def rows(samples: Sequence[Sample]) -> list[Row]:
    """One row each, grouped by operation and concurrency, variants in the order they were measured in."""
    variants = list(dict.fromkeys(sample.variant for sample in samples))
    concurrencies = sorted({sample.concurrency for sample in samples})
    return [
        _row(samples, operation, concurrency, variant)
        for operation in OPERATIONS
        for concurrency in concurrencies
        for variant in variants
    ]


def _row(samples: Sequence[Sample], operation: Operation, concurrency: int, variant: str) -> Row:
    def of(name: str) -> list[Sample]:
        return [
            s for s in samples if (s.variant, s.operation, s.concurrency) == (name, operation, concurrency)
        ]

    own = of(variant)
    rates = [sample.rps for sample in own]
    # A ratio within each round, since the machine's speed drifts from round to round.
    ratios = [mine.rps / bare.rps for mine, bare in zip(own, of(BARE), strict=False) if bare.rps]
    cpu = [sample.cpu_us for sample in own if sample.cpu_us is not None]
    return Row(
        operation=operation,
        concurrency=concurrency,
        variant=variant,
        rps=statistics.median(rates),
        rps_lowest=min(rates),
        rps_highest=max(rates),
        p50_ms=statistics.median(sample.measured.p50 for sample in own),
        p99_ms=statistics.median(sample.measured.p99 for sample in own),
        cpu_us=statistics.median(cpu) if cpu else None,
        of_bare=statistics.median(ratios) if ratios else None,
    )


def table(lines: Sequence[Row]) -> str:
    """The rows for a terminal or a Markdown page."""
    out = [
        "| operation | clients | server | requests/s (spread) | of bare | p50 ms | p99 ms | CPU us |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for row in lines:
        spread = f"{row.rps:.0f} ({row.rps_lowest:.0f}..{row.rps_highest:.0f})"
        ratio = f"{row.of_bare:.2f}" if row.of_bare is not None else ""
        cpu = f"{row.cpu_us:.0f}" if row.cpu_us is not None else ""
        out.append(
            f"| {row.operation} | {row.concurrency} | {row.variant} | {spread} | {ratio} "
            f"| {row.p50_ms:.2f} | {row.p99_ms:.2f} | {cpu} |"
        )
    return "\n".join(out)


def as_json(lines: Sequence[Row], about: dict[str, Any]) -> dict[str, Any]:
    return {"about": about, "rows": [asdict(row) for row in lines]}
