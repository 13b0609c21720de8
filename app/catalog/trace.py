"""What one call asked of Portkey, for whoever has to account for it."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from app.portkey.client import ApiAnswer, ApiRequest
from app.portkey.errors import PortkeyError


@dataclass(slots=True)
class Exchange:
    """One request to Portkey, and what is known of its fate.

    Attributes:
        method: HTTP method.
        path: The path's template: the values in it are arguments.
        may_have_applied: It may have changed something: a write that succeeded, or whose fate is unknown.
        status: Portkey's status; None while, or when, there was none.
        request_id: Portkey's id of the request.
    """

    method: str
    path: str
    may_have_applied: bool
    status: int | None = None
    request_id: str | None = None
    _started: float = field(default_factory=time.perf_counter)
    _ended: float | None = None

    @property
    def seconds(self) -> float:
        """How long it took, repetitions and waits included; so far, while it is under way."""
        return (self._ended or time.perf_counter()) - self._started

    def answered(self, answer: ApiAnswer) -> None:
        """Note that it succeeded."""
        self._ended = time.perf_counter()
        self.status, self.request_id = answer.status, answer.request_id

    def failed(self, error: PortkeyError) -> None:
        """Note that it did not, or that nobody knows."""
        self._ended = time.perf_counter()
        self.status, self.request_id = error.status, error.request_id
        self.may_have_applied = error.may_have_applied


@dataclass(slots=True)
class Trace:
    """The requests of one call in their order; filled while it runs, and right also when it is broken off."""

    exchanges: list[Exchange] = field(default_factory=list)

    def begin(self, request: ApiRequest) -> Exchange:
        """Note that a request is about to be sent."""
        exchange = Exchange(request.method, request.path, may_have_applied=request.is_write)
        self.exchanges.append(exchange)
        return exchange

    @property
    def may_have_applied(self) -> bool:
        """Whether any of them may have changed something."""
        return any(exchange.may_have_applied for exchange in self.exchanges)
