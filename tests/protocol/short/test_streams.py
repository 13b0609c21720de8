from __future__ import annotations

import pytest

from app.protocol.events.log import Event, EventLogError, Stream
from app.protocol.events.memory import MemoryEventLog
from app.protocol.short.streams import KeptStream


class FailingLog(MemoryEventLog):
    def __init__(self) -> None:
        super().__init__()
        self.owed: list[Event] = []

    async def append(self, stream: Stream, *events: Event, oldest: int = 1) -> None:  # noqa: ARG002
        raise EventLogError("gone")

    def owe(self, stream: Stream, event: Event) -> None:  # noqa: ARG002
        self.owed.append(event)


@pytest.mark.parametrize("at_once", [True, False])
async def test_an_answer_that_cannot_be_kept_goes_out_without_ids_and_is_owed(*, at_once: bool) -> None:
    log = FailingLog()
    stream = KeptStream(log, "o", "s", 7)
    sent = (
        await stream.whole(b"answer") if at_once else await stream.opening() + await stream.closing(b"answer")
    )

    assert sent == b"id: \r\ndata: \r\nretry: 1000\r\n\r\nevent: message\r\ndata: answer\r\n\r\n"
    assert log.owed == [Event(2, b"answer", last=True, writer=log.writer, request_id=7)]


@pytest.mark.parametrize("at_once", [True, False])
async def test_a_client_that_cannot_take_the_mark_is_sent_the_answer_alone(*, at_once: bool) -> None:
    log = MemoryEventLog()
    stream = KeptStream(log, "o", "s", 7, marked=False)
    sent = (
        await stream.whole(b"answer") if at_once else await stream.opening() + await stream.closing(b"answer")
    )

    token = sent.removeprefix(b"id: ").partition(b".")[0].decode()
    assert sent == f"id: {token}.1\r\nevent: message\r\ndata: answer\r\n\r\n".encode()
    assert await log.read(Stream("o", "s", token), 1) == [
        Event(1, b"answer", last=True, writer=log.writer, request_id=7)
    ]
