"""Answers of the 2025 revisions: each is a stream of its own, kept in the event log where there is one."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from app.protocol.events.log import Event, EventLogError, Stream
from app.protocol.short.attending import STREAM_HEADERS, Attendant, event
from app.protocol.vocabulary import RETRY_MS

if TYPE_CHECKING:
    from starlette.types import Receive, Send

    from app.protocol.events.log import EventLog

_SESSION: Final = b"mcp-session-id"


class AnswerStream:
    """A stream that is not kept: its one event is the response.

    Attributes:
        headers: Those of the answer.
    """

    def __init__(self, session: str = "") -> None:
        """Prepare it. `session` is the id of the session that it belongs to; "" without sessions."""
        self.headers = STREAM_HEADERS
        if session:
            self.headers = [*STREAM_HEADERS, (_SESSION, session.encode("latin-1"))]

    async def opening(self) -> bytes:
        """Return what the client is sent first, whether or not there is a response yet."""
        return b""

    async def between(self, message: bytes) -> bytes:
        """Return what the client is sent of a message that comes before the response."""
        return event(message)

    async def closing(self, answer: bytes) -> bytes:
        """Return what the client is sent of the response; nothing for an empty one, as there is none."""
        return event(answer) if answer else b""

    async def whole(self, answer: bytes) -> bytes:
        """Return both at once."""
        return await self.opening() + await self.closing(answer)

    async def send(self, send: Send, answer: bytes) -> None:
        """Send all of it."""
        body = await self.whole(answer)
        await send({"type": "http.response.start", "status": 200, "headers": self.headers})
        await send({"type": "http.response.body", "body": body, "more_body": False})


class KeptStream(AnswerStream):
    """A stream in the event log: the mark that it begins, what comes before the response, and the response.

    Args:
        event_log: Where it is kept.
        owner: Whose it is, as `owner_of` names them.
        session: The id of the session it belongs to; "" without sessions.
        request_id: The id of the request that it answers.
        marked: Whether it begins with the mark; older clients do not understand that.
    """

    def __init__(
        self, event_log: EventLog, owner: str, session: str, request_id: str | int, *, marked: bool = True
    ) -> None:
        super().__init__(session)
        self._log = event_log
        self._stream = Stream.new(owner, session)
        self._request_id = request_id
        self._marked = marked
        self._number = 0
        self._has_gap = False

    async def opening(self) -> bytes:
        """Keep the mark, unless it was kept before; return the event that names it."""
        if not self._marked or self._number:
            return b""
        (event_id,) = await self._keep(self._next(b""))
        return _opening(event_id)

    async def between(self, message: bytes) -> bytes:
        """Keep a message that comes before the response; return its event."""
        if self._has_gap:
            return event(message)
        (event_id,) = await self._keep(self._next(message))
        return event(message, event_id)

    async def closing(self, answer: bytes) -> bytes:
        """Keep the response; return its event. An empty one is none."""
        if not answer:
            return b""
        (event_id,) = await self._keep(self._next(answer, last=True))
        return event(answer, event_id)

    async def whole(self, answer: bytes) -> bytes:
        """Keep both in one step; return their events."""
        if not self._marked or self._number or not answer:
            return await super().whole(answer)
        first, second = await self._keep(self._next(b""), self._next(answer, last=True))
        return _opening(first) + event(answer, second)

    def _next(self, message: bytes, *, last: bool = False) -> Event:
        self._number += 1
        return Event(self._number, message, last, self._log.writer, self._request_id)

    async def _keep(self, *events: Event) -> list[str]:
        """Keep events; return their ids, or nothing for ids of events that may not be kept."""
        try:
            await self._log.append(self._stream, *events)
        except EventLogError:
            # Of a stream with a gap only the response is of use to who comes back.
            self._has_gap = True
            if events[-1].last:
                self._log.owe(self._stream, events[-1])
            return [""] * len(events)
        return [self._stream.event_id(event.number) for event in events]


def _opening(event_id: str) -> bytes:
    return b"id: %s\r\ndata: \r\nretry: %d\r\n\r\n" % (event_id.encode(), RETRY_MS)


class StreamAttendant(Attendant):
    """Sends a client a stream with what some work comes to.

    Args:
        receive: Tells when the client is gone; its body has been read.
        send: Reaches the client.
        stream: What it is sent.
    """

    def __init__(self, receive: Receive, send: Send, stream: AnswerStream) -> None:
        super().__init__(receive, send)
        self._stream = stream

    async def tell(self, message: bytes) -> None:
        """Send a message before the answer."""
        self._sending = self._sending or asyncio.Lock()
        async with self._sending:
            if not self._is_stream:
                await self._begin()
            body = await self._stream.between(message)
            await self._send({"type": "http.response.body", "body": body, "more_body": True})

    async def _begin(self) -> None:
        opening = await self._stream.opening()
        await self._start_stream()
        await self._send({"type": "http.response.body", "body": opening, "more_body": True})

    async def _start_stream(self) -> None:
        await self._send({"type": "http.response.start", "status": 200, "headers": self._stream.headers})
        self._is_stream = True

    async def _finish(self, status: int, body: bytes) -> None:  # noqa: ARG002 - a stream is always a success
        if not self._is_stream:
            await self._stream.send(self._send, body)
            return
        closing = await self._stream.closing(body)
        await self._send({"type": "http.response.body", "body": closing, "more_body": False})
