"""An event log that cannot be reached while a test says so."""

from __future__ import annotations

from app.protocol.events.log import Event, EventLogError, Stream
from app.protocol.events.memory import MemoryEventLog


class FailingLog(MemoryEventLog):
    """Keeps nothing while it is `failing`; counts the attempts, and what it is owed."""

    def __init__(self, *, failing: bool) -> None:
        super().__init__()
        self.failing = failing
        self.asked = 0
        self.owed: list[Event] = []

    async def append(self, stream: Stream, *events: Event, oldest: int = 1) -> None:
        self.asked += 1
        if self.failing:
            raise EventLogError("gone")
        await super().append(stream, *events, oldest=oldest)

    def owe(self, stream: Stream, event: Event) -> None:  # noqa: ARG002
        self.owed.append(event)
