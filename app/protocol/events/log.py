"""The interface of an event log, whatever keeps it."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

MAX_ID_LENGTH: Final = 128


class EventLogError(Exception):
    """The log could not be reached in time, or refused. The message names no address and no content."""


@dataclass(frozen=True, slots=True)
class Position:
    """Where a known event stands: in which of its session's streams, at which place, and what it said."""

    session: str
    stream: str
    mark: str
    message: bytes


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """An event as it was appended. An empty message only marks that a stream began."""

    id: str
    message: bytes


class EventLog(Protocol):
    """Ordered events of many sessions. Each read names the session, and sees nothing of any other."""

    async def append(self, session: str, stream: str, message: bytes) -> str:
        """Keep one event and return its id, which nobody can guess.

        Raises:
            EventLogError: The event is not kept.
        """

    async def find(self, session: str, event_id: str) -> Position | None:
        """Return where an event of this session stands, or None when it is unknown or no longer kept.

        Raises:
            EventLogError: The log cannot say.
        """

    def after(self, position: Position) -> AsyncIterator[StoredEvent]:
        """Yield the later events of the same stream, oldest first.

        Raises:
            EventLogError: The log failed on the way.
        """

    async def aclose(self) -> None:
        """Let go of what the log holds."""


def new_token() -> str:
    """Return 128 random bits as text that fits a header."""
    return secrets.token_urlsafe(16)
