"""Values for the arguments of prompts and resource templates, while a person types."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mcp_types import CompleteRequestParams, CompleteResult, Completion, PromptReference

from app.protocol.errors import ProtocolError
from app.protocol.uris import DOMAIN_TEMPLATE, domains_of
from app.protocol.vocabulary import INVALID_PARAMS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.catalog.toolbox import Toolbox
    from app.protocol.caller import Callers
    from app.protocol.context import RequestContext
    from app.protocol.prompts import Prompts

_MAX_VALUES: Final = 100
_DOMAIN: Final = "domain"


class Completions:
    """Completes arguments from what the caller has."""

    def __init__(self, toolbox: Toolbox, callers: Callers, prompts: Prompts) -> None:
        self._toolbox = toolbox
        self._callers = callers
        self._prompts = prompts

    async def handle(self, ctx: RequestContext, params: CompleteRequestParams) -> CompleteResult:
        """Return the values that begin with what was typed, or hold it.

        Raises:
            ProtocolError: There is no such prompt or resource template for this caller.
        """
        typed = params.argument.value.casefold()
        known = self._values(ctx, params)
        starting = [value for value in known if value.casefold().startswith(typed)]
        holding = [value for value in known if typed in value.casefold() and value not in starting]
        values = [*starting, *holding]
        shown = values[:_MAX_VALUES]
        return CompleteResult(
            completion=Completion(values=shown, total=len(values), has_more=len(values) > len(shown))
        )

    def _values(self, ctx: RequestContext, params: CompleteRequestParams) -> Sequence[str]:
        if isinstance(params.ref, PromptReference):
            template = self._prompts.find(ctx, params.ref.name)
            argument = template and next(
                (a for a in template.arguments if a.name == params.argument.name), None
            )
            if template is None:
                raise ProtocolError(
                    INVALID_PARAMS, "There is no prompt of this name. prompts/list names them."
                )
            if argument is None:
                return ()
        elif params.ref.uri != DOMAIN_TEMPLATE:
            raise ProtocolError(
                INVALID_PARAMS, f"There is no such resource template. There is {DOMAIN_TEMPLATE}."
            )
        if params.argument.name != _DOMAIN:
            return ()
        return domains_of(self._toolbox.selection(self._callers.of(ctx).policy))
