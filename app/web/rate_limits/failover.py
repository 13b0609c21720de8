"""What happens to rate limits while the shared store is down."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final, Literal

import structlog

from app.telemetry.component import OK, ComponentState
from app.web.rate_limits.limits import StoreFailedError, UndecidedError, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable

    from app.web.rate_limits.limits import Limit, RateLimitStore

Direction = Literal["local", "open", "closed"]

_WITHOUT_STORE: Final[dict[Direction, ComponentState]] = {
    "local": ComponentState("degraded", "redis does not answer: each process counts for itself"),
    "open": ComponentState("degraded", "redis does not answer: everything is admitted"),
    "closed": ComponentState("failed", "redis does not answer: everything is refused"),
}


class FailoverStore:
    """Asks the shared store, and decides without it for a while after it failed.

    After a failure the store is left alone for `pause` seconds; then one request tries it, and the others go
    on without. So an outage costs a request the store's deadline now and then, and the rest nothing.

    Attributes:
        failures: How often the store failed.
        decided_without: How many requests were judged without it.

    Args:
        shared: The store that several processes ask.
        local: Buckets of this process, full at the beginning of an outage.
        direction: Without the shared store, ask the local one ("local"), admit everything ("open"), or refuse
            everything ("closed").
        pause: Seconds.
        clock: Seconds that never go back.
    """

    def __init__(
        self,
        shared: RateLimitStore,
        *,
        local: RateLimitStore,
        direction: Direction = "local",
        pause: float = 1.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._shared = shared
        self._local = local
        self._direction = direction
        self._pause = pause
        self._clock = clock
        self._down = False
        self._next_try = float("-inf")
        self.failures = 0
        self.decided_without = 0
        self._decided_before = 0
        self._log: structlog.typing.FilteringBoundLogger = structlog.get_logger("app.web")

    async def take(self, bucket: str, limit: Limit) -> Verdict:
        """Take one token if there is one.

        Raises:
            UndecidedError: The shared store is down and the direction is "closed".
        """
        if self._may_ask():
            try:
                verdict = await self._shared.take(bucket, limit)
            except StoreFailedError as error:
                self._failed(error)
            else:
                self._answered()
                return verdict
        self.decided_without += 1
        if self._direction == "closed":
            raise UndecidedError
        if self._direction == "open":
            return Verdict(admitted=True, tokens=float(limit.capacity))
        return await self._local.take(bucket, limit)

    async def add(self, bucket: str, limit: Limit, tokens: int) -> None:
        """Add tokens, or take some away, wherever buckets are kept at the moment."""
        if self._may_ask():
            try:
                await self._shared.add(bucket, limit, tokens)
            except StoreFailedError as error:
                self._failed(error)
            else:
                self._answered()
                return
        if self._direction == "local":
            await self._local.add(bucket, limit, tokens)

    def state(self) -> ComponentState:
        """Return "ok" while the shared store answers; "failed" only where nothing passes without it."""
        return _WITHOUT_STORE[self._direction] if self._down else OK

    async def aclose(self) -> None:
        """Close both stores."""
        await self._shared.aclose()
        await self._local.aclose()

    def _may_ask(self) -> bool:
        if not self._down:
            return True
        now = self._clock()
        if now < self._next_try:
            return False
        # Whoever comes while this one tries goes on without; were it cancelled, the next pause would end it.
        self._next_try = now + self._pause
        return True

    def _failed(self, error: StoreFailedError) -> None:
        self.failures += 1
        self._next_try = self._clock() + self._pause
        if not self._down:
            self._down = True
            self._decided_before = self.decided_without
            self._log.warning("rate_limit_store_failed", reason=str(error), direction=self._direction)

    def _answered(self) -> None:
        if self._down:
            self._down = False
            self._log.warning(
                "rate_limit_store_recovered", decided_without=self.decided_without - self._decided_before
            )
