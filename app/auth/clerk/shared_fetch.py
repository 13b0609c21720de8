"""One fetch for everybody who waits for it."""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import TYPE_CHECKING

from app.auth.clerk.fetching import FetchError
from app.auth.verifier import VerifierUnavailableError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable


class SharedFetch:
    """Runs a fetch: one at a time, and never more often than the cool-down allows.

    The fetch has a task of its own, so a caller that goes away does not take it from the others.

    Args:
        fetch: Fetches and keeps the result; raises FetchError. Its deadline is its own.
        cool_down: Least seconds between the beginnings of two fetches.
    """

    def __init__(self, fetch: Callable[[], Awaitable[None]], *, cool_down: float) -> None:
        self._fetch = fetch
        self._cool_down = cool_down
        self._task: asyncio.Task[FetchError | None] | None = None
        self._began = float("-inf")
        self._failure: FetchError | None = None

    @property
    def began(self) -> float:
        """When the latest fetch began, by `time.monotonic`."""
        return self._began

    @property
    def failing(self) -> bool:
        """Whether the latest fetch that ended has failed."""
        return self._failure is not None

    async def run(self) -> None:
        """Join the fetch that is under way, or begin one, after the cool-down if need be.

        Raises:
            VerifierUnavailableError: It failed, or the one before failed within the cool-down.
        """
        if self._task is None:
            wait = self._began + self._cool_down - time.monotonic()
            if self._failure is not None and wait > 0:
                raise VerifierUnavailableError(str(self._failure)) from self._failure
            self._task = asyncio.create_task(self._run(max(wait, 0.0)))
        failure = await asyncio.shield(self._task)
        if failure is not None:
            raise VerifierUnavailableError(str(failure)) from failure

    async def _run(self, delay: float) -> FetchError | None:
        try:
            await asyncio.sleep(delay)
            self._began = time.monotonic()
            await self._fetch()
        except FetchError as error:
            self._failure = error
        else:
            self._failure = None
        finally:
            self._task = None
        return self._failure

    async def aclose(self) -> None:
        """End the fetch that is under way, if there is one."""
        task = self._task
        if task is not None:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
