"""Buckets in this process."""

from __future__ import annotations

import time
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from app.web.rate_limits.limits import Verdict

if TYPE_CHECKING:
    from collections.abc import Callable

    from app.web.rate_limits.limits import Limit

_ROUNDING: Final = 1e-6


@dataclass(slots=True)
class _Bucket:
    tokens: float
    at: float


class MemoryStore:
    """A `RateLimitStore` for one process.

    Args:
        max_buckets: How many are kept; the one that was used longest ago is forgotten first.
        clock: Seconds that never go back.
    """

    def __init__(self, *, max_buckets: int = 10_000, clock: Callable[[], float] = time.monotonic) -> None:
        self._max_buckets = max_buckets
        self._clock = clock
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()

    async def take(self, bucket: str, limit: Limit) -> Verdict:
        """Take one token if there is one."""
        found = self._refilled(bucket, limit)
        admitted = found.tokens + _ROUNDING >= 1
        if admitted:
            found.tokens = max(0.0, found.tokens - 1)
        return Verdict(admitted, found.tokens)

    async def add(self, bucket: str, limit: Limit, tokens: int) -> None:
        """Add tokens, or take some away."""
        found = self._refilled(bucket, limit)
        found.tokens = min(float(limit.capacity), max(0.0, found.tokens + tokens))

    def take_from_both(self, address: str, principal: str | None, limit: Limit) -> Verdict | None:
        """Take what a request of a known sender takes in all: one token of theirs, and none of the address.

        Args:
            address: The bucket of the address, which must have a token all the same.
            principal: The bucket of the sender; None for somebody who is counted by address, and pays there.
            limit: Of both.

        Returns:
            What is left in the bucket that paid. None when a bucket is empty; then nothing is taken.
        """
        payer = found = self._refilled(address, limit)
        if principal is not None:
            payer = self._refilled(principal, limit)
        if found.tokens + _ROUNDING < 1 or payer.tokens + _ROUNDING < 1:
            return None
        payer.tokens = max(0.0, payer.tokens - 1)
        return Verdict(admitted=True, tokens=payer.tokens)

    async def aclose(self) -> None:
        """Forget everything."""
        self._buckets.clear()

    def __len__(self) -> int:
        return len(self._buckets)

    def _refilled(self, name: str, limit: Limit) -> _Bucket:
        now = self._clock()
        bucket = self._buckets.get(name)
        if bucket is None:
            if len(self._buckets) >= self._max_buckets:
                self._buckets.popitem(last=False)
            bucket = self._buckets[name] = _Bucket(float(limit.capacity), now)
            return bucket
        self._buckets.move_to_end(name)
        bucket.tokens = min(float(limit.capacity), bucket.tokens + (now - bucket.at) * limit.rate)
        bucket.at = now
        return bucket
