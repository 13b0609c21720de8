"""tools/list: the tools a caller has, in a fixed order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from mcp.shared.exceptions import MCPError
from mcp_types import INVALID_PARAMS, PaginatedRequestParams

if TYPE_CHECKING:
    from collections.abc import Mapping

    from app.catalog.json_value import JsonObject
    from app.catalog.toolbox import Toolbox
    from app.protocol.caller import Callers, RequestContext

METHOD: Final = "tools/list"


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


def _start(tools: tuple[JsonObject, ...] | tuple[Mapping[str, Any], ...], cursor: str | None) -> int:
    if cursor is None:
        return 0
    for index, tool in enumerate(tools):
        if tool["name"] == cursor:
            return index + 1
    raise MCPError(
        INVALID_PARAMS, "This cursor is not one of this list. Ask for the list again without a cursor."
    )
