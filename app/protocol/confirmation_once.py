"""An answer counts once: who asks first for its mark gets it, here or on any replica."""

from __future__ import annotations

import time
from collections import OrderedDict
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

MOST_REMEMBERED: Final = 65_536


class Once(Protocol):
    """Remembers marks for a while."""

    async def claim(self, mark: str, ttl: float) -> bool:
        """Return True for the first who claims this mark within `ttl` seconds."""
        ...


class MemoryOnce:
    """An `Once` of this process. At `MOST_REMEMBERED` marks the oldest one is forgotten.

    Args:
        clock: Seconds that never go back.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._until: OrderedDict[str, float] = OrderedDict()

    async def claim(self, mark: str, ttl: float) -> bool:
        """Return True for the first who claims this mark within `ttl` seconds."""
        now = self._clock()
        while self._until and (
            len(self._until) >= MOST_REMEMBERED or next(iter(self._until.values())) <= now
        ):
            self._until.popitem(last=False)
        if mark in self._until:
            return False
        self._until[mark] = now + ttl
        return True
