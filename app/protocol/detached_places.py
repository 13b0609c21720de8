"""How many calls of the 2025 era go on here without their client, and how long each of them may."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

import structlog

if TYPE_CHECKING:
    from collections.abc import Callable

log = structlog.get_logger(__name__)

_MOST: Final = 256
_LONGEST: Final = 600.0


class DetachedPlaces:
    """The places, of which there are so many.

    Args:
        most: Calls that go on without a client at most; one more is cancelled, as without an event log.
        longest: Seconds such a call may take; its own deadlines end it before.
    """

    def __init__(self, *, most: int = _MOST, longest: float = _LONGEST) -> None:
        self._most = most
        self._longest = longest
        self.count = 0
        """How many calls go on without their client."""

    def take(self, cancel: Callable[[], None]) -> Callable[[], None] | None:
        """Let a call go on; None when there are too many.

        Args:
            cancel: Called when the call takes too long.

        Returns:
            What to call when it is over.
        """
        if self.count >= self._most:
            return None
        self.count += 1

        def too_long() -> None:
            log.warning("detached_call_took_too_long", seconds=self._longest)
            cancel()

        limit = asyncio.get_running_loop().call_later(self._longest, too_long)

        def over() -> None:
            limit.cancel()
            self.count -= 1

        return over
