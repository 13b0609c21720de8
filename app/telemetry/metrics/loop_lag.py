"""Measures how late the event loop is."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final

EVERY_SECONDS: Final = 0.5


@asynccontextmanager
async def watched_loop(note: Callable[[float], None], *, every: float = EVERY_SECONDS) -> AsyncIterator[None]:
    """Tell `note`, within this context, how many seconds late each timer fires."""
    task = asyncio.create_task(_watch(note, every))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _watch(note: Callable[[float], None], every: float) -> None:
    loop = asyncio.get_running_loop()
    while True:
        due = loop.time() + every
        await asyncio.sleep(every)
        note(max(0.0, loop.time() - due))
