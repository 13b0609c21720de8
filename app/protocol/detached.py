"""Requests of the 2025 era without a session, whose answers can be fetched later."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import anyio

from app.protocol.events.writing import StreamWriter
from app.protocol.posted import replayed
from app.protocol.sessions.live import LiveSession

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from anyio.abc import TaskGroup
    from mcp.server.lowlevel import Server
    from starlette.types import Message, Receive, Scope, Send

    from app.protocol.detached_places import DetachedPlaces
    from app.protocol.events.log import EventLog
    from app.protocol.posted import Posted


class DetachedCalls:
    """Serves such requests, and lets one go on whose client left after the first event.

    Args:
        server: The MCP server.
        event_log: Where the events go.
        places: How many may go on, and how long.
    """

    def __init__(self, server: Server[Any], event_log: EventLog, places: DetachedPlaces) -> None:
        self._server = server
        self._event_log = event_log
        self._places = places
        self._tasks: TaskGroup | None = None

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
            limit = anyio.CancelScope()
            goes_on = begun and not events.complete and self._tasks is not None
            over = self._places.take(limit.cancel) if goes_on else None
            if over is not None and self._tasks is not None:
                self._tasks.start_soon(self._finish, live, limit, over)
            else:
                with anyio.CancelScope(shield=True):
                    await live.close()

    async def _finish(self, live: LiveSession, limit: anyio.CancelScope, over: Callable[[], None]) -> None:
        try:
            with limit:
                await live.settled()
        finally:
            over()
            with anyio.CancelScope(shield=True):
                await live.close()
