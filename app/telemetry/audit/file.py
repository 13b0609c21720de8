"""Records in a file: JSON Lines, appended."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Sequence
from functools import partial
from typing import Final

from app.telemetry.audit.sink import SinkFailedError
from app.telemetry.audit.worker import Worker

_MODE: Final = 0o600
_FLAGS: Final = (
    os.O_WRONLY
    | os.O_APPEND
    | os.O_CREAT
    | getattr(os, "O_CLOEXEC", 0)
    # A pipe that nobody reads is an error, not a wait without end.
    | getattr(os, "O_NONBLOCK", 0)
)


class FileSink:
    """A `Sink` in a file that only this process's user may read when it is made here.

    Before each write it sees whether the name still means the file that is open, so a file that was moved
    away is replaced by a new one. What is written is in the hands of the operating system; it is not forced
    to the disk.

    Args:
        path: The file. Its directory must exist.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._fd: int | None = None
        self._torn = False
        self._worker = Worker()

    @property
    def name(self) -> str:
        """What it is called in the log and in /ready."""
        return "audit file"

    async def write(self, lines: Sequence[bytes]) -> None:
        """Append the records, in a thread.

        Where the disk is full in the middle of a record, a part of it stays behind. It gets a line of its
        own, and the whole record follows.
        """
        await self._worker.do(partial(self._append, lines))

    async def reopen(self) -> None:
        """Close the file; the next record opens what then has the name."""
        await self._worker.do(self._close)

    async def aclose(self) -> None:
        """Close the file, once what was begun is written."""
        try:
            await self._worker.do(self._close)
        finally:
            self._worker.close()

    def _append(self, lines: Sequence[bytes]) -> None:
        data = b"".join(line + b"\n" for line in lines)
        start = 0
        try:
            fd = self._current()
            if self._torn:
                os.write(fd, b"\n")
                self._torn = False
            while start < len(data):
                start += os.write(fd, data[start:])
        except OSError as error:
            self._torn = self._torn or (start > 0 and data[start - 1 : start] != b"\n")
            reason = (error.strerror or type(error).__name__).lower()
            raise SinkFailedError(reason, written=data.count(b"\n", 0, start)) from error

    def _current(self) -> int:
        """Return the open file, opened anew when its name means another one by now."""
        if self._fd is not None and not self._is_what_the_name_means(self._fd):
            self._close()
        if self._fd is None:
            self._fd = os.open(self._path, _FLAGS, _MODE)
            # What was torn is in the file before.
            self._torn = False
        return self._fd

    def _is_what_the_name_means(self, fd: int) -> bool:
        try:
            return os.path.samestat(os.fstat(fd), os.stat(self._path))  # noqa: PTH116 - one call, no object
        except FileNotFoundError:
            return False

    def _close(self) -> None:
        fd, self._fd = self._fd, None
        if fd is not None:
            # What a network file system reports only now concerns records that it took before.
            with contextlib.suppress(OSError):
                os.close(fd)
