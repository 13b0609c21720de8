"""Events kept in this process, within bounds."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections import OrderedDict, deque
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from app.protocol.events.log import EventLogError
from app.telemetry.component import OK

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from app.protocol.events.log import Event, Stream
    from app.telemetry.component import ComponentState

OVERHEAD: Final = 512
"""Bytes an event costs besides its message: the record, and its share of its stream's."""

_PAGE: Final = 64


@dataclass(slots=True)
class _Kept:
    expires_at: float = 0.0
    events: deque[Event] = field(default_factory=deque)
    grown: asyncio.Event | None = None
    """Set when the next event comes; made by who waits for it."""


class MemoryEventLog:
    """An `EventLog` in memory, bounded in events, bytes and age.

    When it is full, the stream that was not written for longest loses its oldest events first.

    Args:
        max_events: How many events are kept at most, over all streams.
        max_bytes: How many bytes they take at most, with what it costs to keep them.
        ttl: Seconds after its last event that a stream is kept.
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
        self.writer = secrets.token_hex(8)
        self._max_events = max_events
        self._max_bytes = max_bytes
        self._ttl = ttl
        self._clock = clock
        self._count = 0
        self._size = 0
        self._streams: OrderedDict[str, _Kept] = OrderedDict()

    @property
    def count(self) -> int:
        """How many events are kept now."""
        return self._count

    @property
    def size(self) -> int:
        """How many bytes they take now."""
        return self._size

    async def append(self, stream: Stream, *events: Event, oldest: int = 1) -> None:
        """Keep the next events of a stream; older ones make room for them."""
        size = sum([len(event.message) + OVERHEAD for event in events])
        if size > self._max_bytes:
            raise EventLogError(f"events of {size} bytes are larger than the whole event store")
        address = stream.address
        kept = self._streams.get(address)
        if kept is None:
            kept = self._streams[address] = _Kept()
        else:
            self._streams.move_to_end(address)
        kept.events.extend(events)
        kept.expires_at = self._clock() + self._ttl
        self._count += len(events)
        self._size += size
        while kept.events[0].number < oldest:
            self._drop_first(kept)
        self._make_room()
        if kept.grown is not None:
            kept.grown.set()
            kept.grown = None

    def owe(self, stream: Stream, event: Event) -> None:
        """Do nothing: what was not kept was too large, and will be."""

    async def read(self, stream: Stream, number: int) -> list[Event] | None:
        """Return that event and some of those after it."""
        self._make_room()
        kept = self._streams.get(stream.address)
        if kept is None:
            return None
        found = [event for event in kept.events if event.number >= number][:_PAGE]
        return found if found and found[0].number == number else None

    async def later(self, stream: Stream, number: int, wait: float) -> list[Event]:
        """Return some events after that number, as soon as there are any."""
        kept = self._streams.get(stream.address)
        if kept is None:
            await asyncio.sleep(wait)
            return []
        if kept.events[-1].number <= number:
            grown = kept.grown = kept.grown or asyncio.Event()
            try:
                await asyncio.wait_for(grown.wait(), wait)
            except TimeoutError:
                return []
        return [event for event in kept.events if event.number > number][:_PAGE]

    async def alive(self, writer: str) -> bool:
        """Tell whether this process wrote it: its streams end with it."""
        return writer == self.writer

    @asynccontextmanager
    async def run(self) -> AsyncIterator[None]:
        """Keep events within this context, and forget them at its end."""
        try:
            yield
        finally:
            self._streams.clear()
            self._count = self._size = 0

    def state(self) -> ComponentState:
        """Return "ok": there is nothing that could fail."""
        return OK

    def _make_room(self) -> None:
        now = self._clock()
        while self._streams:
            address, kept = next(iter(self._streams.items()))
            if not (kept.expires_at <= now or self._count > self._max_events or self._size > self._max_bytes):
                return
            self._drop_first(kept)
            if not kept.events:
                del self._streams[address]

    def _drop_first(self, kept: _Kept) -> None:
        self._size -= len(kept.events.popleft().message) + OVERHEAD
        self._count -= 1
