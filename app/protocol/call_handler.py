"""tools/call as the SDK hands it over: asks first where it must, and puts on record what got no further."""

from __future__ import annotations

from contextvars import ContextVar
from typing import TYPE_CHECKING, Final

from mcp_types import CallToolRequestParams, CallToolResult, InputRequiredResult, TextContent

from app.catalog.tool import Risk
from app.protocol.calling import METHOD, Asked, Call
from app.protocol.context import RequestContext, sender_of

if TYPE_CHECKING:
    from mcp.server.context import CallNext, HandlerResult

    from app.auth.policy import GovernedTool
    from app.catalog.results import Outcome
    from app.catalog.toolbox import Toolbox
    from app.protocol.caller import Callers
    from app.protocol.calling import Held, ToolCalls
    from app.protocol.confirmation import Confirmation

_STEP: Final = 0.001

_REACHED: ContextVar[list[RequestContext]] = ContextVar("reached")
"""Where `handle` tells `watch`, in the same task, that the call has come to it."""


class CallHandler:
    """Answers tools/call.

    Args:
        calls: Makes the calls.
        callers: Finds out who asks.
        toolbox: The catalogue.
        confirmation: Asks before a call that destroys; None for not asking.
    """

    def __init__(
        self,
        calls: ToolCalls,
        callers: Callers,
        toolbox: Toolbox,
        confirmation: Confirmation | None = None,
    ) -> None:
        self._calls = calls
        self._toolbox = toolbox
        self._callers = callers
        self._confirmation = confirmation

    async def handle(
        self, ctx: RequestContext, params: CallToolRequestParams
    ) -> CallToolResult | InputRequiredResult:
        """Call one tool, or ask first, and put the call on record.

        An unexpected exception becomes an error result with a reference to the log, and nothing else of it.

        Raises:
            ProtocolError: The caller has no tool of this name.
        """
        _REACHED.get([]).append(ctx)
        caller = self._callers.of(ctx)

        async def hold(tool: GovernedTool) -> Held | None:
            if self._confirmation is None or tool.risk != Risk.DESTRUCTIVE:
                return None
            declared = await self._toolbox.declaration(tool.name)
            return await self._confirmation.hold(ctx, params, declared, caller)

        call = Call(caller, sender_of(ctx), params.name, params.arguments or {}, _Progress(ctx))
        answer = await self._calls.perform(call, hold)
        if isinstance(answer, Asked):
            question: InputRequiredResult = answer.question
            return question
        return _to_result(answer)

    async def watch(self, ctx: RequestContext, call_next: CallNext) -> HandlerResult:
        """Put a call on record that was refused on its way to `handle`: a middleware of the SDK's server.

        Such are calls with malformed parameters, and answers to questions whose state does not fit.
        """
        if ctx.method != METHOD:
            return await call_next(ctx)
        reached: list[RequestContext] = []
        token = _REACHED.set(reached)
        try:
            return await call_next(ctx)
        except Exception:
            if not reached:
                self._never_reached(ctx)
            raise
        finally:
            _REACHED.reset(token)

    def _never_reached(self, ctx: RequestContext) -> None:
        params = ctx.params or {}
        name, arguments = str(params.get("name")), params.get("arguments")
        given = arguments if isinstance(arguments, dict) else {}
        self._calls.refused(sender_of(ctx), self._callers.of(ctx), name, given)


class _Progress:
    """Word of progress to the client that asked for it; MCP wants each value to be larger than the last."""

    def __init__(self, ctx: RequestContext) -> None:
        self._session = ctx.session
        self._last = -1.0

    async def __call__(self, done: float, total: float | None, message: str) -> None:
        self._last = done if done > self._last else self._last + _STEP
        await self._session.report_progress(self._last, total, message)


def _to_result(outcome: Outcome) -> CallToolResult:
    return CallToolResult(
        content=[TextContent(text=outcome.text)], structured_content=outcome.data, is_error=outcome.is_error
    )
