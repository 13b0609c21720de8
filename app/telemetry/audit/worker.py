"""A thread for work that may hang, such as a write to a disk that is gone."""

from __future__ import annotations

import asyncio
import contextlib
import queue
import threading
from collections.abc import Callable
from typing import TypeAlias

_Job: TypeAlias = tuple[Callable[[], None], "asyncio.Future[None]"]


class Worker:
    """Does one thing after the other in a thread of its own.

    Unlike the event loop's threads, this one does not keep a process that ends: what hangs in it is left.
    """

    def __init__(self) -> None:
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None

    async def do(self, work: Callable[[], None]) -> None:
        """Have `work` done and wait for it. When the wait is cancelled, the work goes on."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="audit", daemon=True)
            self._thread.start()
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._jobs.put((work, done))
        await done

    def close(self) -> None:
        """Let the thread end when it has done what it was given."""
        self._jobs.put(None)
        self._thread = None

    def _run(self) -> None:
        while (job := self._jobs.get()) is not None:
            work, done = job
            error: Exception | None = None
            try:
                work()
            except Exception as caught:  # noqa: BLE001 - it is raised where the work was asked for
                error = caught
            # The loop may have ended while the work hung.
            with contextlib.suppress(RuntimeError):
                done.get_loop().call_soon_threadsafe(_settle, done, error)


def _settle(done: asyncio.Future[None], error: Exception | None) -> None:
    if done.done():
        return
    if error is None:
        done.set_result(None)
    else:
        done.set_exception(error)
