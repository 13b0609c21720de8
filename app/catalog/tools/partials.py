"""Partials: pieces of template text that several prompts share, with versions of their own."""

from __future__ import annotations

from typing import Annotated, Literal

from app.catalog.inputs import Identifier, Inputs, Unlisted, optional, required
from app.catalog.rules import SomethingToChange
from app.catalog.tool import Endpoint, Risk, Tool

DOMAIN = "partials"


class CreatePartial(Inputs):
    name: str = required("Name.")
    string: str = required("Template text.")
    workspace_id: str | None = optional("Needed by organisation keys.")
    version_description: Annotated[str | None, Unlisted()] = optional("Change note.")


class ListPartials(Inputs):
    collection_id: str | None = optional("Id or slug.")


class OnePartial(Inputs):
    prompt_partial_id: Identifier = required("Id or slug.")


class UpdatePartial(OnePartial):
    name: str | None = optional("Name.")
    string: str | None = optional("Template text.")
    # On creation Portkey calls it version_description. Here its description says description, which is what
    # is sent, though clients have sent version_description here too.
    description: str | None = optional("Change note.")
    status: Annotated[Literal["active", "archived"] | None, Unlisted()] = optional("Status.")


class PublishPartial(OnePartial):
    version: int = required("Number.", ge=1)


TOOLS = (
    Tool(
        name="create_prompt_partial",
        domain=DOMAIN,
        summary="Create a partial: text (snippet) that several prompts include.",
        risk=Risk.WRITE,
        idempotent=False,
        scopes=("prompts.create",),
        inputs=CreatePartial,
        call=Endpoint("POST", "/prompts/partials"),
        lookup="list_prompt_partials",
        form="get_prompt_partial",
    ),
    Tool(
        name="list_prompt_partials",
        domain=DOMAIN,
        summary="List prompt partials (shared snippets) with their ids.",
        risk=Risk.READ,
        scopes=("prompts.list",),
        inputs=ListPartials,
        call=Endpoint("GET", "/prompts/partials"),
    ),
    Tool(
        name="get_prompt_partial",
        domain=DOMAIN,
        summary="Show one prompt partial, its published text.",
        risk=Risk.READ,
        scopes=("prompts.read",),
        inputs=OnePartial,
        call=Endpoint("GET", "/prompts/partials/{prompt_partial_id}"),
        lookup="list_prompt_partials",
    ),
    Tool(
        name="update_prompt_partial",
        domain=DOMAIN,
        summary="Change a partial as a new version. To publish: publish_partial.",
        risk=Risk.WRITE,
        idempotent=False,
        scopes=("prompts.update",),
        inputs=UpdatePartial,
        rules=(SomethingToChange(),),
        call=Endpoint("PUT", "/prompts/partials/{prompt_partial_id}"),
        lookup="list_prompt_partials",
        form="get_prompt_partial",
    ),
    Tool(
        name="delete_prompt_partial",
        domain=DOMAIN,
        summary="Delete a partial; prompts lose its text.",
        risk=Risk.DESTRUCTIVE,
        idempotent=True,
        scopes=("prompts.delete",),
        inputs=OnePartial,
        call=Endpoint("DELETE", "/prompts/partials/{prompt_partial_id}"),
        lookup="list_prompt_partials",
    ),
    Tool(
        name="list_partial_versions",
        domain=DOMAIN,
        summary="List a partial's versions (history): number, text, status.",
        risk=Risk.READ,
        scopes=("prompts.read",),
        inputs=OnePartial,
        call=Endpoint("GET", "/prompts/partials/{prompt_partial_id}/versions"),
        lookup="list_prompt_partials",
    ),
    Tool(
        name="publish_partial",
        domain=DOMAIN,
        summary="Publish a version of a partial, or roll back to one.",
        risk=Risk.WRITE,
        idempotent=True,
        scopes=("prompts.publish",),
        inputs=PublishPartial,
        call=Endpoint("PUT", "/prompts/partials/{prompt_partial_id}/makeDefault"),
        lookup=("list_prompt_partials", "list_partial_versions"),
    ),
)
