"""Brings each record to the log and to every other place that keeps records."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

from app.telemetry.audit.record import EVENT, as_line
from app.telemetry.component import OK, ComponentState
from app.telemetry.events import Events
from app.telemetry.redaction import MASKED_ALREADY, Redactor

if TYPE_CHECKING:
    from app.telemetry.audit.channel import Channel
    from app.telemetry.audit.record import ToolCallRecord

FLUSH_SECONDS: Final = 3.0
_SEVERITY: Final = ("failed", "degraded")
_NO_SECRETS: Final = Redactor(())


class AuditTrail:
    """The record of all tool calls of this process.

    Args:
        channels: Where records go besides the log; the trail runs and closes them.
        log: Whether each record is also an entry of the log, `tool_call` of `app.audit`, whatever its level.
        required: Whether no call may be made whose record could not be queued.
        redactor: Masks the secrets of this process.
    """

    def __init__(
        self,
        channels: Sequence[Channel] = (),
        *,
        log: bool = False,
        required: bool = False,
        redactor: Redactor = _NO_SECRETS,
    ) -> None:
        self._channels = tuple(channels)
        self._required = required
        self._redactor = redactor
        # LOG_LEVEL is about how much the service tells of itself, not about what must be on record.
        self._log = Events(always=True) if log else None

    @property
    def is_kept(self) -> bool:
        """Whether records go anywhere."""
        return self._log is not None or bool(self._channels)

    @property
    def lost(self) -> dict[str, int]:
        """How many records were lost so far, by where they were to go."""
        return {channel.name: channel.lost for channel in self._channels}

    def reserve(self) -> bool:
        """Make sure that the record of a call about to be made can be queued.

        Returns:
            False when it cannot and must: the call may not be made. After True, `add` must follow, once,
            with `reserved`.
        """
        if not self._required:
            return True
        if not all(channel.has_room for channel in self._channels):
            return False
        for channel in self._channels:
            channel.reserve()
        return True

    def add(self, record: ToolCallRecord, *, reserved: bool = False) -> None:
        """Put a call on record. Waits for nothing and raises nothing that the record itself can cause."""
        fields = record.fields(self._redactor)
        if self._log is not None:
            told = {"logger": "app.audit", **fields}
            # The entry has its own.
            del told["time"]
            self._log.write("info", EVENT, {MASKED_ALREADY: told})
        line = as_line(fields) if self._channels else b""
        for channel in self._channels:
            channel.put(line, reserved=reserved and self._required)

    def reopen(self) -> None:
        """Open the file anew: for SIGHUP, after it was moved away."""
        for channel in self._channels:
            channel.reopen()

    def state(self) -> ComponentState:
        """Return the worst state of the places that keep records."""
        states = [channel.state() for channel in self._channels]
        return next((state for worst in _SEVERITY for state in states if state.status == worst), OK)

    @asynccontextmanager
    async def run(self) -> AsyncIterator[None]:
        """Write records within this context; at its end, for `FLUSH_SECONDS` at most, those that wait."""
        for channel in self._channels:
            channel.start()
        try:
            yield
        finally:
            await asyncio.gather(*(channel.aclose(FLUSH_SECONDS) for channel in self._channels))
