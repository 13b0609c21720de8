"""tools/call: from what is called to the catalogue, and the outcome back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

import structlog

from app.catalog import results
from app.catalog.tool import Risk
from app.catalog.toolbox import CallContext
from app.protocol.errors import ProtocolError
from app.protocol.vocabulary import INVALID_PARAMS

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from app.auth.policy import GovernedTool
    from app.catalog.json_value import JsonValue
    from app.catalog.toolbox import Outcome, Progress, Selection, Toolbox
    from app.protocol.auditing import CallAudit, Sender
    from app.protocol.caller import Caller

log = structlog.get_logger(__name__)

_SHOWN: Final = 64
"""Characters of an unknown name that are repeated to the client."""

METHOD: Final = "tools/call"

How: TypeAlias = Literal["asked", "declined", "cancelled", "unanswered", "refused"]


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


@dataclass(frozen=True, slots=True)
class Asked:
    """A question that the client gets first, as the SDK sends it."""

    question: Any


@dataclass(frozen=True, slots=True)
class Held:
    """A call that does not run, or not yet.

    Attributes:
        how: The question went out; the answer was no; it was dismissed; nobody answered in time; or the
            question could not be asked.
        answer: What the client gets instead.
    """

    how: How
    answer: Outcome | Asked


class ToolCalls:
    """Calls tools in the caller's name.

    Args:
        toolbox: The catalogue.
        audit: Puts each call on record.
        asks: Whether a person is asked before a call that destroys.
    """

    def __init__(self, toolbox: Toolbox, audit: CallAudit, *, asks: bool = False) -> None:
        self._toolbox = toolbox
        self._audit = audit
        self._asks = asks

    async def perform(
        self, call: Call, hold: Callable[[GovernedTool], Awaitable[Held | None]] | None = None
    ) -> Outcome | Asked:
        """Make a call, and put it on record.

        Args:
            call: The call.
            hold: Asks first where it must; None for a call of which `runs_unasked` is true.

        Raises:
            ProtocolError: The caller has no tool of this name.
        """
        caller, name = call.caller, call.name
        selection = self._toolbox.selection(caller.policy)
        known = self._toolbox.known(name)
        with self._audit.of(call.sender, caller, name, call.arguments, known) as entry:
            tool = selection.tool(name)
            if tool is None:
                entry.outcome = "denied"
                raise _unknown(name, selection)
            held = await hold(tool) if hold else None
            if held is not None:
                if isinstance(held.answer, Asked):
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
        return tool is not None and not (self._asks and tool.risk == Risk.DESTRUCTIVE)

    def refused(self, sender: Sender, caller: Caller, name: str, arguments: Mapping[str, JsonValue]) -> None:
        """Put a call on record that was refused for its form."""
        with self._audit.of(sender, caller, name, arguments, self._toolbox.known(name)) as entry:
            entry.outcome, entry.code = "refused", "invalid_request"


def _unknown(name: str, selection: Selection) -> ProtocolError:
    nearest = selection.nearest(name[:_SHOWN])
    shown = name if len(name) <= _SHOWN else f"{name[:_SHOWN]}..."
    hint = f"Did you mean {nearest}?" if nearest else "tools/list names the tools you have."
    return ProtocolError(
        INVALID_PARAMS, f"There is no tool {shown!r} here. {hint}", {"tool": shown, "nearest": nearest}
    )
