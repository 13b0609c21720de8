"""What every event log promises, whatever keeps the events."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.protocol.events.log import Event, EventLog, Stream, parse_event_id
from app.protocol.events.memory import MemoryEventLog
from app.protocol.events.redis import RedisEventLog
from app.protocol.sealing import AesSealing
from app.redis_client import connect


@asynccontextmanager
async def redis_log(url: str, **options: object) -> AsyncIterator[RedisEventLog]:
    log = RedisEventLog(connect(url), blocking=connect(url), **options)  # type: ignore[arg-type]
    async with log.run():
        yield log


@pytest.fixture(params=["memory", "redis", "encrypted"])
async def log(request: pytest.FixtureRequest) -> AsyncIterator[EventLog]:
    if request.param == "memory":
        memory = MemoryEventLog()
        async with memory.run():
            yield memory
        return
    sealing = AesSealing([b"k" * 32]) if request.param == "encrypted" else None
    async with redis_log(request.getfixturevalue("redis_url"), sealing=sealing) as log:
        yield log


async def written(log: EventLog, stream: Stream, *messages: bytes) -> list[Event]:
    events = [Event(number, message, writer="w") for number, message in enumerate(messages, 1)]
    for event in events:
        await log.append(stream, event)
    return events


async def test_the_later_events_of_the_same_stream_come_back_in_order(log: EventLog) -> None:
    stream, other = Stream.new("o", "s"), Stream.new("o", "s")
    events = await written(log, stream, b"", b"a", b"\xff\x00", b"c")
    await written(log, other, b"", b"other stream")
    assert await log.read(stream, 1) == events
    assert await log.read(stream, 3) == events[2:]
    assert await log.later(stream, 2, 0.01) == events[2:]
    assert await log.later(stream, 4, 0.01) == []
    assert await log.read(stream, 5) is None


async def test_events_that_are_kept_in_one_step_are_kept_as_one_by_one(log: EventLog) -> None:
    stream, other = Stream.new("o", "s"), Stream.new("o", "s")
    first, second, third = (Event(number, b"x", number == 3, "w", 1) for number in (1, 2, 3))
    await log.append(other, first)
    await log.append(stream, first, second)
    waiting = asyncio.create_task(log.later(stream, 2, 5))
    await log.append(stream, third)
    assert await log.read(stream, 1) == [first, second, third]
    assert await waiting == [third]
    assert await log.read(other, 1) == [first]


async def test_what_is_known_of_an_event_comes_back(log: EventLog) -> None:
    stream = Stream.new("o", "s")
    for event in (
        Event(1, b"", writer="w", request_id="7"),
        Event(2, b"{}", last=True, writer="w", request_id=7),
    ):
        await log.append(stream, event)
    assert await log.read(stream, 1) == [
        Event(1, b"", writer="w", request_id="7"),
        Event(2, b"{}", last=True, writer="w", request_id=7),
    ]


async def test_another_owner_or_session_finds_nothing(log: EventLog) -> None:
    stream = Stream.new("alice", "s")
    await written(log, stream, b"secret")
    for foreign in (
        Stream("bob", "s", stream.token),
        Stream("alice", "t", stream.token),
        Stream("alices", "", stream.token),
        Stream("alice", "s", stream.token[:-1] + ("A" if stream.token[-1] != "A" else "B")),
    ):
        assert await log.read(foreign, 1) is None
        assert await log.later(foreign, 0, 0.01) == []


@pytest.mark.parametrize(
    "text", ["", "0", "1-0", f"{'a' * 22}.0", f"{'a' * 22}.01", f"{'a' * 22}.-1", "a" * 24, f"{'a' * 22}.1\n"]
)
def test_an_event_id_of_another_form_is_none(text: str) -> None:
    assert parse_event_id(text) is None


def test_an_event_id_names_its_stream_and_number() -> None:
    stream = Stream.new("o", "s")
    assert parse_event_id(stream.event_id(12)) == (stream.token, 12)


async def test_who_waits_is_told_at_once(log: EventLog) -> None:
    stream = Stream.new("o", "s")
    [first] = await written(log, stream, b"1")
    waiting = asyncio.create_task(log.later(stream, first.number, 20))
    await asyncio.sleep(0.05)
    second = Event(2, b"2", last=True, writer="w")
    await log.append(stream, second)
    assert await asyncio.wait_for(waiting, 5) == [second]


async def test_a_long_stream_comes_back_whole(log: EventLog) -> None:
    stream = Stream.new("o", "s")
    events = await written(log, stream, *(str(number).encode() for number in range(150)))
    found = await log.read(stream, 1) or []
    while more := await log.later(stream, found[-1].number, 0.01):
        found += more
    assert found == events


async def test_older_events_go_when_told(log: EventLog) -> None:
    stream = Stream.new("o", "s")
    events = await written(log, stream, b"1", b"2", b"3")
    last = Event(4, b"4", writer="w")
    await log.append(stream, last, oldest=3)
    assert await log.read(stream, 2) is None
    assert await log.read(stream, 3) == [events[2], last]


async def test_this_process_is_alive_and_one_that_never_was_is_not(log: EventLog) -> None:
    assert await log.alive(log.writer)
    assert not await log.alive("nobody")


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(st.sampled_from("ab"), st.sampled_from("12"), st.binary(min_size=1, max_size=20)),
        max_size=20,
    )
)
async def test_a_cursor_gives_exactly_what_followed_in_its_stream(
    log: EventLog, appended: list[tuple[str, str, bytes]]
) -> None:
    streams = {(owner, name): Stream.new(owner, "s") for owner in "ab" for name in "12"}
    expected: dict[tuple[str, str], list[bytes]] = {key: [b""] for key in streams}
    for stream in streams.values():
        await log.append(stream, Event(1, b""))
    for owner, name, message in appended:
        kept = expected[owner, name]
        kept.append(message)
        await log.append(streams[owner, name], Event(len(kept), message))
    for (owner, name), stream in streams.items():
        found = await log.read(stream, 1)
        assert found is not None
        assert [event.message for event in found] == expected[owner, name]
        assert await log.read(Stream("ab".replace(owner, ""), "s", stream.token), 1) is None
