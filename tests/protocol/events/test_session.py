from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from mcp.server.streamable_http import EventMessage
from mcp_types import ErrorData, JSONRPCError, JSONRPCMessage, JSONRPCNotification, JSONRPCResponse

from app.protocol.events.log import EventLog, EventLogError, Position, StoredEvent
from app.protocol.events.memory import MemoryEventLog
from app.protocol.events.session import SessionEvents

PROGRESS = JSONRPCNotification(jsonrpc="2.0", method="notifications/progress", params={"progress": 1})
ANSWER = JSONRPCResponse(jsonrpc="2.0", id=1, result={"ok": True, "none": None})
REFUSAL = JSONRPCError(jsonrpc="2.0", id=1, error=ErrorData(code=1, message="no"))


class FailingLog(MemoryEventLog):
    def __init__(self) -> None:
        super().__init__()
        self.failing = False
        self.asked = 0

    def _ask(self) -> None:
        self.asked += 1
        if self.failing:
            raise EventLogError("gone")

    async def append(self, session: str, stream: str, message: bytes) -> str:
        self._ask()
        return await super().append(session, stream, message)

    async def find(self, session: str, event_id: str) -> Position | None:
        self._ask()
        return await super().find(session, event_id)

    async def after(self, position: Position) -> AsyncIterator[StoredEvent]:
        async for event in super().after(position):
            yield event


async def replay(events: SessionEvents, event_id: str) -> tuple[str | None, list[JSONRPCMessage]]:
    sent: list[JSONRPCMessage] = []

    async def send(event: EventMessage) -> None:
        assert event.event_id
        sent.append(event.message)

    return await events.replay_events_after(event_id, send), sent


async def test_a_running_stream_is_replayed_and_followed() -> None:
    events = SessionEvents(MemoryEventLog(), "s")
    begin = await events.store_event("1", None)
    await events.store_event("2", ANSWER)
    await events.store_event("1", PROGRESS)
    assert await replay(events, begin) == ("1", [PROGRESS])


@pytest.mark.parametrize("last", [ANSWER, REFUSAL])
async def test_a_finished_stream_is_replayed_and_ends(last: JSONRPCMessage) -> None:
    events = SessionEvents(MemoryEventLog(), "s")
    begin = await events.store_event("1", None)
    await events.store_event("1", PROGRESS)
    end = await events.store_event("1", last)
    assert await replay(events, begin) == (None, [PROGRESS, last])
    assert await replay(events, end) == (None, [])


async def test_an_event_of_another_session_is_unknown() -> None:
    log = MemoryEventLog()
    mine, other = SessionEvents(log, "mine"), SessionEvents(log, "other")
    begin = await mine.store_event("1", None)
    await mine.store_event("1", ANSWER)
    assert await replay(other, begin) == (None, [])


async def test_an_overlong_event_id_is_not_looked_up() -> None:
    log = FailingLog()
    assert await replay(SessionEvents(log, "s"), "x" * 129) == (None, [])
    assert log.asked == 0


async def test_when_the_log_fails_messages_go_on_without_an_id_and_it_is_not_asked_again() -> None:
    log = FailingLog()
    events = SessionEvents(log, "s")
    begin = await events.store_event("1", None)
    log.failing = True
    assert await events.store_event("1", PROGRESS) == ""
    assert await events.store_event("1", PROGRESS) == ""
    assert log.asked == 2
    assert await replay(events, begin) == (None, [])
    log.failing = False
    assert await replay(events, begin) == ("1", [])
    assert await events.store_event("1", ANSWER) == ""
    assert await replay(events, begin) == (None, []), "the end was lost: following it would never end"
    assert await events.store_event("2", PROGRESS), "other streams are kept"


async def test_the_memory_of_broken_streams_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.protocol.events.session._MAX_BROKEN", 2)
    log: EventLog = FailingLog()
    assert isinstance(log, FailingLog)
    log.failing = True
    events = SessionEvents(log, "s")
    for stream in ("1", "2", "3"):
        await events.store_event(stream, PROGRESS)
    assert list(events._broken) == ["2", "3"]
