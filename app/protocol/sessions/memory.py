"""Session records kept in this process."""

from __future__ import annotations

import math
import time
from collections import Counter, OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.protocol.owner import account_of
from app.telemetry.component import OK

if TYPE_CHECKING:
    from collections.abc import Callable

    from app.protocol.sessions.store import Refusal
    from app.telemetry.component import ComponentState


@dataclass(slots=True)
class _Kept:
    owner: str
    record: bytes
    expires_at: float


class MemorySessionStore:
    """A `SessionStore` of one process.

    Args:
        idle_timeout: Seconds without use after which a session is gone; None for never.
        max_sessions: Sessions at most; None for no limit.
        max_per_account: Sessions at most of one principal, whatever its Portkey keys; None for no limit.
        clock: Seconds that never go back.
    """

    shared = False

    def __init__(
        self,
        *,
        idle_timeout: float | None = 1800.0,
        max_sessions: int | None = 10_000,
        max_per_account: int | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._idle_timeout = math.inf if idle_timeout is None else idle_timeout
        self._max_sessions = math.inf if max_sessions is None else max_sessions
        self._max_per_account = math.inf if max_per_account is None else max_per_account
        self._clock = clock
        # Each use moves a session to the end, so the first one is the next to expire.
        self._sessions: OrderedDict[str, _Kept] = OrderedDict()
        self._owned: Counter[str] = Counter()

    @property
    def count(self) -> int:
        """How many sessions are open."""
        self._expire()
        return len(self._sessions)

    async def open(self, session_id: str, owner: str, record: bytes) -> Refusal | None:
        """Keep a new session, unless there are too many."""
        self._expire()
        if len(self._sessions) >= self._max_sessions:
            return "full"
        if owner and self._owned[account_of(owner)] >= self._max_per_account:
            return "quota"
        # A copy, because what orjson makes keeps the room it was made in.
        self._sessions[session_id] = _Kept(
            owner, bytes(memoryview(record)), self._clock() + self._idle_timeout
        )
        self._owned[account_of(owner)] += 1
        return None

    async def touch(self, session_id: str, owner: str) -> bytes | None:
        """Return the record of a session and start its idle time anew."""
        self._expire()
        kept = self._sessions.get(session_id)
        if kept is None or kept.owner != owner:
            return None
        kept.expires_at = self._clock() + self._idle_timeout
        self._sessions.move_to_end(session_id)
        return kept.record

    async def end(self, session_id: str, owner: str) -> bool:
        """Forget a session."""
        self._expire()
        kept = self._sessions.get(session_id)
        if kept is None or kept.owner != owner:
            return False
        self._forget(session_id)
        return True

    def state(self) -> ComponentState:
        """Return "ok": there is nothing that could fail."""
        return OK

    async def aclose(self) -> None:
        """Forget everything."""
        self._sessions.clear()
        self._owned.clear()

    def _expire(self) -> None:
        now = self._clock()
        while self._sessions:
            session_id, kept = next(iter(self._sessions.items()))
            if kept.expires_at > now:
                return
            self._forget(session_id)

    def _forget(self, session_id: str) -> None:
        account = account_of(self._sessions.pop(session_id).owner)
        self._owned[account] -= 1
        if not self._owned[account]:
            del self._owned[account]
