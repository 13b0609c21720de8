"""Answers a client that lost its stream and comes back: GET with Last-Event-ID."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import anyio
import structlog
from sse_starlette import EventSourceResponse

from app.protocol.answers import refused, try_again
from app.protocol.events.log import EventLogError, Stream, parse_event_id
from app.protocol.messages import error_message
from app.protocol.sessions.bus import Word
from app.protocol.sessions.store import StoreUnavailableError
from app.protocol.vocabulary import INTERNAL_ERROR

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.responses import Response
    from starlette.types import Message, Receive, Scope, Send

    from app.protocol.events.log import Event, EventLog
    from app.protocol.sessions.bus import Bus

log = structlog.get_logger(__name__)

_CHECK: Final = 5.0
_PATIENCE: Final = 600.0
_LOST: Final = (
    "The server that ran this call stopped before it finished. Whether the call took effect is not known: "
    "look before you repeat it."
)


class _WriterGone(Exception):
    """The process that ran the call is gone."""


@dataclass(slots=True)
class _Reading:
    """One client that reads a stream."""

    scope: anyio.CancelScope = field(default_factory=anyio.CancelScope)


class Resumption:
    """Sends what a client missed of a stream, then what comes, until the stream ends.

    A stream has one reader: whoever comes back takes over from whoever was there, mostly the same client
    with a connection that nobody knows to be dead. The call may run in another process; when that one is
    gone, the client is told so in place of a response.

    Args:
        event_log: Where the events are.
        bus: Tells other replicas of a take-over.
        check: Seconds of silence after which it is asked whether the writer is alive; when it is not, twice
            in a row, the stream is given up.
        patience: Seconds of silence after which a stream is given up in any case; the client may come back.
    """

    def __init__(
        self, event_log: EventLog, bus: Bus, *, check: float = _CHECK, patience: float = _PATIENCE
    ) -> None:
        self._log = event_log
        self._bus = bus
        self._check = check
        self._patience = patience
        self._readings: dict[str, _Reading] = {}

    async def answer(
        self, scope: Scope, receive: Receive, send: Send, *, owner: str, session: str, last_event_id: str
    ) -> None:
        """Answer one request. `session` is "" without sessions."""
        place = parse_event_id(last_event_id)
        if place is None:
            await _unknown()(scope, receive, send)
            return
        token, number = place
        stream = Stream(owner, session, token)
        try:
            events = await self._log.read(stream, number)
        except EventLogError as error:
            log.warning("events_not_replayed", reason=str(error))
            await try_again("The events of this stream cannot be read at the moment. Try again soon.")(
                scope, receive, send
            )
            return
        if events is None:
            await _unknown()(scope, receive, send)
            return
        # Known before anything is waited for: of two who come at once, the later one stays.
        self.leave(stream.address)
        reading = self._readings[stream.address] = _Reading()
        headers = {"Cache-Control": "no-cache, no-transform"}
        if session:
            headers["Mcp-Session-Id"] = session
        response = EventSourceResponse(self._rest(stream, events), headers=headers)
        state = "waiting"

        async def watched(message: Message) -> None:
            nonlocal state
            await send(message)
            state = "begun" if message.get("more_body", True) else "complete"

        try:
            with reading.scope:
                await self._tell(stream.address)
                await response(scope, receive, watched)
            if reading.scope.cancel_called and state == "waiting":
                await refused(409, "The same stream was resumed again meanwhile.")(scope, receive, send)
            elif reading.scope.cancel_called and state == "begun":
                await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            if self._readings.get(stream.address) is reading:
                del self._readings[stream.address]

    def leave(self, address: str) -> None:
        """Stop reading a stream, because somebody else reads it now."""
        reading = self._readings.pop(address, None)
        if reading is not None:
            reading.scope.cancel()

    async def _tell(self, address: str) -> None:
        try:
            await self._bus.tell(Word("resumed", address))
        except StoreUnavailableError as error:
            # Two readers do no harm; the other one has most likely lost its client.
            log.info("take_over_not_told", reason=str(error))

    async def _rest(self, stream: Stream, events: list[Event]) -> AsyncIterator[dict[str, Any]]:
        """Yield what follows the first of these events, until the stream ends."""
        known, number = events[0], events[0].number
        if known.last:
            return
        events = events[1:]
        try:
            while events or (events := await self._next(stream, number, known.writer)):
                for event in events:
                    number = event.number
                    if event.message:
                        yield _to_sse(stream, event)
                    if event.last:
                        return
                events = []
        except _WriterGone:
            log.warning("writer_of_stream_is_gone")
            if known.request_id is not None:
                yield _lost(known.request_id)
        except EventLogError as error:
            # The stream ends without its response, so the client comes back for the rest.
            log.warning("events_not_replayed", reason=str(error))

    async def _next(self, stream: Stream, number: int, writer: str) -> list[Event]:
        """Wait for events after that number; return none when it took too long.

        Raises:
            EventLogError: The log cannot say.
            _WriterGone: There will be none.
        """
        missing = 0
        for _ in range(max(1, round(self._patience / self._check))):
            events = await self._log.later(stream, number, self._check)
            if events:
                return events
            missing = 0 if await self._log.alive(writer) else missing + 1
            if missing > 1:
                raise _WriterGone
        return []


def _to_sse(stream: Stream, event: Event) -> dict[str, Any]:
    return {"event": "message", "id": stream.event_id(event.number), "data": event.message.decode()}


def _lost(request_id: str | int) -> dict[str, Any]:
    return {"event": "message", "data": error_message(INTERNAL_ERROR, _LOST, request_id).decode()}


def _unknown() -> Response:
    return refused(
        400,
        "This Last-Event-ID is not known here: it is not yours, or its stream is not kept any more. Send the "
        "request again, after a look whether a write took effect.",
    )
