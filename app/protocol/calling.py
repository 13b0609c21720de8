"""tools/call: from the request to the catalogue, and the outcome back."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import structlog
from mcp.shared.exceptions import MCPError
from mcp_types import (
    INVALID_PARAMS,
    CallToolRequestParams,
    CallToolResult,
    InputRequiredResult,
    TextContent,
)

from app.catalog import results
from app.catalog.tool import Risk
from app.catalog.toolbox import CallContext
from app.protocol.auditing import Sender
from app.protocol.caller import RequestContext

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from mcp.server.context import CallNext, HandlerResult

    from app.catalog.json_value import JsonValue
    from app.catalog.tool import Tool
    from app.catalog.toolbox import Outcome, Progress, Selection, Toolbox
    from app.protocol.auditing import CallAudit
    from app.protocol.caller import Caller, Callers
    from app.protocol.confirmation import Confirmation, Held

log = structlog.get_logger(__name__)

_SHOWN: Final = 64
"""Characters of an unknown name that are repeated to the client."""

_STEP: Final = 0.001

METHOD: Final = "tools/call"

_REACHED: ContextVar[list[RequestContext]] = ContextVar("reached")
"""Where `handle` tells `watch`, in the same task, that the call has come to it."""


@dataclass(frozen=True, slots=True)
class Call:
    """A call of a tool.

    Attributes:
        caller: Who calls.
        sender: Through which client.
        name: The tool's name.
        arguments: What to call it with.
        progress: Where word of progress goes.
    """

    caller: Caller
    sender: Sender
    name: str
    arguments: Mapping[str, JsonValue]
    progress: Progress


class ToolCalls:
    """Calls tools in the caller's name.

    Args:
        toolbox: The catalogue.
        callers: Finds out who asks.
        audit: Puts each call on record.
        confirmation: Asks before a call that destroys; None for not asking.
    """

    def __init__(
        self,
        toolbox: Toolbox,
        callers: Callers,
        audit: CallAudit,
        confirmation: Confirmation | None = None,
    ) -> None:
        self._toolbox = toolbox
        self._callers = callers
        self._audit = audit
        self._confirmation = confirmation

    async def handle(
        self, ctx: RequestContext, params: CallToolRequestParams
    ) -> CallToolResult | InputRequiredResult:
        """Call one tool, or ask first, and put the call on record.

        An unexpected exception becomes an error result with a reference to the log, and nothing else of it.

        Raises:
            MCPError: The caller has no tool of this name.
        """
        _REACHED.get([]).append(ctx)
        caller = self._callers.of(ctx)

        async def hold(tool: Tool) -> Held | None:
            return await self._confirmation.hold(ctx, params, tool, caller) if self._confirmation else None

        call = Call(caller, Sender.of(ctx), params.name, params.arguments or {}, _Progress(ctx))
        answer = await self.perform(call, hold)
        return answer if isinstance(answer, InputRequiredResult) else _to_result(answer)

    async def perform(
        self, call: Call, hold: Callable[[Tool], Awaitable[Held | None]] | None = None
    ) -> Outcome | InputRequiredResult:
        """Make a call, and put it on record.

        Args:
            call: The call.
            hold: Asks first where it must; None for a call of which `runs_unasked` is true.

        Raises:
            MCPError: The caller has no tool of this name.
        """
        caller, name = call.caller, call.name
        selection = self._toolbox.selection(caller.policy)
        declared = self._toolbox.declared(name)
        with self._audit.of(call.sender, caller, name, call.arguments, declared) as entry:
            tool = selection.tool(name)
            if tool is None:
                entry.outcome = "denied"
                raise _unknown(name, selection)
            held = await hold(tool) if hold else None
            if held is not None:
                if isinstance(held.answer, InputRequiredResult):
                    entry.outcome = "asked"
                    return held.answer
                return entry.came_to(held.answer)
            if not entry.may_go_on():
                return entry.came_to(results.unrecorded())
            context = CallContext(
                caller.principal, caller.policy, call.progress, entry.trace, portkey_key=caller.portkey_key
            )
            try:
                outcome = await self._toolbox.call(name, call.arguments, context)
            except Exception:
                log.exception(
                    "tool_failed", tool=name, reference=caller.reference, principal=caller.principal.id
                )
                outcome = results.crashed(name, caller.reference)
            return entry.came_to(outcome)

    def runs_unasked(self, caller: Caller, name: str) -> bool:
        """Tell whether the caller has a tool of this name of which nobody is asked before it runs."""
        tool = self._toolbox.selection(caller.policy).tool(name)
        return tool is not None and (self._confirmation is None or tool.risk != Risk.DESTRUCTIVE)

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
        declared = self._toolbox.declared(name)
        with self._audit.of(Sender.of(ctx), self._callers.of(ctx), name, given, declared) as entry:
            entry.outcome, entry.code = "refused", "invalid_request"


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


def _unknown(name: str, selection: Selection) -> MCPError:
    nearest = selection.nearest(name[:_SHOWN])
    shown = name if len(name) <= _SHOWN else f"{name[:_SHOWN]}..."
    hint = f"Did you mean {nearest}?" if nearest else "tools/list names the tools you have."
    return MCPError(
        INVALID_PARAMS, f"There is no tool {shown!r} here. {hint}", {"tool": shown, "nearest": nearest}
    )
