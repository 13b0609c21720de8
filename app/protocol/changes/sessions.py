"""Changes told to the sessions of the 2025 revisions."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final
from weakref import WeakSet

from app.protocol.changes.events import PromptsListChanged, ToolsListChanged
from app.protocol.sessions.live import connection_of
from app.protocol.vocabulary import MODERN_VERSIONS

if TYPE_CHECKING:
    from mcp.server.connection import Connection
    from mcp.server.context import CallNext, HandlerResult

    from app.protocol.changes.events import Change
    from app.protocol.changes.notices import ChangeNotices
    from app.protocol.context import RequestContext

_DEADLINE_SECONDS: Final = 5.0
"""How long telling one session may take; one whose client has stopped reading is left out."""


class SessionNotices:
    """Tells each open session of this process that a list changed.

    Args:
        notices: What it hears of changes from.
    """

    def __init__(self, notices: ChangeNotices) -> None:
        self._notices = notices
        self._connections: WeakSet[Connection] = WeakSet()
        notices.bus.subscribe(self._heard)

    @property
    def sessions(self) -> int:
        """How many sessions would be told now."""
        return len(self._connections)

    async def remember(self, ctx: RequestContext, call_next: CallNext) -> HandlerResult:
        """Keep a session's connection in mind as long as it lives: a middleware of the SDK's server."""
        if ctx.method != "initialize" and ctx.protocol_version not in MODERN_VERSIONS:
            self.take_note(connection_of(ctx.session))
        return await call_next(ctx)

    def take_note(self, connection: Connection) -> None:
        """Keep a connection in mind as long as it lives, whether or not a message ever comes over it."""
        if connection.has_standalone_channel:
            self._connections.add(connection)

    def _heard(self, event: Change) -> None:
        if isinstance(event, ToolsListChanged | PromptsListChanged):
            for connection in self._connections:
                self._notices.spawn(_tell(connection, event))


async def _tell(connection: Connection, event: Change) -> None:
    try:
        async with asyncio.timeout(_DEADLINE_SECONDS):
            if isinstance(event, ToolsListChanged):
                await connection.send_tool_list_changed()
            else:
                await connection.send_prompt_list_changed()
    except TimeoutError:
        return
