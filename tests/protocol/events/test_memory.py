from __future__ import annotations

import pytest

from app.protocol.events.log import EventLogError
from app.protocol.events.memory import MemoryEventLog


async def test_the_oldest_events_make_room_for_new_ones() -> None:
    log = MemoryEventLog(max_events=3)
    ids = [await log.append("s", "12"[number % 2], b"x") for number in range(5)]
    assert log.count == 3
    assert [await log.find("s", one) is not None for one in ids] == [False, False, True, True, True]


async def test_the_bound_in_bytes_holds() -> None:
    log = MemoryEventLog(max_bytes=10_000)
    for number in range(100):
        await log.append(f"s{number}", "1", b"x" * 1000)
        assert log.size <= 10_000
    assert log.count == 6
    with pytest.raises(EventLogError, match="larger than the whole event store"):
        await log.append("s", "1", b"x" * 10_000)
    assert log.count == 6


async def test_events_go_when_their_time_is_over() -> None:
    now = 0.0
    log = MemoryEventLog(ttl=10, clock=lambda: now)
    old = await log.append("s", "1", b"old")
    now = 9.0
    young = await log.append("s", "1", b"young")
    now = 10.0
    assert await log.find("s", old) is None
    assert await log.find("s", young) is not None
    now = 19.0
    assert await log.find("s", young) is None
    assert (log.count, log.size) == (0, 0)


async def test_a_cursor_that_is_dropped_while_it_is_read_still_gives_what_is_left() -> None:
    log = MemoryEventLog(max_events=3)
    first = await log.append("s", "1", b"1")
    position = await log.find("s", first)
    assert position is not None
    for message in (b"2", b"3", b"4"):
        await log.append("s", "1", message)
    reading = log.after(position)
    assert (await anext(reading)).message == b"2"
    await log.append("t", "1", b"pushes 2 out")
    await log.append("t", "1", b"pushes 3 out")
    assert [event.message async for event in reading] == [b"4"]


async def test_a_closed_log_holds_nothing() -> None:
    log = MemoryEventLog()
    event_id = await log.append("s", "1", b"x")
    await log.aclose()
    assert (log.count, log.size) == (0, 0)
    assert await log.find("s", event_id) is None
