from __future__ import annotations

import asyncio

import pytest
from starlette.types import Message

from app.protocol.events.log import Event, Stream
from app.protocol.events.memory import MemoryEventLog
from app.protocol.short import attending
from app.protocol.short.streams import KeptStream, StreamAttendant
from tests.protocol.events.failing_log import FailingLog


class SlowLog(MemoryEventLog):
    async def append(self, stream: Stream, *events: Event, oldest: int = 1) -> None:
        await asyncio.sleep(0.05)  # longer than it takes until somebody looks after the client
        await super().append(stream, *events, oldest=oldest)


async def test_an_answer_that_is_kept_slowly_begins_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attending, "_ATTENTION_AFTER", 0.01)
    sent: list[Message] = []

    async def receive() -> Message:
        await asyncio.Event().wait()
        raise AssertionError

    async def send(message: Message) -> None:
        sent.append(message)

    async def work() -> tuple[int, bytes]:
        return 200, b"answer"

    stream = KeptStream(SlowLog(), "o", "s", 7)
    await StreamAttendant(receive, send, stream).serve(work())

    assert [message["type"] for message in sent] == ["http.response.start", "http.response.body"]
    assert sent[1]["body"].endswith(b"data: answer\r\n\r\n")


@pytest.mark.parametrize("at_once", [True, False])
async def test_an_answer_that_cannot_be_kept_goes_out_without_ids_and_is_owed(*, at_once: bool) -> None:
    log = FailingLog(failing=True)
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


async def test_what_comes_before_the_response_is_kept_in_order() -> None:
    log = MemoryEventLog()
    stream = KeptStream(log, "o", "s", 7)
    sent = await stream.opening() + await stream.between(b"half") + await stream.whole(b"answer")

    token = sent.removeprefix(b"id: ").partition(b".")[0].decode()
    kept = await log.read(Stream("o", "s", token), 1) or []
    assert [(event.number, event.message, event.last) for event in kept] == [
        (1, b"", False),
        (2, b"half", False),
        (3, b"answer", True),
    ]
    assert [line.decode() for line in sent.split(b"\r\n") if line.startswith(b"id")] == [
        f"id: {token}.{number}" for number in (1, 2, 3)
    ]


async def test_after_a_gap_only_the_response_is_kept() -> None:
    log = FailingLog(failing=True)
    log.failing = False
    stream = KeptStream(log, "o", "s", 7)
    opening = await stream.opening()
    log.failing = True
    sent = await stream.between(b"one") + await stream.between(b"two")
    log.failing = False
    sent += await stream.between(b"three")
    closing = await stream.closing(b"answer")

    assert sent == b"".join(
        b"event: message\r\ndata: %s\r\n\r\n" % each for each in (b"one", b"two", b"three")
    )
    assert closing.startswith(b"id: ")
    assert log.asked == 3, "the mark, what failed, and the response"
    token = opening.removeprefix(b"id: ").partition(b".")[0].decode()
    kept = await log.read(Stream("o", "s", token), 1) or []
    assert [event.message for event in kept] == [b"", b"answer"]
