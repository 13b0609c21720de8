"""What is kept of the 2025 era between its requests: sessions, and events for clients that lost a stream."""

from __future__ import annotations

from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Final

from app.protocol.detached_places import DetachedPlaces
from app.protocol.events.resumption import Resumption
from app.protocol.sessions.bus import NoBus
from app.protocol.sessions.here import SessionsHere

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from app.protocol.events.log import EventLog
    from app.protocol.sessions.bus import Bus, Word
    from app.protocol.sessions.store import SessionStore

IDLE_SECONDS: Final = 1800.0


class Stores:
    """The stores of one process, and what is known here of what is in them.

    Args:
        store: Where the records of sessions are; None for no sessions.
        event_log: Where events are kept for resumption; None for no resumption.
        bus: Reaches the other replicas; None for none.
        idle_timeout: Seconds without any request after which a session ends; None for never.

    Attributes:
        store: See above.
        event_log: See above.
        bus: See above.
        sessions: The sessions; None for none.
        resumption: Answers clients that come back for a stream; None for no resumption.
        detached: Places for calls without a session that go on without their client; None for none.
    """

    def __init__(
        self,
        store: SessionStore | None,
        event_log: EventLog | None = None,
        bus: Bus | None = None,
        *,
        idle_timeout: float | None = IDLE_SECONDS,
    ) -> None:
        self.store = store
        self.event_log = event_log
        self.bus = bus or NoBus()
        self.sessions = None if store is None else SessionsHere(store, self.bus, idle_timeout=idle_timeout)
        self.resumption = None if event_log is None else Resumption(event_log, self.bus)
        self.detached = DetachedPlaces() if store is None and event_log is not None else None

    @property
    def open_sessions(self) -> int:
        """How many sessions are open, here and in the processes that share them."""
        return 0 if self.sessions is None else self.sessions.open

    @asynccontextmanager
    async def run(self) -> AsyncIterator[None]:
        """Keep them within this context; at its end they are closed."""
        async with AsyncExitStack() as stack:
            if self.store is not None:
                stack.push_async_callback(self.store.aclose)
            if self.event_log is not None:
                await stack.enter_async_context(self.event_log.run())
            if self.sessions is not None:
                await stack.enter_async_context(self.sessions.run())
            await stack.enter_async_context(self.bus.listening(self._hear))
            yield

    async def _hear(self, word: Word) -> None:
        if word.kind == "resumed":
            if self.resumption is not None:
                self.resumption.leave(word.about)
        elif self.sessions is not None:
            await self.sessions.hear(word)
