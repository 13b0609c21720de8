"""The metrics of one process: what is counted as it happens, and what is read when somebody asks."""

from __future__ import annotations

import platform
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Final, Literal, TypeAlias, get_args

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    GCCollector,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
)

from app.telemetry.audit.record import AuditOutcome
from app.telemetry.component import Status
from app.telemetry.metrics.families import family_of

if TYPE_CHECKING:
    from app.telemetry.component import ComponentState

PREFIX: Final = "portkey_admin_mcp"
Kind: TypeAlias = Literal["call", "stream"]

_CALLS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
_OURS: Final = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0)
_LAG: Final = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0)
_STATUSES: Final[tuple[Status, ...]] = get_args(Status)
_METHODS: Final = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE"})
_FAILURES: Final = {"ConnectFailed": "unreachable", "ConnectionLost": "broken", "DeadlineExceeded": "timeout"}
_REMEMBERED: Final = 4096
_LONGEST_NAME: Final = 64
OTHER: Final = "other"


class Metrics:
    """Counts what it is told, and says it in Prometheus' text format.

    Labels are bounded: what a client or an operator can choose freely, such as a tool that does not exist,
    counts as "other".

    Attributes:
        registry: Where the metrics are registered.

    Args:
        version: This service's version.
        backend: What the tools reach: "portkey" or "sandbox".
    """

    def __init__(self, *, version: str, backend: str) -> None:
        self.registry = CollectorRegistry()
        self._components: Callable[[], Mapping[str, ComponentState]] = dict
        self._is_ready: Callable[[], bool] = lambda: True
        self._lost_records: Callable[[], Mapping[str, int]] = dict
        self._lost_before: dict[str, int] = {}
        self._gauges: list[tuple[Gauge, Callable[[], float]]] = []
        self._declare()
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        GCCollector(registry=self.registry)
        self._in_progress: dict[Kind, int] = {"call": 0, "stream": 0}
        self._build.labels(version, platform.python_version(), backend).set(1)
        # Finding a metric by its labels takes longer than counting; those seen lately are kept at hand.
        self._of_call = lru_cache(_REMEMBERED)(self._meters_of_call)
        self._portkey_of = lru_cache(256)(self._portkey_seconds.labels)
        self._http_of = lru_cache(256)(self._http.labels)
        self._http_seconds_of = lru_cache(64)(self._http_seconds.labels)

    def reads(
        self,
        *,
        components: Callable[[], Mapping[str, ComponentState]],
        ready: Callable[[], bool],
        lost_records: Callable[[], Mapping[str, int]],
    ) -> None:
        """Say what is read whenever somebody asks.

        Args:
            components: How each part of the process is, by name.
            ready: Whether the process wants traffic.
            lost_records: How many audit records each sink lost so far.
        """
        self._components, self._is_ready, self._lost_records = components, ready, lost_records

    def gauge(self, name: str, text: str, read: Callable[[], float]) -> None:
        """Add a number that is read whenever somebody asks.

        Args:
            name: Of the metric, without the prefix.
            text: What it is.
            read: Returns it, at once.
        """
        self._gauges.append((Gauge(f"{PREFIX}_{name}", text, registry=self.registry), read))

    def _declare(self) -> None:
        def counter(name: str, text: str, *labels: str) -> Counter:
            return Counter(f"{PREFIX}_{name}", text, labels, registry=self.registry)

        def gauge(name: str, text: str, *labels: str) -> Gauge:
            return Gauge(f"{PREFIX}_{name}", text, labels, registry=self.registry)

        def histogram(name: str, text: str, buckets: tuple[float, ...], *labels: str) -> Histogram:
            return Histogram(f"{PREFIX}_{name}", text, labels, buckets=buckets, registry=self.registry)

        self._calls = counter(
            "tool_calls", "Tool calls that ended, by what they came to.", "tool", "risk", "outcome", "client"
        )
        self._call_seconds = histogram(
            "tool_call_duration_seconds", "Tool calls from request to result.", _CALLS, "tool"
        )
        self._own_seconds = histogram(
            "tool_call_own_duration_seconds", "The same without the time spent on Portkey.", _OURS, "risk"
        )
        self._portkey_seconds = histogram(
            "portkey_request_duration_seconds",
            "Requests to Portkey, each attempt on its own.",
            _CALLS,
            "method",
            "outcome",
        )
        self._http = counter("http_requests", "HTTP requests that were answered.", "route", "status")
        self._http_seconds = histogram(
            "http_request_duration_seconds", "The same, from request to end of answer.", _CALLS, "route"
        )
        self._busy = gauge("http_requests_in_progress", "Calls and streams being answered.", "kind")
        self._refusals = counter("http_refusals", "HTTP requests that were refused.", "code")
        self._limited = counter("rate_limit_refusals", "Requests beyond a rate limit.", "policy")
        self._logins = counter("authentication_failures", "Callers who were not let in.", "reason")
        self._lost = counter("audit_records_lost", "Audit records that were lost.", "sink")
        self._state = gauge("component_state", "1 for the state a part is in, else 0.", "component", "status")
        self._ready = gauge("ready", "1 while this process wants traffic.")
        self._build = gauge("build_info", "What runs: always 1.", "version", "python", "backend")
        self._lag = histogram("event_loop_lag_seconds", "How late the event loop woke a timer.", _LAG)

    def tool_call(
        self,
        *,
        tool: str,
        risk: str | None,
        outcome: AuditOutcome,
        client: str | None,
        seconds: float,
        own: float,
    ) -> None:
        """Count a call.

        Args:
            tool: Its tool; any name when `risk` is None.
            risk: The tool's risk; None when there is no such tool.
            outcome: What it came to.
            client: What the client calls itself.
            seconds: How long it took.
            own: How much of that was not spent on Portkey.
        """
        if risk is None:
            tool = risk = OTHER
        count, note_seconds, note_own = self._of_call(tool, risk, outcome, client and client[:_LONGEST_NAME])
        count()
        note_seconds(seconds)
        note_own(own)

    def _meters_of_call(
        self, tool: str, risk: str, outcome: str, client: str | None
    ) -> tuple[Callable[[], None], Callable[[float], None], Callable[[float], None]]:
        return (
            self._calls.labels(tool, str(risk), outcome, family_of(client)).inc,
            self._call_seconds.labels(tool).observe,
            self._own_seconds.labels(str(risk)).observe,
        )

    def portkey_request(self, method: str, status: int | None, failure: str | None, seconds: float) -> None:
        """Count an attempt at a request to Portkey.

        Args:
            method: HTTP method.
            status: Its status, where there was one.
            failure: The kind of the failure when there is no complete answer.
            seconds: How long it took.
        """
        outcome = _FAILURES.get(failure, OTHER) if failure is not None else status_class(status)
        self._portkey_of(method, outcome).observe(seconds)

    def began(self, kind: Kind) -> None:
        """Note that something is being answered."""
        self._in_progress[kind] += 1

    def answered(
        self, kind: Kind, *, route: str, status: int | None, seconds: float, refusal: str | None
    ) -> None:
        """Count an HTTP request, after `began`.

        Args:
            kind: What `began` was told.
            route: One of the paths of this service, or "other".
            status: The status; None when no answer had begun.
            seconds: How long it took.
            refusal: The code of the error with which it was refused, a fixed word.
        """
        self._in_progress[kind] -= 1
        self._http_of(route, status_class(status)).inc()
        if kind == "call":
            self._http_seconds_of(route).observe(seconds)
        if refusal is not None:
            self._refusals.labels(refusal).inc()

    def rate_limited(self, policy: str) -> None:
        """Count a request beyond a limit."""
        self._limited.labels(policy).inc()

    def not_let_in(self, reason: str) -> None:
        """Count a caller who was not let in, by a fixed word."""
        self._logins.labels(reason).inc()

    def lag(self, seconds: float) -> None:
        """Note how late the event loop was."""
        self._lag.observe(seconds)

    def render(self) -> bytes:
        """Return everything in Prometheus' text format. Reads states, and waits for nothing."""
        self._ready.set(self._is_ready())
        for name, state in self._components().items():
            for status in _STATUSES:
                self._state.labels(name, status).set(state.status == status)
        for kind, number in self._in_progress.items():
            self._busy.labels(kind).set(number)
        for gauge, read in self._gauges:
            gauge.set(read())
        for sink, lost in self._lost_records().items():
            self._lost.labels(sink).inc(lost - self._lost_before.get(sink, 0))
            self._lost_before[sink] = lost
        return generate_latest(self.registry)


def status_class(status: int | None) -> str:
    """Return the class of an HTTP status, such as "2xx"; 429 stands for itself, "none" for no answer."""
    if status is None:
        return "none"
    return "429" if status == 429 else f"{status // 100}xx"  # noqa: PLR2004 - too many requests
