"""`requestState` of MCP 2026-07-28: what a client carries from a question to its answer, sealed.

The client could change it, keep it or hand it on. So it is encrypted, and good for one principal with its
Portkey key, one request (method, tool and arguments) and a time. Replicas with the same keys open what
another one sealed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from mcp.server.request_state import RequestStateBoundary, RequestStateSecurity
from mcp.shared.exceptions import MCPError

from app.protocol import identity
from app.protocol.vocabulary import INVALID_PARAMS

if TYPE_CHECKING:
    from mcp.server.context import CallNext, HandlerResult, ServerRequestContext

    from app.protocol.caller import Callers
    from app.protocol.state_keys import StateKeys

_REJECTED: Final = {"reason": "invalid_request_state"}
"""How the SDK marks the error for a state that it does not accept."""
_NOT_ACCEPTED: Final = (
    "Invalid or expired requestState: it does not belong to this request and caller, its time is over, or it"
    " was sealed with a key that this server does not have. Nothing was done. Send the request again without"
    " requestState and inputResponses, to be asked anew."
)


class RequestStates:
    """Seals and opens `requestState`: a middleware of the SDK's server. Handlers see what they wrote.

    Args:
        keys: The keys.
        callers: Finds out who asks.
        ttl: Seconds for which a state is good.
    """

    def __init__(self, keys: StateKeys, callers: Callers, *, ttl: float) -> None:
        def principal(ctx: ServerRequestContext[Any, Any]) -> str:
            caller = callers.of(ctx)
            key = caller.portkey_key.mark if caller.portkey_key else ""
            return f"{caller.principal.kind} {caller.principal.id} {key}"

        security = RequestStateSecurity(keys=list(keys.secrets), ttl=ttl, bind_principal=principal)
        self._boundary = RequestStateBoundary(security, default_audience=identity.NAME)

    async def __call__(self, ctx: ServerRequestContext[Any, Any], call_next: CallNext) -> HandlerResult:
        """Serve one request.

        Raises:
            MCPError: The state that came with it is not one of this caller and request, or too old.
        """
        try:
            return await self._boundary(ctx, call_next)
        except MCPError as error:
            if error.error.data != _REJECTED:
                raise
            raise MCPError(INVALID_PARAMS, _NOT_ACCEPTED, _REJECTED) from None
