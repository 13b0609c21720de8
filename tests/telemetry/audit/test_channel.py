"""Between the calls and a sink: order, bounds, outages, and the end."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field

from structlog.testing import capture_logs

from app.telemetry.audit.channel import Channel
from app.telemetry.audit.sink import SinkFailedError
from app.telemetry.component import OK
from tests.web.support import until


@dataclass
class Shelf:
    """A sink that is up or down when told to be, takes some records before it fails, and can be held."""

    up: bool = True
    takes: int = 0
    breaks: bool = False
    kept: list[bytes] = field(default_factory=list)
    tried: int = 0
    closed: bool = False
    go_on: asyncio.Event = field(default_factory=asyncio.Event)
    name: str = "shelf"

    def __post_init__(self) -> None:
        self.go_on.set()

    async def write(self, lines: Sequence[bytes]) -> None:
        self.tried += 1
        await self.go_on.wait()
        if self.breaks:
            raise RuntimeError("broken")
        if not self.up:
            self.kept += lines[: self.takes]
            raise SinkFailedError("full", written=min(self.takes, len(lines)))
        self.kept += lines

    async def reopen(self) -> None:
        self.kept.append(b"reopened")

    async def aclose(self) -> None:
        self.closed = True


@contextlib.asynccontextmanager
async def running(shelf: Shelf, capacity: int = 1000, deadline: float = 5.0) -> AsyncIterator[Channel]:
    channel = Channel(shelf, capacity=capacity)
    channel.start()
    try:
        yield channel
    finally:
        await channel.aclose(deadline)


def lines(first: int, last: int) -> list[bytes]:
    return [b"%d" % number for number in range(first, last + 1)]


def put(channel: Channel, records: list[bytes]) -> None:
    for record in records:
        channel.put(record, reserved=False)


async def comes_back(shelf: Shelf, tries: int) -> None:
    await until(lambda: shelf.tried >= tries)
    shelf.up = True


async def test_all_that_waits_at_the_end_is_written_in_order() -> None:
    shelf = Shelf()
    async with running(shelf) as channel:
        put(channel, lines(1, 500))
    assert shelf.kept == lines(1, 500)
    assert shelf.closed


async def test_an_outage_loses_nothing_while_there_is_room_and_is_told_once() -> None:
    shelf = Shelf(up=False, takes=1)
    with capture_logs() as logs:
        async with running(shelf) as channel:
            put(channel, lines(1, 20))
            await until(lambda: shelf.tried > 2)
            state = channel.state()
            assert (state.status, state.reason) == (
                "degraded",
                "the shelf cannot be written: records wait",
            )
            shelf.up = True
            await until(lambda: channel.state() == OK)
    assert shelf.kept == lines(1, 20)
    assert [(line["event"], line["log_level"]) for line in logs] == [
        ("audit_sink_failed", "error"),
        ("audit_sink_recovered", "warning"),
    ]
    assert (logs[0]["reason"], logs[1]["lost"]) == ("full", 0)


async def test_what_has_no_room_is_lost_counted_and_told() -> None:
    shelf = Shelf(up=False)
    with capture_logs() as logs:
        async with running(shelf, capacity=5) as channel:
            put(channel, lines(1, 12))
            assert channel.state().status == "failed"
            assert channel.lost == 7
            await until(lambda: shelf.tried)
            shelf.up = True
            await until(lambda: channel.state().status == "degraded")
            await until(lambda: shelf.kept == lines(1, 5))
            assert "lost" in str(channel.state().reason)
    assert [(line["event"], line.get("lost")) for line in logs] == [
        ("audit_queue_full", None),
        ("audit_sink_failed", None),
        ("audit_sink_recovered", 7),
    ]


async def test_a_reserved_place_is_kept_for_its_record() -> None:
    shelf = Shelf(up=False)
    async with running(shelf, capacity=2) as channel:
        channel.reserve()
        channel.put(b"1", reserved=False)
        assert not channel.has_room
        channel.put(b"lost", reserved=False)
        channel.put(b"2", reserved=True)
        shelf.up = True
    assert shelf.kept == [b"1", b"2"]


async def test_what_cannot_be_written_by_the_end_is_counted_and_the_end_does_not_wait() -> None:
    shelf = Shelf()
    shelf.go_on.clear()
    with capture_logs() as logs:
        async with asyncio.timeout(5), running(shelf, deadline=0.05) as channel:
            put(channel, lines(1, 3))
    assert [(line["event"], line["lost"]) for line in logs] == [("audit_records_lost", 3)]
    assert shelf.closed


async def test_at_the_end_a_sink_that_comes_back_gets_what_waits() -> None:
    shelf = Shelf(up=False)
    async with running(shelf) as channel:
        put(channel, lines(1, 3))
        await until(lambda: shelf.tried)
        back = asyncio.create_task(comes_back(shelf, shelf.tried + 2))
    await back
    assert shelf.kept == lines(1, 3)


async def test_a_sink_that_crashes_is_a_sink_that_fails() -> None:
    shelf = Shelf(breaks=True)
    with capture_logs() as logs:
        async with running(shelf) as channel:
            put(channel, lines(1, 2))
            await until(lambda: channel.state().status == "degraded")
            shelf.breaks = False
    assert shelf.kept == lines(1, 2)
    assert "audit_sink_crashed" in [line["event"] for line in logs]


async def test_reopening_is_done_between_two_writes() -> None:
    shelf = Shelf()
    async with running(shelf) as channel:
        put(channel, [b"1"])
        await until(lambda: shelf.kept == [b"1"])
        channel.reopen()
        await until(lambda: shelf.kept == [b"1", b"reopened"])
