from __future__ import annotations

import pytest

from app.protocol.events.log import Event, EventLogError, Stream
from app.protocol.events.memory import MemoryEventLog


def stream(name: str = "1") -> Stream:
    return Stream("o", "s", name)


async def test_the_oldest_events_make_room_for_new_ones() -> None:
    log = MemoryEventLog(max_events=3)
    for number in range(1, 6):
        await log.append(stream(), Event(number, b"x"))
    assert log.count == 3
    assert [await log.read(stream(), number) is not None for number in range(1, 6)] == [False] * 2 + [
        True
    ] * 3


async def test_the_bound_in_bytes_holds() -> None:
    log = MemoryEventLog(max_bytes=10_000)
    for number in range(100):
        await log.append(stream(str(number)), Event(1, b"x" * 1000))
        assert log.size <= 10_000
    assert log.count == 6
    with pytest.raises(EventLogError, match="larger than the whole event store"):
        await log.append(stream(), Event(1, b"x" * 10_000))
    assert log.count == 6


async def test_a_stream_goes_when_its_time_is_over() -> None:
    now = 0.0
    log = MemoryEventLog(ttl=10, clock=lambda: now)
    await log.append(stream("old"), Event(1, b"x"))
    now = 9.0
    await log.append(stream("young"), Event(1, b"x"))
    now = 10.0
    assert await log.read(stream("old"), 1) is None
    assert await log.read(stream("young"), 1) is not None
    now = 19.0
    assert await log.read(stream("young"), 1) is None
    assert (log.count, log.size) == (0, 0)


async def test_a_closed_log_holds_nothing() -> None:
    log = MemoryEventLog()
    async with log.run():
        await log.append(stream(), Event(1, b"x"))
    assert (log.count, log.size) == (0, 0)
    assert await log.read(stream(), 1) is None
