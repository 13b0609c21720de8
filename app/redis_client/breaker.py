"""Deadlines on Redis, and leaving it alone for a moment after it failed."""

from __future__ import annotations

import asyncio
import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

import structlog
from redis.exceptions import RedisError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

log = structlog.get_logger(__name__)

PAUSE: Final = 1.0


class RedisUnavailableError(Exception):
    """Redis did not answer in time, failed, or failed a moment ago. The message names no address."""


class Breaker:
    """Lets operations through to a Redis that works.

    After a failure Redis is left alone for `pause` seconds; then one operation tries it, and the others go on
    without. So an outage costs one caller its deadline now and then, and the rest nothing.

    Args:
        pause: Seconds.
        clock: Seconds that never go back.
    """

    def __init__(self, *, pause: float = PAUSE, clock: Callable[[], float] = time.monotonic) -> None:
        self._pause = pause
        self._clock = clock
        self._down = False
        self._next_try = float("-inf")
        self._worked_at = float("-inf")

    @property
    def closed(self) -> bool:
        """Whether Redis worked when it was asked last."""
        return not self._down

    @asynccontextmanager
    async def attempt(self, deadline: float) -> AsyncIterator[None]:
        """Do something with Redis within `deadline` seconds, connecting included.

        Raises:
            RedisUnavailableError: It was not done, or nobody knows whether it was.
        """
        now = self._clock()
        if self._down:
            if now < self._next_try:
                raise RedisUnavailableError("Redis failed a moment ago and is left alone")
            # Whoever comes while this one tries goes on without; were it cancelled, the next one tries.
            self._next_try = now + self._pause
        try:
            async with asyncio.timeout(deadline):
                yield
        except TimeoutError as error:
            raise self._failed(now, f"Redis did not answer within {deadline:g} s") from error
        except (RedisError, OSError) as error:
            raise self._failed(now, f"Redis failed ({type(error).__name__})") from error
        self._worked_at = self._clock()
        if self._down:
            self._down = False
            log.warning("redis_recovered")

    def _failed(self, began: float, reason: str) -> RedisUnavailableError:
        if self._worked_at > began:
            # It has worked for others meanwhile, or is back since.
            return RedisUnavailableError(reason)
        self._next_try = self._clock() + self._pause
        if not self._down:
            self._down = True
            log.warning("redis_failed", reason=reason)
        return RedisUnavailableError(reason)
