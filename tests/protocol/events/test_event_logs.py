"""What every event log promises, whatever keeps the events."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.protocol.events.log import EventLog, StoredEvent
from app.protocol.events.memory import MemoryEventLog
from app.protocol.events.redis import RedisEventLog
from app.redis_client import connect


@pytest.fixture(params=["memory", "redis"])
async def log(request: pytest.FixtureRequest) -> AsyncIterator[EventLog]:
    event_log: EventLog
    if request.param == "memory":
        event_log = MemoryEventLog()
    else:
        event_log = RedisEventLog(connect(request.getfixturevalue("redis_url")))
    yield event_log
    await event_log.aclose()


async def missed(event_log: EventLog, session: str, event_id: str) -> list[StoredEvent] | None:
    position = await event_log.find(session, event_id)
    return None if position is None else [event async for event in event_log.after(position)]


async def test_the_later_events_of_the_same_stream_come_back_in_order(log: EventLog) -> None:
    first = await log.append("s", "1", b"")
    await log.append("s", "2", b"other stream")
    kept = [
        StoredEvent(await log.append("s", "1", message), message) for message in (b"a", b"\xff\x00", b"c")
    ]

    assert await missed(log, "s", first) == kept
    assert await missed(log, "s", kept[1].id) == kept[2:]
    assert await missed(log, "s", kept[2].id) == []
    position = await log.find("s", kept[1].id)
    assert position is not None
    assert (position.stream, position.message) == ("1", b"\xff\x00")


async def test_another_session_sees_nothing(log: EventLog) -> None:
    event_id = await log.append("alice", "1", b"secret")
    await log.append("bob", "1", b"own")
    assert await log.find("bob", event_id) is None
    assert await log.find("nobody", event_id) is None


@pytest.mark.parametrize(
    "event_id", ["", "0", "0-0", "1-1.aaaaaaaaaaaaaaaaaaaaaa", "a}:{b", "1-0\r\nX: y", "-.*", "9" * 200]
)
async def test_an_event_id_that_was_never_given_out_is_unknown(log: EventLog, event_id: str) -> None:
    await log.append("s", "1", b"x")
    assert await log.find("s", event_id) is None


async def test_a_guess_next_to_a_known_id_is_unknown(log: EventLog) -> None:
    event_id = await log.append("s", "1", b"x")
    guess = event_id[:-1] + ("A" if event_id[-1] != "A" else "B")
    assert await log.find("s", guess) is None


async def test_more_than_a_page_comes_back_whole(log: EventLog) -> None:
    ids = [await log.append("s", "1", str(number).encode()) for number in range(150)]
    found = await missed(log, "s", ids[0])
    assert found is not None
    assert [event.id for event in found] == ids[1:]


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
    start = {(session, stream): await log.append(session, stream, b"") for session in "ab" for stream in "12"}
    for session, stream, message in appended:
        await log.append(session, stream, message)
    for (session, stream), event_id in start.items():
        found = await missed(log, session, event_id)
        assert found is not None
        expected = [message for to, name, message in appended if (to, name) == (session, stream)]
        assert [event.message for event in found] == expected
        assert await log.find("ab".replace(session, ""), event_id) is None
