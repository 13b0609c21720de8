"""How the server introduces itself: instructions that speak of the domains the caller has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast

from mcp_types import SERVER_INFO_META_KEY, DiscoverResult, RequestParams
from mcp_types.version import MODERN_PROTOCOL_VERSIONS

from app.protocol.instructions import instructions
from app.protocol.resources import domains_of

if TYPE_CHECKING:
    from mcp.server.context import CallNext, HandlerResult
    from mcp.server.lowlevel import Server

    from app.catalog.toolbox import Toolbox
    from app.protocol.caller import Callers, RequestContext

_INITIALIZE: Final = "initialize"


class Introduction:
    """Answers `server/discover` of the 2026 era, and completes the SDK's answer to `initialize` of 2025.

    Args:
        server: Who is introduced.
        toolbox: The catalogue.
        callers: Finds out who asks.
        sandbox: Whether calls reach the sandbox.
        confirms: Whether the user is asked before a call that destroys.
    """

    def __init__(
        self, server: Server[Any], toolbox: Toolbox, callers: Callers, *, sandbox: bool, confirms: bool
    ) -> None:
        self._server = server
        self._toolbox = toolbox
        self._callers = callers
        self._sandbox = sandbox
        self._confirms = confirms

    async def discover(self, ctx: RequestContext, _params: RequestParams) -> DiscoverResult:
        """Describe the server."""
        described = self._server.server_info.model_dump(by_alias=True, mode="json", exclude_none=True)
        return DiscoverResult(
            supported_versions=list(MODERN_PROTOCOL_VERSIONS),
            capabilities=self._server.get_capabilities(protocol_version=ctx.protocol_version),
            instructions=self._instructions(ctx),
            _meta={SERVER_INFO_META_KEY: described},
        )

    async def complete(self, ctx: RequestContext, call_next: CallNext) -> HandlerResult:
        """Put the caller's instructions into the handshake: a middleware of the SDK's server."""
        result = await call_next(ctx)
        if ctx.method != _INITIALIZE:
            return result
        return {**cast("dict[str, Any]", result), "instructions": self._instructions(ctx)}

    def _instructions(self, ctx: RequestContext) -> str:
        selection = self._toolbox.selection(self._callers.of(ctx).policy)
        return instructions(domains=domains_of(selection), sandbox=self._sandbox, confirms=self._confirms)
