"""Results that are the same for all callers with the same tools, kept with their bytes.

Shaping and checking a whole catalogue costs the SDK some ten milliseconds of the event loop, and the result
depends only on the selection, the version and the cursor.
"""

from __future__ import annotations

import json
from collections import OrderedDict
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, TypeAlias, cast

if TYPE_CHECKING:
    from mcp.server.context import CallNext, HandlerResult

    from app.auth.policy import Policy
    from app.catalog.toolbox import Selection, Toolbox
    from app.protocol.caller import Callers, RequestContext

METHODS: Final = frozenset({"tools/list", "server/discover"})
"""What is kept. `cursor` is the only parameter that counts."""

INITIALIZE: Final = "initialize"
_RESULTS_KEPT: Final = 64

_Key: TypeAlias = tuple[int, str, str, str | None]


@dataclass
class StoredResult:
    """One result in wire form.

    Attributes:
        selection: For whom.
        result: What the SDK made of it.
    """

    selection: Selection
    result: dict[str, Any]

    @cached_property
    def json(self) -> bytes:
        """The result as the SDK would write it."""
        return json.dumps(self.result, separators=(",", ":")).encode()


class StoredResults:
    """Answers again what was answered before.

    Args:
        toolbox: The catalogue.
        callers: Finds out who asks.
        most: Results kept; the one that was not asked for longest goes first.
    """

    def __init__(self, toolbox: Toolbox, callers: Callers, *, most: int = _RESULTS_KEPT) -> None:
        self._toolbox = toolbox
        self._callers = callers
        self._most = most
        self._kept: OrderedDict[_Key, StoredResult] = OrderedDict()

    def find(self, policy: Policy, version: str, method: str, cursor: str | None) -> StoredResult | None:
        """Return what was answered to a request like this one, or None."""
        selection = self._toolbox.selection(policy)
        key = (id(selection), version, method, cursor)
        found = self._kept.get(key)
        if found is None or found.selection is not selection:
            return None
        self._kept.move_to_end(key)
        return found

    async def listen(self, ctx: RequestContext, call_next: CallNext) -> HandlerResult:
        """Remember what a handshake is answered, by the version it asked for: the outermost middleware."""
        result = await call_next(ctx)
        if ctx.method == INITIALIZE and isinstance(result, dict):
            version = str((ctx.params or {}).get("protocolVersion"))
            if version == result.get("protocolVersion"):
                self._keep(self._callers.of(ctx).policy, version, INITIALIZE, version, result)
        return result

    async def remember(self, ctx: RequestContext, call_next: CallNext) -> HandlerResult:
        """Answer from memory what was answered before: the innermost middleware of the SDK's server."""
        cursor = (ctx.params or {}).get("cursor")
        if ctx.method not in METHODS or not isinstance(cursor, str | None):
            return await call_next(ctx)
        policy = self._callers.of(ctx).policy
        found = self.find(policy, ctx.protocol_version, ctx.method, cursor)
        if found is not None:
            return found.result
        # The SDK has shaped and checked it by now.
        result = cast("dict[str, Any]", await call_next(ctx))
        self._keep(policy, ctx.protocol_version, ctx.method, cursor, result)
        return result

    def _keep(
        self, policy: Policy, version: str, method: str, cursor: str | None, result: dict[str, Any]
    ) -> None:
        selection = self._toolbox.selection(policy)
        self._kept[(id(selection), version, method, cursor)] = StoredResult(selection, result)
        while len(self._kept) > self._most:
            self._kept.popitem(last=False)
