"""What became of each call, and the table that says it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

_SHOWN = 90


@dataclass(frozen=True)
class Call:
    """The end of one call.

    Attributes:
        client: Who called.
        seconds: How long it took.
        write: The unique name that it was to write, if it was a write.
        failure: What it ended with instead of a result: a clean error of which a client knows that the call
            may be tried again.
        violation: What was wrong with the end, if it was neither a result nor such an error.
    """

    client: str
    seconds: float
    write: str | None = None
    failure: str | None = None
    violation: str | None = None


@dataclass
class Ledger:
    """All calls of a run, and what the sandbox holds after it."""

    calls: list[Call] = field(default_factory=list)
    lost_sessions: list[str] = field(default_factory=list)
    resumed: int = 0

    def verdict(self, held: Counter[str]) -> Balance:
        """Compare what clients were told with what the sandbox holds; `held` counts each name there."""
        writes = [call for call in self.calls if call.write is not None]
        told = [call.write for call in writes if call.failure is None and call.violation is None]
        return Balance(
            calls=len(self.calls),
            resumed=self.resumed,
            writes=len(writes),
            acknowledged=len(told),
            lost=sorted(name for name in told if name is not None and not held[name]),
            doubled=sorted(name for name in {call.write for call in writes} if name and held[name] > 1),
            done_unacknowledged=sum(
                1 for call in writes if call.write is not None and call.failure and held[call.write]
            ),
            failures=Counter(call.failure for call in self.calls if call.failure),
            violations=Counter(call.violation[:_SHOWN] for call in self.calls if call.violation),
            worst=max((call.seconds for call in self.calls), default=0.0),
            p99=_quantile(sorted(call.seconds for call in self.calls), 0.99),
            lost_sessions=self.lost_sessions,
        )


@dataclass(frozen=True)
class Balance:
    """What a run came to. `lost`, `doubled`, `violations` and `lost_sessions` are empty when all is well."""

    calls: int
    resumed: int
    writes: int
    acknowledged: int
    lost: list[str]
    doubled: list[str]
    done_unacknowledged: int
    failures: Counter[str]
    violations: Counter[str]
    worst: float
    p99: float
    lost_sessions: list[str]

    @property
    def is_sound(self) -> bool:
        return not (self.lost or self.doubled or self.violations or self.lost_sessions)

    def table(self) -> str:
        """The figures, for people."""
        failed = sum(self.failures.values())
        rows = [
            ("calls", f"{self.calls:,}"),
            ("  with a result", f"{self.calls - failed - sum(self.violations.values()):,}"),
            ("    of them on a stream that broke and was resumed", f"{self.resumed:,}"),
            ("  with a clean error that may be retried", f"{failed:,}"),
            *((f"    {kind}", f"{count:,}") for kind, count in self.failures.most_common()),
            ("  ended in another way", f"{sum(self.violations.values()):,}"),
            *((f"    {kind}", f"{count:,}") for kind, count in self.violations.most_common()),
            ("writes", f"{self.writes:,}"),
            ("  acknowledged", f"{self.acknowledged:,}"),
            ("  not acknowledged, yet done (once)", f"{self.done_unacknowledged:,}"),
            ("  duplicates", f"{len(self.doubled):,}"),
            ("  acknowledged and lost", f"{len(self.lost):,}"),
            ("sessions lost", f"{len(self.lost_sessions):,}"),
            ("p99 latency", f"{self.p99:.2f} s"),
            ("worst latency", f"{self.worst:.2f} s"),
        ]
        width = max(len(name) for name, _ in rows)
        return "\n".join(f"{name:<{width}}  {value:>10}" for name, value in rows)


def _quantile(values: list[float], share: float) -> float:
    return values[min(len(values) - 1, int(len(values) * share))] if values else 0.0
