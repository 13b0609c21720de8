"""Brings what happens to tool calls and to requests to Portkey into the metrics."""

from __future__ import annotations

import time
from collections.abc import Callable, MutableMapping
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from app.telemetry.audit.record import AuditOutcome
    from app.telemetry.metrics.metrics import Metrics


class _Client(Protocol):
    @property
    def name(self) -> str | None: ...


class _Call(Protocol):
    """A tool call that ended, as far as it is measured."""

    @property
    def tool(self) -> str: ...
    @property
    def risk(self) -> str | None: ...
    @property
    def outcome(self) -> AuditOutcome | None: ...
    @property
    def client(self) -> _Client: ...
    @property
    def seconds(self) -> float: ...
    @property
    def portkey_seconds(self) -> float: ...


class MeasuredCalls:
    """Counts each tool call at its end."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    def __call__(self, call: _Call) -> Callable[[], None]:
        """Begin a call; return what to do at its end."""

        def ended() -> None:
            seconds = call.seconds
            self._metrics.tool_call(
                tool=call.tool,
                risk=call.risk,
                outcome=call.outcome or "crashed",
                client=call.client.name,
                seconds=seconds,
                own=max(0.0, seconds - call.portkey_seconds),
            )

        return ended


class MeasuredExchanges:
    """Measures each attempt at a request to Portkey."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    def __call__(
        self, method: str, _template: str, _headers: MutableMapping[str, str]
    ) -> Callable[[int | None, str | None], None]:
        """Begin an attempt; return what to do at its end."""
        started = time.perf_counter()

        def ended(status: int | None, failure: str | None) -> None:
            self._metrics.portkey_request(method, status, failure, time.perf_counter() - started)

        return ended
