"""tools/list: the tools a caller has, in a fixed order, each page shaped once for each protocol version.

Shaping and checking a whole catalogue costs the SDK some ten milliseconds of the event loop, and the result
depends only on the selection, the version and the cursor.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Any, Final, TypeAlias, cast

from mcp.shared.exceptions import MCPError
from mcp_types import INVALID_PARAMS, PaginatedRequestParams

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mcp.server.context import CallNext, HandlerResult

    from app.catalog.json_value import JsonObject
    from app.catalog.toolbox import Selection, Toolbox
    from app.protocol.caller import Callers, RequestContext

METHOD: Final = "tools/list"

_PAGES_REMEMBERED: Final = 64

_Key: TypeAlias = tuple[int, str, str | None]


class ToolListing:
    """Lists tools.

    Args:
        toolbox: The catalogue.
        callers: Finds out who asks.
        page_size: Tools on a page; None for all of them on one.
    """

    def __init__(self, toolbox: Toolbox, callers: Callers, *, page_size: int | None = None) -> None:
        self._toolbox = toolbox
        self._callers = callers
        self._page_size = page_size
        self._pages: OrderedDict[_Key, tuple[Selection, dict[str, Any]]] = OrderedDict()

    async def handle(self, ctx: RequestContext, params: PaginatedRequestParams) -> dict[str, Any]:
        """Return one page in wire form; the cursor is the name of the last tool seen.

        Raises:
            MCPError: The cursor is not one of this listing.
        """
        tools = self._toolbox.selection(self._callers.of(ctx).policy).tools
        start = _start(tools, params.cursor)
        page = tools[start : start + self._page_size] if self._page_size else tools[start:]
        result: dict[str, Any] = {"resultType": "complete", "tools": list(page)}
        if page and start + len(page) < len(tools):
            result["nextCursor"] = page[-1]["name"]
        return result

    async def remember(self, ctx: RequestContext, call_next: CallNext) -> HandlerResult:
        """Answer from memory what was answered before: a middleware of the SDK's server."""
        if ctx.method != METHOD:
            return await call_next(ctx)
        cursor = (ctx.params or {}).get("cursor")
        if not isinstance(cursor, str | None):
            return await call_next(ctx)
        selection = self._toolbox.selection(self._callers.of(ctx).policy)
        key = (id(selection), ctx.protocol_version, cursor)
        found = self._pages.get(key)
        if found is not None and found[0] is selection:
            self._pages.move_to_end(key)
            return found[1]
        result = cast("dict[str, Any]", await call_next(ctx))
        self._pages[key] = (selection, result)
        while len(self._pages) > _PAGES_REMEMBERED:
            self._pages.popitem(last=False)
        return result


def _start(tools: tuple[JsonObject, ...] | tuple[Mapping[str, Any], ...], cursor: str | None) -> int:
    if cursor is None:
        return 0
    for index, tool in enumerate(tools):
        if tool["name"] == cursor:
            return index + 1
    raise MCPError(
        INVALID_PARAMS, "This cursor is not one of this list. Ask for the list again without a cursor."
    )
