"""Answers of the 2025 revisions: each is a stream of its own, kept in the event log where there is one."""

from __future__ import annotations

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

    async def closing(self, answer: bytes) -> bytes:
        """Return what the client is sent of the response; nothing for an empty one, as there is none."""
        return event(answer) if answer else b""

    async def send(self, send: Send, answer: bytes) -> None:
        """Send all of it."""
        body = await self.opening() + await self.closing(answer)
        await send({"type": "http.response.start", "status": 200, "headers": self.headers})
        await send({"type": "http.response.body", "body": body, "more_body": False})


class KeptStream(AnswerStream):
    """A stream in the event log: the mark that it begins, and the response.

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

    async def opening(self) -> bytes:
        """Keep the mark; return the event that names it."""
        if not self._marked:
            return b""
        event_id = await self._keep(Event(1, b"", False, self._log.writer, self._request_id))  # noqa: FBT003
        return f"id: {event_id}\r\ndata: \r\nretry: {RETRY_MS}\r\n\r\n".encode()

    async def closing(self, answer: bytes) -> bytes:
        """Keep the response; return its event. An empty one is none."""
        if not answer:
            return b""
        number = 2 if self._marked else 1
        last = Event(number, answer, True, self._log.writer, self._request_id)  # noqa: FBT003
        return event(answer, await self._keep(last))

    async def _keep(self, kept: Event) -> str:
        try:
            await self._log.append(self._stream, kept)
        except EventLogError:
            if kept.last:
                self._log.owe(self._stream, kept)
            return ""
        return self._stream.event_id(kept.number)


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

    async def _begin(self) -> None:
        opening = await self._stream.opening()
        await self._start_stream()
        await self._send({"type": "http.response.body", "body": opening, "more_body": True})

    async def _start_stream(self) -> None:
        self._is_stream = True
        await self._send({"type": "http.response.start", "status": 200, "headers": self._stream.headers})

    async def _finish(self, status: int, body: bytes) -> None:  # noqa: ARG002 - a stream is always a success
        if not self._is_stream:
            await self._stream.send(self._send, body)
            return
        closing = await self._stream.closing(body)
        await self._send({"type": "http.response.body", "body": closing, "more_body": False})
