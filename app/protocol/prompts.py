"""Prompts that people pick: each sets an agent to one piece of administration, in safe steps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from mcp_types import (
    GetPromptRequestParams,
    GetPromptResult,
    ListPromptsResult,
    PaginatedRequestParams,
    Prompt,
    PromptArgument,
    PromptMessage,
    TextContent,
)

from app.protocol.errors import ProtocolError
from app.protocol.vocabulary import INVALID_PARAMS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from app.catalog.toolbox import Selection, Toolbox
    from app.protocol.caller import Callers
    from app.protocol.context import RequestContext

MAX_ARGUMENT_LENGTH: Final = 2000


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument of a prompt."""

    name: str
    description: str
    required: bool = True


@dataclass(frozen=True, slots=True)
class PromptTemplate:
    """One prompt. It is offered to callers who have all the tools in `needs`."""

    name: str
    title: str
    description: str
    arguments: tuple[Argument, ...]
    write: Callable[[Mapping[str, str]], str]
    needs: tuple[str, ...] = ()

    def is_offered(self, selection: Selection) -> bool:
        """Whether the caller could carry it out."""
        return all(name in selection for name in self.needs)


def _plan_change(given: Mapping[str, str]) -> str:
    where = f"It concerns the domain {given['domain']}.\n" if "domain" in given else ""
    return f"""\
Plan this change in Portkey: {given["task"]}
{where}
1. Find what is there now, with list_ and get_ tools only. Name each thing by id and by name.
2. Write the plan: each call in order, with its tool, its arguments, and what it changes.
   Mark what cannot be undone, and say how to undo the rest.
3. Say what you do not know, and ask.
4. Stop. Change nothing until I say so. Then go step by step, and read each thing again after changing it."""


def _release_prompt(given: Mapping[str, str]) -> str:
    version = f"version {given['version']}" if "version" in given else "the newest version"
    return f"""\
Release {version} of the Portkey prompt {given["prompt"]}.

1. get_prompt and list_prompt_versions: which version is the default now, and what differs in the one to be
   released? Show me the differences of text, model and parameters.
2. render_prompt with realistic variables, and show me the result. If the key may not render, say so.
3. Ask me for a yes. Publishing reaches every application that uses the default version, at once.
4. publish_prompt, then get_prompt to see that it is the default. Tell me the version to go back to."""


def _audit_workspace(given: Mapping[str, str]) -> str:
    return f"""\
Audit the Portkey workspace {given["workspace"]}, without changing anything.

1. list_workspaces to find it; stop and ask when it is not clear which one is meant.
2. list_workspace_members: who is there with which role? Point out more administrators than needed.
3. list_configs and list_prompts: what belongs to it, what has not been touched for long, which names say
   little?
4. Report as a table: finding, where (id and name), why it matters, what to do. Worst first."""


PROMPTS: Final = (
    PromptTemplate(
        name="plan_change",
        title="Plan a change",
        description="Find out what is there, write the steps, and wait for a yes before changing anything.",
        arguments=(
            Argument("task", "What should be different afterwards, in your own words."),
            Argument("domain", "The part of Portkey it concerns, if you know.", required=False),
        ),
        write=_plan_change,
    ),
    PromptTemplate(
        name="release_prompt",
        title="Release a prompt version",
        description="Compare a version with the one in use, render it, ask, and make it the default.",
        arguments=(
            Argument("prompt", "Slug or id of the prompt."),
            Argument(
                "version", "Number of the version to release; the newest when left out.", required=False
            ),
        ),
        write=_release_prompt,
        needs=("get_prompt", "list_prompt_versions", "render_prompt", "publish_prompt"),
    ),
    PromptTemplate(
        name="audit_workspace",
        title="Audit a workspace",
        description="Who has access, what belongs to it, and what to tidy up. Changes nothing.",
        arguments=(Argument("workspace", "Name, slug or id of the workspace."),),
        write=_audit_workspace,
        needs=("list_workspaces", "list_workspace_members", "list_configs", "list_prompts"),
    ),
)


class Prompts:
    """Lists and fills in the prompts."""

    def __init__(self, toolbox: Toolbox, callers: Callers) -> None:
        self._toolbox = toolbox
        self._callers = callers

    async def list_prompts(self, ctx: RequestContext, _params: PaginatedRequestParams) -> ListPromptsResult:
        """Return the prompts that the caller could carry out."""
        return ListPromptsResult(prompts=[_describe(template) for template in self._offered(ctx)])

    async def get(self, ctx: RequestContext, params: GetPromptRequestParams) -> GetPromptResult:
        """Return one prompt, filled in.

        Raises:
            ProtocolError: There is no such prompt for this caller, or the arguments do not fit; it names all
                that is wrong with them.
        """
        template = self.find(ctx, params.name)
        if template is None:
            names = ", ".join(one.name for one in self._offered(ctx))
            raise ProtocolError(INVALID_PARAMS, f"There is no prompt of this name. There are: {names}.")
        given = {name: value for name, value in (params.arguments or {}).items() if value.strip()}
        if problems := _problems(template, given):
            raise ProtocolError(
                INVALID_PARAMS, f"The arguments of {template.name} do not fit: {'; '.join(problems)}."
            )
        message = PromptMessage(role="user", content=TextContent(text=template.write(given)))
        return GetPromptResult(description=template.description, messages=[message])

    def find(self, ctx: RequestContext, name: str) -> PromptTemplate | None:
        """Return a prompt that the caller could carry out."""
        return next((template for template in self._offered(ctx) if template.name == name), None)

    def _offered(self, ctx: RequestContext) -> list[PromptTemplate]:
        selection = self._toolbox.selection(self._callers.of(ctx).policy)
        return [template for template in PROMPTS if template.is_offered(selection)]


def _describe(template: PromptTemplate) -> Prompt:
    arguments = [
        PromptArgument(name=one.name, description=one.description, required=one.required)
        for one in template.arguments
    ]
    return Prompt(
        name=template.name, title=template.title, description=template.description, arguments=arguments
    )


def _problems(template: PromptTemplate, given: Mapping[str, str]) -> list[str]:
    known = [one.name for one in template.arguments]
    missing = [
        f"{one.name} is required" for one in template.arguments if one.required and one.name not in given
    ]
    unknown = [f"it takes {' and '.join(known)} only" for name in given if name not in known][:1]
    long = [
        f"{name} is longer than {MAX_ARGUMENT_LENGTH} characters"
        for name in known
        if len(given.get(name, "")) > MAX_ARGUMENT_LENGTH
    ]
    return [*missing, *unknown, *long]
