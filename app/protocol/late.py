"""MCP in full, which takes the SDK: loaded beside the work, when there is a moment or somebody needs it.

Importing the SDK takes longer than all the rest of a start. What the short paths answer does not wait for it.
"""

from __future__ import annotations

import asyncio
import sys
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final, Protocol

import structlog

from app.protocol.answers import try_again
from app.telemetry.component import OK, ComponentState

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from contextlib import AbstractAsyncContextManager

    from starlette.types import Receive, Scope, Send

log = structlog.get_logger(__name__)

_AFTER: Final = 0.2
_PATIENCE: Final = 30.0
_RETRY: Final = 5.0
_SWITCH: Final = 0.0005
"""Seconds after which an import lets the event loop go on. Python's own are ten times as long, and a request
waits for them several times."""
_FAILED: Final = ComponentState("failed", "the MCP SDK cannot be loaded")


class Handler(Protocol):
    """An ASGI application that works within `run`, which one task enters and leaves."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""

    def run(self) -> AbstractAsyncContextManager[None]:
        """Return the context to work in."""


class LateHandler:
    """Stands for a handler that is not there yet; requests for it wait.

    Args:
        load: Imports what the handler needs, in a thread, and returns what builds it in the event loop.
        after: Seconds after the start at which it is loaded, though nobody needs it: by then a process that
            was started for one request has answered it.
        patience: Seconds for which a request waits; then it is told to come again.
        retry: Seconds after a failure before the next attempt.
    """

    def __init__(
        self,
        load: Callable[[], Callable[[], Handler]],
        *,
        after: float = _AFTER,
        patience: float = _PATIENCE,
        retry: float = _RETRY,
    ) -> None:
        self._load = load
        self._after = after
        self._patience = patience
        self._retry = retry
        self._handler: Handler | None = None
        self._needed = asyncio.Event()
        self._settled = asyncio.Event()
        self._closing = asyncio.Event()
        self._failed = False

    def state(self) -> ComponentState:
        """Return "failed" when it could not be loaded; while it is being loaded all is well."""
        return _FAILED if self._failed else OK

    @asynccontextmanager
    async def run(self) -> AsyncIterator[None]:
        """Serve within this context. Its end waits for a load that is under way."""
        owner = asyncio.create_task(self._own())
        try:
            yield
        finally:
            self._closing.set()
            self._needed.set()
            await owner

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        handler = self._handler or await self._awaited()
        if handler is None:
            answer = try_again("This server cannot serve such requests at the moment. Try again soon.")
            await answer(scope, receive, send)
            return
        await handler(scope, receive, send)

    async def _awaited(self) -> Handler | None:
        self._needed.set()
        try:
            async with asyncio.timeout(self._patience):
                await self._settled.wait()
        except TimeoutError:
            log.warning("mcp_not_loaded_in_time", seconds=self._patience)
        return self._handler

    async def _own(self) -> None:
        """Load the handler, and keep it open: its context is left by the task that entered it."""
        await self._within(self._after, self._needed)
        while not self._closing.is_set():
            try:
                build = await self._imported()
                if not self._closing.is_set():
                    await self._serve(build())
            except Exception:
                self._failed = True
                log.exception("mcp_not_loaded")
            finally:
                self._handler = None
            # Those who wait are told; who comes meanwhile is told as well.
            self._settled.set()
            await self._within(self._retry, self._closing)
            self._settled.clear()

    async def _imported(self) -> Callable[[], Handler]:
        usual = sys.getswitchinterval()
        sys.setswitchinterval(_SWITCH)
        try:
            return await asyncio.to_thread(self._load)
        finally:
            sys.setswitchinterval(usual)

    async def _serve(self, handler: Handler) -> None:
        async with handler.run():
            self._handler, self._failed = handler, False
            self._settled.set()
            await self._closing.wait()

    async def _within(self, seconds: float, event: asyncio.Event) -> None:
        try:
            async with asyncio.timeout(seconds):
                await event.wait()
        except TimeoutError:
            return
