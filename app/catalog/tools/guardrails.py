"""Guardrails: checks on what goes into models and tools and on what comes out.

They belong to a workspace or to the organisation, which can put its own on every request (defaults) but for
the workspaces it excludes.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, JsonValue, WithJsonSchema, model_validator

from app.catalog.inputs import (
    Encode,
    Folded,
    FreeObject,
    Identifier,
    Inputs,
    OpenPart,
    Paged,
    Part,
    Unlisted,
    Uuid,
    optional,
    required,
)
from app.catalog.rules import SomethingToChange
from app.catalog.tool import Endpoint, Risk, Tool
from app.catalog.wire import json_text

DOMAIN = "guardrails"

GUARDRAIL = "/guardrails/{guardrail_id}"

_FEEDBACK = ("value", "weight", "metadata")
_ASYNC = "async"


def _metadata(value: JsonValue) -> JsonValue:
    """The API description wants text here; the TypeScript server takes an object."""
    return value if isinstance(value, str) else json_text(value)


class Feedback(Part):
    value: float | None = None
    weight: float | None = None
    metadata: Annotated[str | FreeObject | None, Encode(_metadata)] = None


class Reaction(Part):
    """What happens after a check, in the form of the API description: `{"feedback": {...}}`.

    The form of the TypeScript server, without the level of `feedback`, is taken too and sent in the API's:
    that is the one Portkey's answers show.
    """

    feedback: Feedback

    @model_validator(mode="before")
    @classmethod
    def _from_flat(cls, data: JsonValue) -> JsonValue:
        if isinstance(data, dict) and "feedback" not in data and any(name in data for name in _FEEDBACK):
            return {"feedback": data}
        return data


class Actions(OpenPart):
    """`on_fail_action` and `message` are not in the API description: they are passed on as given."""

    deny: bool | None = None
    async_: bool | None = Field(default=None, alias=_ASYNC)
    on_success: Reaction | None = None
    on_fail: Reaction | None = None


def _async(value: JsonValue) -> JsonValue:
    """Give the member that Python cannot name its name."""
    members = value if isinstance(value, dict) else {}
    return {_ASYNC if name == "async_" else name: member for name, member in members.items()}


class Check(Part):
    # The API description lists 46 ids, and Portkey adds to them: any is passed on.
    id: str = required("Such as portkey.pii.")
    parameters: FreeObject | None = optional("Its own.")
    is_enabled: bool | None = None
    name: str | None = None


Checks = Annotated[list[Check], Field(min_length=1)]

_REPLACE = "Replace all; as in create_guardrail."


class OneGuardrail(Inputs):
    guardrail_id: Identifier = required("Id or slug.")


class ListGuardrails(Paged):
    workspace_id: str | None = optional("Id or slug.")
    # A key belongs to one organisation, which is the default here and below.
    organisation_id: Annotated[str | None, Unlisted()] = optional("Only this organisation.")
    page_size: int | None = optional("Items a page.", ge=1, le=1000)


class CreateGuardrail(Inputs):
    name: str = required("Name.")
    checks: Annotated[Checks | None, Folded()] = optional(
        "{id: portkey.pii, portkey.moderateContent, default.regexMatch, ...; parameters: its own, such as "
        "{categories: [SSN], redact: true}; is_enabled, name} each."
    )
    actions: Annotated[Actions | None, Encode(_async), Folded()] = optional(
        "{deny: refuse what fails, async: do not wait, on_success, on_fail: {feedback: {value, weight, "
        "metadata}}}."
    )
    # Not in the API description, but in the TypeScript server.
    target: Literal["llm", "mcp_tools"] | None = optional("Default llm.")
    workspace_id: str | None = optional("Else the whole organisation's.")
    organisation_id: Annotated[str | None, Unlisted()] = optional("Organisation; default the key's.")

    @model_validator(mode="after")
    def _llm_is_checked(self) -> CreateGuardrail:
        # The API description, which knows no target, requires both; the TypeScript server for llm only.
        if self.target != "mcp_tools" and (self.checks is None or self.actions is None):
            raise ValueError("checks and actions are required, unless target is mcp_tools")
        return self


class UpdateGuardrail(OneGuardrail):
    name: str | None = optional("Name.")
    checks: Annotated[Checks | None, Folded()] = optional(_REPLACE)
    actions: Annotated[Actions | None, Encode(_async), Folded()] = optional(_REPLACE)


class UpdateDefaults(Inputs):
    input_guardrails: list[str] | None = optional("Ids or slugs; [] for none.")
    output_guardrails: list[str] | None = optional("Ids or slugs; [] for none.")


class ListExclusions(Inputs):
    organisation_id: str = required("Id.")


class Exclusion(Part):
    workspace_id: str
    excluded: bool


class UpdateExclusions(ListExclusions):
    workspaces: Annotated[list[Exclusion], Field(min_length=1), Folded()] = required(
        "{workspace_id, excluded} each; false: guard again."
    )
    override_existing: Annotated[bool | None, Unlisted()] = optional("Guard all others again.")


class ServerMapping(Part):
    # Portkey's own default for `run_on` is both; it is not sent unless given.
    run_on: list[Literal["input", "output"]] | None = optional("Default both.", min_length=1)
    mcp_integration_capability_ids: list[Uuid] | None = optional("Tools; default all.")


class ReplaceServers(OneGuardrail):
    # Its JSON Schema would need patternProperties, which clients do not take.
    mcp_servers: Annotated[dict[Uuid, ServerMapping], WithJsonSchema({"type": "object"})] = required(
        "By id: {run_on?: [input, output], mcp_integration_capability_ids?: []}; {} for none."
    )


class UpsertServer(ServerMapping, OneGuardrail):
    mcp_server_id: Uuid = required("Id.")


TOOLS = (
    Tool(
        name="get_organisation_defaults",
        domain=DOMAIN,
        summary="Show the guardrails on every request of the organisation.",
        risk=Risk.READ,
        scopes=("organisation_settings.read",),
        enterprise=True,
        call=Endpoint("GET", "/admin/organisation/defaults", base="v2"),
    ),
    Tool(
        name="update_organisation_defaults",
        domain=DOMAIN,
        summary="Set the guardrails on every request of the organisation.",
        detail="A list replaces the one before; none may belong to a workspace.",
        risk=Risk.DESTRUCTIVE,
        idempotent=True,
        scopes=("organisation_settings.update",),
        enterprise=True,
        inputs=UpdateDefaults,
        rules=(SomethingToChange(),),
        call=Endpoint("PUT", "/admin/organisation/defaults", base="v2"),
        lookup="get_organisation_defaults",
    ),
    Tool(
        name="list_input_guardrail_workspace_exclusions",
        domain=DOMAIN,
        summary="List workspaces exempt from the organisation's input guardrails.",
        risk=Risk.READ,
        scopes=("organisation_exclusions.list",),
        enterprise=True,
        inputs=ListExclusions,
        call=Endpoint("GET", "/workspace-exclusions/input-guardrails"),
    ),
    Tool(
        name="update_input_guardrail_workspace_exclusions",
        domain=DOMAIN,
        summary="Exempt workspaces from the organisation's input guardrails, or end it.",
        risk=Risk.DESTRUCTIVE,
        idempotent=True,
        scopes=("organisation_exclusions.update",),
        enterprise=True,
        inputs=UpdateExclusions,
        call=Endpoint("PUT", "/workspace-exclusions/input-guardrails"),
        lookup="list_input_guardrail_workspace_exclusions",
    ),
    Tool(
        name="list_output_guardrail_workspace_exclusions",
        domain=DOMAIN,
        summary="List workspaces exempt from the organisation's output guardrails.",
        risk=Risk.READ,
        scopes=("organisation_exclusions.list",),
        enterprise=True,
        inputs=ListExclusions,
        call=Endpoint("GET", "/workspace-exclusions/output-guardrails"),
    ),
    Tool(
        name="update_output_guardrail_workspace_exclusions",
        domain=DOMAIN,
        summary="Exempt workspaces from the organisation's output guardrails, or end it.",
        risk=Risk.DESTRUCTIVE,
        idempotent=True,
        scopes=("organisation_exclusions.update",),
        enterprise=True,
        inputs=UpdateExclusions,
        call=Endpoint("PUT", "/workspace-exclusions/output-guardrails"),
        lookup="list_output_guardrail_workspace_exclusions",
    ),
    Tool(
        name="list_guardrails",
        domain=DOMAIN,
        summary="List guardrails (content moderation, PII and other checks).",
        risk=Risk.READ,
        scopes=("guardrails.list",),
        inputs=ListGuardrails,
        call=Endpoint("GET", "/guardrails"),
    ),
    Tool(
        name="get_guardrail",
        domain=DOMAIN,
        summary="Show one guardrail: its checks and actions.",
        detail="Portkey may answer 403 where there is none.",
        risk=Risk.READ,
        scopes=("guardrails.read",),
        inputs=OneGuardrail,
        call=Endpoint("GET", GUARDRAIL),
        lookup="list_guardrails",
    ),
    Tool(
        name="create_guardrail",
        domain=DOMAIN,
        summary="Create a guardrail: content moderation, PII redaction and other checks.",
        detail="Runs once a config, workspace or the organisation names it.",
        risk=Risk.WRITE,
        idempotent=False,
        scopes=("guardrails.create",),
        inputs=CreateGuardrail,
        call=Endpoint("POST", "/guardrails"),
        lookup="list_guardrails",
        form="get_guardrail",
    ),
    Tool(
        name="list_guardrail_mcp_servers",
        domain=DOMAIN,
        title="List guardrail MCP servers",
        summary="List the MCP servers whose tool calls a guardrail checks.",
        risk=Risk.READ,
        scopes=("guardrails.read",),
        inputs=OneGuardrail,
        call=Endpoint("GET", GUARDRAIL + "/mcp-servers"),
        lookup="list_guardrails",
    ),
    Tool(
        name="replace_guardrail_mcp_servers",
        domain=DOMAIN,
        title="Replace guardrail MCP servers",
        summary="Set all MCP servers whose tool calls a guardrail checks.",
        risk=Risk.DESTRUCTIVE,
        idempotent=True,
        scopes=("guardrails.update",),
        inputs=ReplaceServers,
        call=Endpoint("PUT", GUARDRAIL + "/mcp-servers"),
        lookup="list_guardrails",
        form="list_guardrail_mcp_servers",
    ),
    Tool(
        name="upsert_guardrail_mcp_server",
        domain=DOMAIN,
        title="Upsert guardrail MCP server",
        summary="Let a guardrail check one more MCP server's tool calls, or change how.",
        risk=Risk.DESTRUCTIVE,
        idempotent=True,
        scopes=("guardrails.update",),
        inputs=UpsertServer,
        call=Endpoint("PUT", GUARDRAIL + "/mcp-servers/{mcp_server_id}"),
        lookup="list_guardrail_mcp_servers",
    ),
    Tool(
        name="update_guardrail",
        domain=DOMAIN,
        summary="Change a guardrail's name, checks or actions as a new version.",
        detail="Read it first: get_guardrail.",
        risk=Risk.DESTRUCTIVE,
        idempotent=False,
        scopes=("guardrails.update",),
        inputs=UpdateGuardrail,
        rules=(SomethingToChange(),),
        call=Endpoint("PUT", GUARDRAIL),
        lookup="list_guardrails",
        form="get_guardrail",
    ),
    Tool(
        name="delete_guardrail",
        domain=DOMAIN,
        summary="Delete a guardrail: its checks no longer run.",
        risk=Risk.DESTRUCTIVE,
        idempotent=True,
        scopes=("guardrails.delete",),
        inputs=OneGuardrail,
        call=Endpoint("DELETE", GUARDRAIL),
        lookup="list_guardrails",
    ),
)
