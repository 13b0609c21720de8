"""subscriptions/listen of MCP 2026-07-28: streams of changes, each with an end."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from mcp.server.subscriptions import (
    ListenHandler,
    PromptsListChanged,
    ResourceUpdated,
    ServerEvent,
    ToolsListChanged,
)
from mcp_types import SubscriptionFilter

from app.protocol.changes import events
from app.protocol.errors import ProtocolError
from app.protocol.vocabulary import INTERNAL_ERROR

if TYPE_CHECKING:
    from collections.abc import Callable

    from mcp_types import SubscriptionsListenRequestParams, SubscriptionsListenResult

    from app.catalog.toolbox import Selection, Toolbox
    from app.protocol.caller import Callers
    from app.protocol.changes.events import Bus, Change
    from app.protocol.changes.notices import ChangeNotices
    from app.protocol.context import RequestContext

METHOD: Final = "subscriptions/listen"
_BACKLOG: Final = 64
"""Events that may wait for one client; who falls behind is sent away, and reads the lists again."""


class ListenStreams:
    """Serves the streams.

    A client is promised only what can happen and what exists for it. A stream ends in good order, with its
    result, when the process stops and at its greatest age: whoever opens it again must still be let in.

    Args:
        notices: What may change, the bus that tells of it, and the bounds. How many streams one principal may
            have is a matter of the web room, which counts them before they get here.
        toolbox: The catalogue.
        callers: Finds out who asks.
        resources: The URIs of the resources there are for whom the selection is.
    """

    def __init__(
        self,
        notices: ChangeNotices,
        toolbox: Toolbox,
        callers: Callers,
        *,
        resources: Callable[[Selection], frozenset[str]],
    ) -> None:
        self._notices = notices
        self._toolbox = toolbox
        self._callers = callers
        self._resources = resources
        self._open: set[ListenHandler] = set()
        self._closing = False

    @property
    def open_streams(self) -> int:
        """How many streams are open in this process."""
        return len(self._open)

    async def handle(
        self, ctx: RequestContext, params: SubscriptionsListenRequestParams
    ) -> SubscriptionsListenResult:
        """Serve one stream until it ends.

        Raises:
            ProtocolError: There are as many streams as this process takes.
        """
        if len(self._open) >= self._notices.most_streams:
            raise ProtocolError(
                INTERNAL_ERROR,
                f"This server has {self._notices.most_streams} open streams, its limit. Please try again"
                " later.",
            )
        promised = self._promised(params.notifications, self._toolbox.selection(self._callers.of(ctx).policy))
        # A handler of the SDK closes all its streams together, so each stream has one of its own.
        stream = ListenHandler(_SdkBus(self._notices.bus), max_subscriptions=1, max_buffered_events=_BACKLOG)
        self._open.add(stream)
        end = asyncio.get_running_loop().call_later(
            0 if self._closing else self._notices.max_age, stream.close
        )
        try:
            return await stream(ctx, params.model_copy(update={"notifications": promised}))
        finally:
            end.cancel()
            self._open.discard(stream)

    def close(self) -> None:
        """End every stream in good order: the process stops."""
        self._closing = True
        for stream in self._open:
            stream.close()

    def _promised(self, wanted: SubscriptionFilter, selection: Selection) -> SubscriptionFilter:
        if not self._notices.possible:
            return SubscriptionFilter()
        uris, known = dict.fromkeys(wanted.resource_subscriptions or ()), self._resources(selection)
        return SubscriptionFilter(
            tools_list_changed=wanted.tools_list_changed,
            prompts_list_changed=wanted.prompts_list_changed,
            resource_subscriptions=[uri for uri in uris if uri in known],
        )


class _SdkBus:
    """Our bus, as the SDK listens to it."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus

    async def publish(self, event: ServerEvent) -> None:
        """Publish nothing: the SDK only listens here."""
        raise NotImplementedError

    def subscribe(self, listener: Callable[[ServerEvent], None]) -> Callable[[], None]:
        """Have the SDK told of changes."""
        return self._bus.subscribe(lambda change: listener(_to_sdk(change)))


def _to_sdk(change: Change) -> ServerEvent:
    if isinstance(change, events.ResourceUpdated):
        return ResourceUpdated(change.uri)
    return ToolsListChanged() if isinstance(change, events.ToolsListChanged) else PromptsListChanged()
