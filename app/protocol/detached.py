"""Requests of the 2025 era without a session, whose answers can be fetched later."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import anyio
import structlog

from app.protocol.events.writing import StreamWriter
from app.protocol.posted import replayed
from app.protocol.sessions.live import LiveSession

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from anyio.abc import TaskGroup
    from mcp.server.lowlevel import Server
    from starlette.types import Message, Receive, Scope, Send

    from app.protocol.events.log import EventLog
    from app.protocol.posted import Posted

log = structlog.get_logger(__name__)

RESUMABLE_SINCE: Final = "2025-11-25"
"""The first version whose clients understand the event that only says where a stream begins."""

_MOST: Final = 256
_LONGEST: Final = 600.0


@dataclass(frozen=True, slots=True)
class WithoutSessions:
    """What answers of the 2025 era need where there are no sessions.

    Attributes:
        event_log: Where events go; None for no resumption.
        detached: Lets calls go on whose client left; None likewise.
    """

    event_log: EventLog | None
    detached: DetachedCalls | None


class DetachedCalls:
    """Serves such requests, and lets one go on whose client left after the first event.

    Args:
        server: The MCP server.
        event_log: Where the events go.
        most: Calls that go on without a client at most; one more is cancelled, as without an event log.
        longest: Seconds such a call may take; its own deadlines end it before.
    """

    def __init__(
        self, server: Server[Any], event_log: EventLog, *, most: int = _MOST, longest: float = _LONGEST
    ) -> None:
        self._server = server
        self._event_log = event_log
        self._most = most
        self._longest = longest
        self._tasks: TaskGroup | None = None
        self.count = 0
        """How many calls go on without their client."""

    @asynccontextmanager
    async def run(self) -> AsyncIterator[None]:
        """Serve within this context; at its end the calls that go on are cancelled."""
        async with anyio.create_task_group() as tasks:
            self._tasks = tasks
            try:
                yield
            finally:
                tasks.cancel_scope.cancel()
                self._tasks = None

    async def serve(
        self, scope: Scope, receive: Receive, send: Send, *, posted: Posted, owner: str, version: str
    ) -> None:
        """Answer one request."""
        if self._tasks is None:
            raise RuntimeError("The calls are not running.")
        events = StreamWriter(self._event_log, owner, "")
        live = LiveSession(self._server, session_id=None, version=version, events=events)
        self._tasks.start_soon(live.serve)
        begun = False

        async def watched(message: Message) -> None:
            nonlocal begun
            await send(message)
            begun = begun or bool(message.get("body"))

        try:
            await live.handle(scope, replayed(posted.body, receive), watched, posted.request_id)
        finally:
            if begun and not events.complete and self.count < self._most and self._tasks is not None:
                self._tasks.start_soon(self._finish, live)
            else:
                with anyio.CancelScope(shield=True):
                    await live.close()

    def take(self, cancel: Callable[[], None]) -> Callable[[], None] | None:
        """Let a call go on here that is run elsewhere; None when there are too many.

        Args:
            cancel: Called when the call takes too long.

        Returns:
            What to call when it is over.
        """
        if self.count >= self._most:
            return None
        self.count += 1

        def too_long() -> None:
            log.warning("detached_call_took_too_long", seconds=self._longest)
            cancel()

        limit = asyncio.get_running_loop().call_later(self._longest, too_long)

        def over() -> None:
            limit.cancel()
            self.count -= 1

        return over

    async def _finish(self, live: LiveSession) -> None:
        self.count += 1
        try:
            with anyio.move_on_after(self._longest) as limit:
                await live.settled()
            if limit.cancelled_caught:
                log.warning("detached_call_took_too_long", seconds=self._longest)
        finally:
            self.count -= 1
            with anyio.CancelScope(shield=True):
                await live.close()
