"""Has the SDK's server answer with the results that are made without it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NoReturn, cast

from mcp_types import PaginatedRequestParams

from app.protocol.errors import ProtocolError
from app.protocol.stored import DISCOVER, INITIALIZE, LIST_TOOLS
from app.protocol.vocabulary import INVALID_PARAMS

if TYPE_CHECKING:
    from mcp.server.context import CallNext, HandlerResult

    from app.protocol.caller import Callers
    from app.protocol.context import RequestContext
    from app.protocol.stored import StoredResults

_METHODS: Final = frozenset({LIST_TOOLS, DISCOVER})
_PARAMS: Final = frozenset({"cursor", "_meta"})
"""`cursor` is the only parameter of these that counts."""


class CommonResults:
    """Answers tools/list, server/discover and `initialize`.

    Args:
        stored: The results.
        callers: Finds out who asks.
    """

    def __init__(self, stored: StoredResults, callers: Callers) -> None:
        self._stored = stored
        self._callers = callers

    async def answer(self, ctx: RequestContext, call_next: CallNext) -> HandlerResult:
        """Put the results in place of the SDK's: a middleware of its server."""
        if ctx.method == INITIALIZE:
            return await self._handshake(ctx, call_next)
        params = ctx.params or {}
        cursor = params.get("cursor")
        is_plain = params.keys() <= _PARAMS and isinstance(params.get("_meta", {}), dict)
        if ctx.method not in _METHODS or not is_plain or not isinstance(cursor, str | None):
            return await call_next(ctx)
        found = self._stored.find(self._callers.of(ctx).policy, ctx.protocol_version, ctx.method, cursor)
        return await call_next(ctx) if found is None else found.result

    async def list_tools(self, ctx: RequestContext, params: PaginatedRequestParams) -> dict[str, Any]:
        """List tools where the request has more to it than that.

        Raises:
            ProtocolError: The cursor is not one of this listing.
        """
        policy = self._callers.of(ctx).policy
        found = self._stored.find(policy, ctx.protocol_version, LIST_TOOLS, params.cursor)
        if found is None:
            _refuse_cursor()
        return found.result

    async def _handshake(self, ctx: RequestContext, call_next: CallNext) -> HandlerResult:
        agreed = cast("dict[str, Any]", await call_next(ctx))
        version = agreed["protocolVersion"]
        found = self._stored.find(self._callers.of(ctx).policy, version, INITIALIZE, version)
        return agreed if found is None else found.result


def _refuse_cursor() -> NoReturn:
    raise ProtocolError(
        INVALID_PARAMS, "This cursor is not one of this list. Ask for the list again without a cursor."
    )
