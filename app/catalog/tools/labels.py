"""Labels: names such as production that point at one version of a prompt."""

from __future__ import annotations

import re
from typing import Annotated, Final

from pydantic import AfterValidator, StringConstraints

from app.catalog.inputs import Identifier, Inputs, Paged, Unlisted, optional, required
from app.catalog.rules import SomethingToChange
from app.catalog.tool import Endpoint, Risk, Tool

DOMAIN = "labels"

# The blanks of JavaScript, in which Portkey's pattern is written; Python's are others.
_BLANKS: Final = r"\t-\r \xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff"
_NAME: Final = re.compile(rf"(?!(?:latest|default|[0-9]+)\Z)[a-zA-Z0-9_-]*[^@{_BLANKS}]?[a-zA-Z0-9_-]*")


def _label_name(name: str) -> str:
    """Prompts are called as `slug@label`, `slug@latest` and `slug@3`: names may not look like the latter."""
    if not name or not _NAME.fullmatch(name):
        raise ValueError("must be letters, digits, - or _, and not latest, default or digits alone")
    return name


LabelName = Annotated[str, AfterValidator(_label_name)]
Color = Annotated[str, StringConstraints(pattern="^#[0-9A-Fa-f]{6}$")]


class CreateLabel(Inputs):
    name: LabelName = required("Letters, digits, -, _.")
    # Portkey's description requires neither of the two.
    organisation_id: str | None = optional("For the organisation.")
    workspace_id: str | None = optional("Or one workspace.")
    description: str | None = optional("Meaning.")
    color_code: Annotated[Color | None, Unlisted()] = optional("Such as #1A7F37.")


class ListLabels(Paged):
    organisation_id: Annotated[str | None, Unlisted()] = optional("Organisation; default the key's.")
    workspace_id: str | None = optional("Id or slug.")
    search: str | None = optional("In the name.")


class OneLabel(Inputs):
    label_id: Identifier = required("Id.")


class GetLabel(OneLabel):
    organisation_id: Annotated[str | None, Unlisted()] = optional("Its organisation.")
    workspace_id: Annotated[str | None, Unlisted()] = optional("Its workspace.")


class UpdateLabel(OneLabel):
    name: LabelName | None = optional("Name.")
    description: Annotated[str | None, Unlisted()] = optional("Meaning.")
    color_code: Annotated[Color | None, Unlisted()] = optional("Such as #1A7F37.")


TOOLS = (
    Tool(
        name="create_prompt_label",
        domain=DOMAIN,
        summary="Create a label (tag, environment) for prompt versions, such as production.",
        detail="Then update_prompt_version.",
        risk=Risk.WRITE,
        idempotent=False,
        scopes=("prompts.create",),
        inputs=CreateLabel,
        call=Endpoint("POST", "/labels"),
        lookup="list_prompt_labels",
        form="get_prompt_label",
    ),
    Tool(
        name="list_prompt_labels",
        domain=DOMAIN,
        summary="List the labels (tags, environments) for prompt versions.",
        risk=Risk.READ,
        scopes=("prompts.list",),
        inputs=ListLabels,
        call=Endpoint("GET", "/labels"),
    ),
    Tool(
        name="get_prompt_label",
        domain=DOMAIN,
        summary="Show one prompt label.",
        risk=Risk.READ,
        scopes=("prompts.read",),
        inputs=GetLabel,
        call=Endpoint("GET", "/labels/{label_id}"),
        lookup="list_prompt_labels",
    ),
    Tool(
        name="update_prompt_label",
        domain=DOMAIN,
        summary="Change a prompt label. Calls with an old name fail.",
        risk=Risk.WRITE,
        idempotent=True,
        scopes=("prompts.update",),
        inputs=UpdateLabel,
        rules=(SomethingToChange(),),
        call=Endpoint("PUT", "/labels/{label_id}"),
        lookup="list_prompt_labels",
        form="get_prompt_label",
    ),
    Tool(
        name="delete_prompt_label",
        domain=DOMAIN,
        summary="Delete a prompt label; calls that name it fail.",
        risk=Risk.DESTRUCTIVE,
        idempotent=True,
        scopes=("prompts.delete",),
        inputs=OneLabel,
        call=Endpoint("DELETE", "/labels/{label_id}"),
        lookup="list_prompt_labels",
    ),
)
