"""The contract between the trail and the places where records are kept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol


class SinkFailedError(Exception):
    """Records could not be written; the text is fit for the log.

    Attributes:
        written: How many of them, from the first on, have been written all the same.
    """

    def __init__(self, reason: str, *, written: int = 0) -> None:
        super().__init__(reason)
        self.written = written


class Sink(Protocol):
    """Keeps records. Its one caller is a task that waits for each call to end."""

    @property
    def name(self) -> str:
        """What it is called in the log and in /ready, such as `audit file`."""
        ...

    async def write(self, lines: Sequence[bytes]) -> None:
        """Keep records in their order, each a line of JSON without its end.

        Raises:
            SinkFailedError: Not all of them could be written.
        """

    async def reopen(self) -> None:
        """Let go of what is open, so that the next record goes to what now has the name."""

    async def aclose(self) -> None:
        """Let go of what is open, for good."""
