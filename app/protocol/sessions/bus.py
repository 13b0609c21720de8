"""What replicas tell each other about sessions."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

Kind = Literal["ended", "message", "resumed"]


@dataclass(frozen=True, slots=True)
class Word:
    """One thing that a replica tells the others.

    Attributes:
        kind: A session "ended"; a client's "message" for a session, that may be for a call that runs
            elsewhere; a stream was "resumed" and whoever replays it should leave it to the new reader.
        about: Which session (`key_of`), or which stream (`Stream.address`).
        body: The message.
    """

    kind: Kind
    about: str
    body: bytes = b""


Hear: TypeAlias = "Callable[[Word], Awaitable[None]]"


class Bus(Protocol):
    """Tells the other replicas, at most once each, in order."""

    async def tell(self, word: Word) -> None:
        """Tell all others.

        Raises:
            StoreUnavailableError: Perhaps nobody was told.
        """

    def listening(self, hear: Hear) -> AbstractAsyncContextManager[None]:
        """Within this context, call `hear` with what others tell."""


class NoBus:
    """The bus of a process that has no others."""

    async def tell(self, word: Word) -> None:
        """Tell nobody."""

    @asynccontextmanager
    async def listening(self, hear: Hear) -> AsyncIterator[None]:  # noqa: ARG002 - nobody will call
        """Hear nothing."""
        yield
