"""The interface of an event log, whatever keeps it."""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

    from app.telemetry.component import ComponentState

_EVENT_ID: Final = re.compile(r"([A-Za-z0-9_-]{22})\.([1-9][0-9]{0,8})")


class EventLogError(Exception):
    """The log could not be reached in time, or refused. The message names no address and no content."""


@dataclass(frozen=True, slots=True)
class Stream:
    """The events of one answer, from its beginning to its response.

    Attributes:
        owner: The principal whose stream it is, as `owner_of` names it.
        session: The id of the session it belongs to; "" without sessions.
        token: 128 random bits, which the client learns with the first event.
    """

    owner: str
    session: str
    token: str

    @classmethod
    def new(cls, owner: str, session: str) -> Stream:
        """Return a stream that nobody has heard of."""
        return cls(owner, session, secrets.token_urlsafe(16))

    @property
    def address(self) -> str:
        """Where its events are kept. It follows from all three: who differs in one finds nothing."""
        digest = hashlib.blake2b(digest_size=16, person=b"mcp-stream")
        for part in (self.owner, self.session, self.token):
            data = part.encode()
            digest.update(len(data).to_bytes(4) + data)
        return digest.hexdigest()

    def event_id(self, number: int) -> str:
        """Return the id by which the client knows one of its events."""
        return f"{self.token}.{number}"


def parse_event_id(text: str) -> tuple[str, int] | None:
    """Return the token and the number in an event id; None when it has another form."""
    match = _EVENT_ID.fullmatch(text)
    return None if match is None else (match[1], int(match[2]))


@dataclass(frozen=True, slots=True)
class Event:
    """One event of a stream.

    Attributes:
        number: Its place, from 1 on. An event that could not be kept leaves a gap.
        message: The JSON-RPC message; empty for the mark that a stream began.
        last: Whether the stream ends with it.
        writer: The process that runs the call.
        request_id: The id of the request that the stream answers; None for none.
    """

    number: int
    message: bytes
    last: bool = False
    writer: str = ""
    request_id: str | int | None = None


class EventLog(Protocol):
    """Ordered events of many streams. Each stream has one writer."""

    @property
    def writer(self) -> str:
        """How this process is called in the events it writes."""

    async def append(self, stream: Stream, *events: Event, oldest: int = 1) -> None:
        """Keep the next events of a stream, and none before number `oldest`.

        Raises:
            EventLogError: Some of them may not be kept.
        """

    def owe(self, stream: Stream, event: Event) -> None:
        """Keep an event later, when the log can be reached again; for the last one of a stream."""

    async def read(self, stream: Stream, number: int) -> list[Event] | None:
        """Return that event and some of those after it; None when it is unknown or no longer kept.

        Raises:
            EventLogError: The log cannot say.
        """

    async def later(self, stream: Stream, number: int, wait: float) -> list[Event]:
        """Return some events after that number, as soon as there are any, and none after `wait` seconds.

        Raises:
            EventLogError: The log cannot say.
        """

    async def alive(self, writer: str) -> bool:
        """Tell whether the process that writes a stream has been heard of lately.

        Raises:
            EventLogError: The log cannot say.
        """

    def run(self) -> AbstractAsyncContextManager[None]:
        """Within this context, others hear that this process is alive. At its end the log is closed."""

    def state(self) -> ComponentState:
        """Return how the log is."""
