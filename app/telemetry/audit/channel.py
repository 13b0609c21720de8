"""One sink with the queue before it and the task that empties it."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from itertools import islice
from typing import TYPE_CHECKING, Final

import structlog

from app.telemetry.audit.sink import SinkFailedError
from app.telemetry.component import OK, ComponentState

if TYPE_CHECKING:
    from app.telemetry.audit.sink import Sink

_BATCH: Final = 100
_FIRST_RETRY: Final = 0.1
_LONGEST_RETRY: Final = 5.0
_CLOSING_SECONDS: Final = 1.0


class Channel:
    """Brings records to a sink in their order, off the path of the calls.

    While the sink fails, records wait, and it is tried again at growing distances. When the queue is full,
    further records are lost and counted. The log tells the beginning of an outage, its first loss, and its
    end with the number of records lost, each once.

    Attributes:
        lost: How many records were lost so far.

    Args:
        sink: Where the records go; the channel closes it.
        capacity: Records that may wait.
    """

    def __init__(self, sink: Sink, *, capacity: int) -> None:
        self._sink = sink
        self._capacity = capacity
        self._queue: deque[bytes] = deque()
        self._reserved = 0
        self._wake = asyncio.Event()
        self._closing = asyncio.Event()
        self._reopen = False
        self._failing = False
        self._lost_before = 0
        self._task: asyncio.Task[None] | None = None
        self.lost = 0
        self._log: structlog.typing.FilteringBoundLogger = structlog.get_logger("app.audit")

    @property
    def name(self) -> str:
        """What the sink is called."""
        return self._sink.name

    @property
    def has_room(self) -> bool:
        """Whether one more record can wait."""
        return len(self._queue) + self._reserved < self._capacity

    def reserve(self) -> None:
        """Keep a place for a record that will come."""
        self._reserved += 1

    def put(self, line: bytes, *, reserved: bool) -> None:
        """Queue a record, in the place that was kept for it if one was; when there is none, it is lost."""
        if reserved:
            self._reserved -= 1
        elif not self.has_room:
            self._lose(1)
            return
        self._queue.append(line)
        self._wake.set()

    def reopen(self) -> None:
        """Have the sink let go of what is open."""
        self._reopen = True
        self._wake.set()

    def state(self) -> ComponentState:
        """Return "degraded" while records wait, or were lost once; "failed" while they are being lost."""
        name = self._sink.name
        if self._failing and self.has_room:
            return ComponentState("degraded", f"the {name} cannot be written: records wait")
        if not self.has_room:
            return ComponentState("failed", f"the {name} takes no more records")
        if self.lost:
            return ComponentState("degraded", f"records for the {name} were lost: the log says how many")
        return OK

    def start(self) -> None:
        """Begin to empty the queue."""
        self._task = asyncio.create_task(self._run())

    async def aclose(self, deadline: float) -> None:
        """Write what waits, within `deadline` seconds, and close the sink; what is left then is lost."""
        self._closing.set()
        self._wake.set()
        if self._task is not None:
            await asyncio.wait({self._task}, timeout=deadline)
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        if self._queue:
            self._lose(len(self._queue))
        if self.lost > self._lost_before:
            self._log.error("audit_records_lost", sink=self._sink.name, lost=self.lost - self._lost_before)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_CLOSING_SECONDS):
                await self._sink.aclose()

    async def _run(self) -> None:
        retry = _FIRST_RETRY
        while True:
            await self._wake.wait()
            self._wake.clear()
            if self._reopen:
                self._reopen = False
                await self._sink.reopen()
            while self._queue:
                if await self._write_some():
                    retry = _FIRST_RETRY
                    continue
                await self._pause(retry)
                retry = min(retry * 2, _LONGEST_RETRY)
            if self._closing.is_set():
                return

    async def _write_some(self) -> bool:
        batch = list(islice(self._queue, _BATCH))
        written = len(batch)
        try:
            await self._sink.write(batch)
        except SinkFailedError as error:
            written = error.written
            self._failed(str(error))
        except Exception as error:  # noqa: BLE001 - logged, and said to be a failure
            # The queue must not lose its owner, whatever a sink does.
            written = 0
            self._log.exception("audit_sink_crashed", sink=self._sink.name)
            self._failed(type(error).__name__)
        else:
            self._answered()
        for _ in range(written):
            self._queue.popleft()
        return written == len(batch)

    async def _pause(self, seconds: float) -> None:
        if self._closing.is_set():
            await asyncio.sleep(_FIRST_RETRY)
            return
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._closing.wait()

    def _lose(self, records: int) -> None:
        if self.lost == self._lost_before and not self._closing.is_set():
            self._log.error("audit_queue_full", sink=self._sink.name, waiting=len(self._queue))
        self.lost += records

    def _failed(self, reason: str) -> None:
        if not self._failing:
            self._failing = True
            self._log.error("audit_sink_failed", sink=self._sink.name, reason=reason)

    def _answered(self) -> None:
        lost, self._lost_before = self.lost - self._lost_before, self.lost
        if self._failing or lost:
            self._failing = False
            self._log.warning("audit_sink_recovered", sink=self._sink.name, lost=lost)
