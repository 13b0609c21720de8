"""Events kept in this process, within bounds."""

from __future__ import annotations

import time
from collections import OrderedDict, deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from app.protocol.events.log import EventLogError, Position, StoredEvent, new_token

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

_OVERHEAD: Final = 512
"""Bytes an event costs besides its message: the record, its id and its place in two indexes."""


@dataclass(frozen=True, slots=True)
class _Entry:
    stream: tuple[str, str]
    message: bytes
    expires_at: float

    @property
    def size(self) -> int:
        return len(self.message) + _OVERHEAD


class MemoryEventLog:
    """An `EventLog` in memory, bounded in events, bytes and age; the oldest event goes first.

    Args:
        max_events: How many events are kept at most, over all sessions.
        max_bytes: How many bytes they take at most, with what it costs to keep them.
        ttl: Seconds an event is kept.
        clock: Seconds that never go back.
    """

    def __init__(
        self,
        *,
        max_events: int = 10_000,
        max_bytes: int = 64 * 1024 * 1024,
        ttl: float = 3600,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._max_events = max_events
        self._max_bytes = max_bytes
        self._ttl = ttl
        self._clock = clock
        self._size = 0
        self._entries: OrderedDict[str, _Entry] = OrderedDict()
        self._streams: dict[tuple[str, str], deque[str]] = {}

    @property
    def count(self) -> int:
        """How many events are kept now."""
        return len(self._entries)

    @property
    def size(self) -> int:
        """How many bytes they take now."""
        return self._size

    async def append(self, session: str, stream: str, message: bytes) -> str:
        """Keep one event; older ones make room for it."""
        entry = _Entry((session, stream), message, self._clock() + self._ttl)
        if entry.size > self._max_bytes:
            raise EventLogError(f"an event of {entry.size} bytes is larger than the whole event store")
        event_id = new_token()
        self._entries[event_id] = entry
        self._streams.setdefault(entry.stream, deque()).append(event_id)
        self._size += entry.size
        self._make_room()
        return event_id

    async def find(self, session: str, event_id: str) -> Position | None:
        """Return where an event of this session stands."""
        self._make_room()
        entry = self._entries.get(event_id)
        if entry is None or entry.stream[0] != session:
            return None
        return Position(*entry.stream, mark=event_id, message=entry.message)

    async def after(self, position: Position) -> AsyncIterator[StoredEvent]:
        """Yield the later events of the stream, as they stand when the reading begins."""
        known = self._streams.get((position.session, position.stream), deque())
        index = known.index(position.mark) + 1 if position.mark in known else 0
        for event_id in list(known)[index:]:
            if (entry := self._entries.get(event_id)) is not None:
                yield StoredEvent(event_id, entry.message)

    async def aclose(self) -> None:
        """Forget everything."""
        self._entries.clear()
        self._streams.clear()
        self._size = 0

    def _make_room(self) -> None:
        now = self._clock()
        while self._entries and (
            len(self._entries) > self._max_events
            or self._size > self._max_bytes
            or next(iter(self._entries.values())).expires_at <= now
        ):
            _, entry = self._entries.popitem(last=False)
            self._size -= entry.size
            ids = self._streams[entry.stream]
            ids.popleft()
            if not ids:
                del self._streams[entry.stream]
