from __future__ import annotations

import pytest
from mcp_types import ErrorData, JSONRPCError, JSONRPCMessage, JSONRPCNotification, JSONRPCResponse

from app.protocol.events.log import Event, Stream, parse_event_id
from app.protocol.events.memory import MemoryEventLog
from app.protocol.events.writing import StreamWriter
from tests.protocol.events.failing_log import FailingLog

PROGRESS = JSONRPCNotification(jsonrpc="2.0", method="notifications/progress", params={"progress": 1})
ANSWER = JSONRPCResponse(jsonrpc="2.0", id=1, result={"ok": True, "none": None})
REFUSAL = JSONRPCError(jsonrpc="2.0", id=1, error=ErrorData(code=1, message="no"))


async def kept(log: MemoryEventLog, event_id: str, owner: str = "o") -> list[Event] | None:
    place = parse_event_id(event_id)
    assert place is not None
    return await log.read(Stream(owner, "s", place[0]), place[1])


@pytest.mark.parametrize("last", [ANSWER, REFUSAL])
async def test_each_answer_has_a_stream_that_ends_with_it(last: JSONRPCMessage) -> None:
    log = MemoryEventLog()
    writer = StreamWriter(log, "o", "s")
    writer.expect(1)
    begin = await writer.store_event("1", None)
    await writer.store_event("2", None)
    await writer.store_event("1", PROGRESS)
    await writer.store_event("2", ANSWER)
    assert not writer.complete
    await writer.store_event("1", last)
    assert writer.complete
    events = await kept(log, begin)
    assert events is not None
    assert [event.message for event in events] == [
        b"",
        PROGRESS.model_dump_json(by_alias=True, exclude_unset=True).encode(),
        last.model_dump_json(by_alias=True, exclude_unset=True).encode(),
    ]
    assert [event.last for event in events] == [False, False, True]
    assert {event.request_id for event in events} == {1}
    assert await kept(log, begin, owner="somebody else") is None


async def test_a_request_id_that_comes_again_is_another_stream() -> None:
    writer = StreamWriter(MemoryEventLog(), "o", "s")
    first = await writer.store_event("1", None)
    await writer.store_event("1", ANSWER)
    second = await writer.store_event("1", None)
    assert first.partition(".")[0] != second.partition(".")[0]


async def test_a_client_that_cannot_take_the_first_mark_has_ids_all_the_same() -> None:
    log = MemoryEventLog()
    writer = StreamWriter(log, "o", "s")
    first = await writer.store_event("1", PROGRESS)
    await writer.store_event("1", ANSWER)
    assert [event.last for event in await kept(log, first) or ()] == [False, True]


async def test_when_the_log_fails_messages_go_on_without_an_id_and_the_answer_is_kept_if_it_can_be() -> None:
    log = FailingLog(failing=False)
    writer = StreamWriter(log, "o", "s")
    begin = await writer.store_event("1", None)
    log.failing = True
    assert await writer.store_event("1", PROGRESS) == ""
    assert await writer.store_event("1", PROGRESS) == ""
    assert log.asked == 2, "a stream that is not whole any more is not worth asking for"
    log.failing = False
    assert await writer.store_event("1", PROGRESS) == ""
    assert await writer.store_event("1", ANSWER)
    assert [event.last for event in await kept(log, begin) or ()] == [False, True]


async def test_an_answer_that_cannot_be_kept_is_owed() -> None:
    log = FailingLog(failing=False)
    writer = StreamWriter(log, "o", "s")
    await writer.store_event("1", None)
    log.failing = True
    assert await writer.store_event("1", ANSWER) == ""
    assert [event.last for event in log.owed] == [True]
    assert writer.complete


async def test_one_stream_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.protocol.events.writing._MAX_EVENTS", 3)
    log = MemoryEventLog()
    writer = StreamWriter(log, "o", "s")
    ids = [await writer.store_event("1", PROGRESS) for _ in range(5)]
    assert [await kept(log, one) is not None for one in ids] == [False, False, True, True, True]


async def test_the_sdk_never_replays() -> None:
    async def send(_event: object) -> None:
        raise AssertionError("nothing is replayed here")

    assert await StreamWriter(MemoryEventLog(), "o", "s").replay_events_after("x", send) is None
