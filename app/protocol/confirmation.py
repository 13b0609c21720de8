"""Asking a person before a call that destroys runs (`MCP_CONFIRM=destructive`).

MCP 2026-07-28: the call is answered with the question and a sealed `requestState`; the client asks, and sends
the same call again with the answer. Until then nothing of it stays here, so any replica may take the answer.
A session of the 2025 revisions: the question goes to the client while the call waits. Who cannot be asked is
refused. Nothing reaches Portkey before a yes, and a yes is good for one run of exactly the call it was given.
"""

from __future__ import annotations

import asyncio
import secrets
from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import structlog
from mcp.shared.exceptions import MCPError
from mcp_types import ElicitRequest, ElicitRequestFormParams, ElicitResult, InputRequiredResult
from pydantic import ValidationError

from app.catalog import results
from app.catalog.arguments import InvalidArgumentsError, validate
from app.catalog.tool import Risk
from app.protocol.calling import Asked, Held
from app.protocol.confirmation_question import FORM, question, says_yes
from app.protocol.vocabulary import MODERN_VERSIONS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mcp_types import CallToolRequestParams

    from app.catalog.inputs import Inputs
    from app.catalog.tool import Tool
    from app.protocol.caller import Caller
    from app.protocol.confirmation_once import Once
    from app.protocol.context import RequestContext

MOST_WAITING: Final = 256
"""Questions of the 2025 revisions that may wait for an answer at once in this process."""
MOST_WAITING_PER_PRINCIPAL: Final = 16

_ANSWER: Final = "confirm"
_STATE: Final = "confirm:"
_SKEW: Final = 120.0
"""Seconds by which the clocks of two replicas may differ, about; a mark is kept for so much longer."""


class Confirmation:
    """Holds calls of destructive tools until a person has said yes.

    Args:
        timeout: Seconds a person has to answer.
        once: Remembers the answers that were used.
        most_waiting: Questions that may wait at once, where a question waits in this process.
        most_waiting_per_principal: How many of these one principal may have.
    """

    def __init__(
        self,
        *,
        timeout: float,
        once: Once,
        most_waiting: int = MOST_WAITING,
        most_waiting_per_principal: int = MOST_WAITING_PER_PRINCIPAL,
    ) -> None:
        self._timeout = timeout
        self._once = once
        self._most_waiting = most_waiting
        self._most_waiting_per_principal = most_waiting_per_principal
        self._deadlines: set[asyncio.Timeout] = set()
        self._waiting: Counter[str] = Counter()
        self._closing = False
        self._log: structlog.typing.FilteringBoundLogger = structlog.get_logger("app.protocol")

    async def hold(
        self, ctx: RequestContext, params: CallToolRequestParams, tool: Tool, caller: Caller
    ) -> Held | None:
        """Return why the call does not run now, or None when it may.

        A tool that does not destroy, a preview, and arguments that do not fit are not asked about.
        """
        if tool.risk != Risk.DESTRUCTIVE:
            return None
        try:
            inputs = validate(tool, params.arguments or {})
        except InvalidArgumentsError:
            return None
        if tool.preview and getattr(inputs, "dry_run", False):
            return None
        held = await self._ask(ctx, params, tool, inputs, caller)
        self._log.info(
            "confirmation",
            tool=tool.name,
            outcome=held.how if held else "confirmed",
            reference=caller.reference,
            principal=caller.principal.id,
        )
        return held

    def close(self) -> None:
        """End every wait for an answer: the process stops. What was asked about does not run."""
        self._closing = True
        now = asyncio.get_running_loop().time()
        for deadline in self._deadlines:
            if not deadline.expired():
                deadline.reschedule(now)

    async def _ask(
        self, ctx: RequestContext, params: CallToolRequestParams, tool: Tool, inputs: Inputs, caller: Caller
    ) -> Held | None:
        capabilities = ctx.session.client_capabilities
        elicitation = capabilities.elicitation if capabilities else None
        # Before there were modes, an empty capability meant forms.
        if elicitation is None or (elicitation.form is None and elicitation.url is not None):
            return _refused(tool, "this client did not say that it can ask its user (elicitation)")
        if ctx.protocol_version in MODERN_VERSIONS:
            return await self._by_retry(params, tool, _question(tool, inputs, caller))
        if not ctx.session.can_send_request:
            return _refused(tool, "without a session this server cannot ask a client of this MCP revision")
        return await self._in_session(ctx, tool, inputs, caller)

    async def _by_retry(self, params: CallToolRequestParams, tool: Tool, text: str) -> Held | None:
        answer = (params.input_responses or {}).get(_ANSWER)
        state = params.request_state or ""
        if not state.startswith(_STATE) or not isinstance(answer, ElicitResult):
            # An answer to a question that this service did not ask counts for nothing.
            form = ElicitRequestFormParams(message=text, requested_schema=FORM)
            asked = InputRequiredResult(
                input_requests={_ANSWER: ElicitRequest(params=form)},
                request_state=_STATE + secrets.token_urlsafe(16),
            )
            return Held("asked", Asked(asked))
        if not await self._once.claim(state.removeprefix(_STATE), self._timeout + _SKEW):
            return _used(tool)
        return _verdict(tool, answer)

    async def _in_session(
        self, ctx: RequestContext, tool: Tool, inputs: Inputs, caller: Caller
    ) -> Held | None:
        owner = caller.principal.id
        if (
            len(self._deadlines) >= self._most_waiting
            or self._waiting[owner] >= self._most_waiting_per_principal
        ):
            return _refused(
                tool,
                "too many questions wait for an answer already",
                retryable=True,
                next_step="Have the open questions answered, then call again.",
            )
        try:
            with self._place(owner):
                async with asyncio.timeout(0 if self._closing else self._timeout) as deadline:
                    self._deadlines.add(deadline)
                    try:
                        answer = await ctx.session.elicit_form(
                            _question(tool, inputs, caller), FORM, related_request_id=ctx.request_id
                        )
                    finally:
                        self._deadlines.discard(deadline)
        except TimeoutError:
            return _stopping(tool) if self._closing else _unanswered(tool, self._timeout)
        except (MCPError, ValidationError):
            return _refused(tool, "this client did not ask its user, or its answer cannot be read")
        return _verdict(tool, answer)

    @contextmanager
    def _place(self, owner: str) -> Iterator[None]:
        self._waiting[owner] += 1
        try:
            yield
        finally:
            self._waiting[owner] -= 1
            if not self._waiting[owner]:
                del self._waiting[owner]


def _question(tool: Tool, inputs: Inputs, caller: Caller) -> str:
    key = caller.portkey_key
    return question(tool, inputs, secret=key.secret.get_secret_value() if key else None)


def _verdict(tool: Tool, answer: ElicitResult) -> Held | None:
    if answer.action == "accept":
        if says_yes(answer.content):
            return None
        why = f"The form came back without the tick, so {tool.name} did not run"
        return Held("declined", results.left_alone("declined", f"{why}: nothing was done."))
    if answer.action == "decline":
        text = f"The user said no to {tool.name}: nothing was done. Do not try it another way."
        return Held("declined", results.left_alone("declined", text))
    text = f"The user dismissed the question about {tool.name} without an answer: nothing was done."
    return Held("cancelled", results.left_alone("cancelled", text))


def _unanswered(tool: Tool, seconds: float) -> Held:
    return Held(
        "unanswered",
        results.not_run(
            "unanswered",
            f"Nobody answered the question about {tool.name} within {seconds:g} s. Nothing was done.",
            retryable=True,
            next_step="Call again when somebody is there to answer.",
        ),
    )


def _stopping(tool: Tool) -> Held:
    return Held(
        "unanswered",
        results.not_run(
            "unanswered",
            f"This server stops, so it no longer waits for the answer about {tool.name}. Nothing was done.",
            retryable=True,
            next_step="Call again, to be asked anew.",
        ),
    )


def _used(tool: Tool) -> Held:
    return Held(
        "refused",
        results.not_run(
            "answer_used",
            f"This answer about {tool.name} was used before, and an answer is good for one call. This time"
            " nothing was done.",
            retryable=False,
            next_step="See whether the first call did what it should. To be asked anew, call without"
            " requestState and inputResponses.",
        ),
    )


def _refused(tool: Tool, why: str, *, retryable: bool = False, next_step: str | None = None) -> Held:
    return Held(
        "refused",
        results.not_run(
            "confirmation_impossible",
            f"{tool.name} destroys, and this server asks a person before such a call, but {why}. Nothing was"
            " done.",
            retryable=retryable,
            next_step=next_step
            or "Use a client with elicitation (MCP 2026-07-28, or a stateful session of 2025-06-18 or later),"
            " or ask whoever runs this server whether MCP_CONFIRM=off is right for it.",
        ),
    )
