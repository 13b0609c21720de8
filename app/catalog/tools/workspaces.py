"""Workspaces: the teams of an organisation, their members, and the SCIM groups that fill them.

Endpoints under `/admin/workspaces` are the ones that answer; the documented `/workspaces` answers 400.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from app.catalog.inputs import (
    At,
    Clearable,
    Email,
    Folded,
    Identifier,
    Inputs,
    Paged,
    Pages,
    Part,
    Timestamp,
    Unlisted,
    Uuid,
    optional,
    required,
)
from app.catalog.rules import ExactlyOneOf, SomethingToChange
from app.catalog.tool import Endpoint, Risk, Tool, Workflow
from app.catalog.workflows.workspaces import delete_workspace

DOMAIN = "workspaces"

Role = Literal["admin", "manager", "member"]


class UsageLimit(Part):
    credit_limit: float | None = optional("Budget, in dollars or tokens.", gt=0)
    type: Literal["cost", "tokens"] | None = optional("What it counts.")
    alert_threshold: float | None = optional("Alert at this absolute amount.", gt=0)
    periodic_reset: Annotated[Literal["monthly", "weekly"] | None, Clearable()] = optional(
        "When it starts anew; null: never."
    )
    periodic_reset_days: Annotated[int | None, Clearable()] = optional(
        "Or anew every so many days.", ge=1, le=365
    )
    next_usage_reset_at: Annotated[Timestamp | None, Clearable()] = optional("Next reset.")


class RateLimit(Part):
    type: Literal["requests", "tokens"] | None = optional("What it counts.")
    unit: Literal["rpm", "rph", "rpd"] | None = optional("A minute, hour or day.")
    value: int | None = optional("How many.", ge=0)


class OneWorkspace(Inputs):
    workspace_id: Identifier = required("Id or slug.")


class OneMember(OneWorkspace):
    user_id: Uuid = required("Id.")


class ListWorkspaces(Paged):
    name: str | None = optional("Part of it.")
    exact_name: str | None = optional("All of it.")
    status: Literal["active", "archived"] | None = optional("Status.")


class WorkspaceSettings(Inputs):
    slug: Annotated[str | None, Unlisted()] = optional("Short name.")
    description: str | None = optional("Purpose.")
    is_default: Annotated[int | None, At("defaults.is_default"), Unlisted()] = optional("1: default.")
    metadata: Annotated[dict[str, str] | None, At("defaults.metadata")] = optional(
        "Texts added to request logs."
    )
    usage_limits: Annotated[list[UsageLimit] | None, Folded()] = optional(
        "Budgets: {credit_limit (dollars or tokens), type: cost|tokens, alert_threshold (amount), "
        "periodic_reset: monthly|weekly|null or periodic_reset_days, next_usage_reset_at}."
    )
    rate_limits: Annotated[list[RateLimit] | None, Folded()] = optional(
        "Throttles: {type: requests|tokens, unit: rpm|rph|rpd, value}."
    )


class CreateWorkspace(WorkspaceSettings):
    name: str = required("Name.")
    users: list[str] | None = optional("User ids.")


class UpdateWorkspace(WorkspaceSettings, OneWorkspace):
    name: str | None = optional("Name.")
    usage_limits: Annotated[list[UsageLimit] | None, Folded()] = optional("As in create_workspace.")
    rate_limits: Annotated[list[RateLimit] | None, Folded()] = optional("As in create_workspace.")
    input_guardrails: Annotated[list[str] | None, At("defaults.input_guardrails")] = optional("Slugs.")
    output_guardrails: Annotated[list[str] | None, At("defaults.output_guardrails")] = optional("Slugs.")
    user_api_key_config: Annotated[
        str | None, Clearable(), At("defaults.user_api_key_config"), Unlisted()
    ] = optional('Slug; "" clears.')


class DeleteWorkspace(OneWorkspace):
    name: Annotated[str | None, Unlisted()] = optional("As a check.")
    force_delete: bool | None = optional("With all it holds.")


class AddMember(OneWorkspace):
    user_id: Annotated[Uuid, At("users.0.id")] = required("Id.")
    role: Annotated[Role, At("users.0.role")] = required("Role.")


class ListMembers(OneWorkspace, Paged):
    role: Annotated[Role | None, Unlisted()] = optional("Role.")
    email: Email | None = optional("Address.")


class UpdateMember(OneMember):
    role: Role = required("Role.")


class ScimPaged(Pages):
    page_argument: ClassVar[str] = "page"

    page: int | None = optional("From 0.", ge=0)


class ListScimMappings(ScimPaged):
    workspace_id: str | None = optional("Id or slug.")
    scim_group_id: Annotated[str | None, Unlisted()] = optional("Group.")
    role: Annotated[Role | None, Unlisted()] = optional("Role.")


class CreateScimMapping(Inputs):
    workspace_id: str = required("Id or slug.")
    role: Role = required("Role of its users.")
    scim_group_id: str | None = optional("From list_scim_groups.", min_length=1)
    scim_group_name: Annotated[str | None, Unlisted()] = optional("Or name.", min_length=1)


class DeleteScimMapping(Inputs):
    mapping_id: Identifier = required("Id.")


class ListScimGroups(ScimPaged):
    search: str | None = optional("In the name.")


TOOLS = (
    Tool(
        name="list_scim_workspace_mappings",
        title="List SCIM workspace mappings",
        domain=DOMAIN,
        summary="List which SCIM (directory) groups fill which workspaces.",
        risk=Risk.READ,
        enterprise=True,
        inputs=ListScimMappings,
        call=Endpoint("GET", "/scim/workspaces"),
    ),
    Tool(
        name="create_scim_workspace_mapping",
        title="Create SCIM workspace mapping",
        domain=DOMAIN,
        summary="Give a SCIM (directory) group access to a workspace with a role.",
        risk=Risk.WRITE,
        idempotent=False,
        enterprise=True,
        inputs=CreateScimMapping,
        rules=(ExactlyOneOf(("scim_group_id", "scim_group_name")),),
        call=Endpoint("POST", "/scim/workspaces"),
        lookup="list_scim_workspace_mappings",
    ),
    Tool(
        name="delete_scim_workspace_mapping",
        title="Delete SCIM workspace mapping",
        domain=DOMAIN,
        summary="End a SCIM group's access to a workspace.",
        risk=Risk.DESTRUCTIVE,
        idempotent=True,
        enterprise=True,
        inputs=DeleteScimMapping,
        call=Endpoint("DELETE", "/scim/workspaces/{mapping_id}"),
        lookup="list_scim_workspace_mappings",
    ),
    Tool(
        name="list_scim_groups",
        title="List SCIM groups",
        domain=DOMAIN,
        summary="List SCIM groups: those your directory sends.",
        risk=Risk.READ,
        enterprise=True,
        inputs=ListScimGroups,
        call=Endpoint("GET", "/scim/groups", base="v2"),
    ),
    Tool(
        name="list_workspaces",
        domain=DOMAIN,
        summary="List workspaces (teams) with ids, budgets and throttles.",
        risk=Risk.READ,
        scopes=("workspaces.list",),
        inputs=ListWorkspaces,
        call=Endpoint("GET", "/admin/workspaces"),
    ),
    Tool(
        name="get_workspace",
        domain=DOMAIN,
        summary="Show one workspace: settings, limits, members.",
        risk=Risk.READ,
        scopes=("workspaces.read",),
        inputs=OneWorkspace,
        call=Endpoint("GET", "/admin/workspaces/{workspace_id}"),
        lookup="list_workspaces",
    ),
    Tool(
        name="create_workspace",
        domain=DOMAIN,
        summary="Create a workspace (team) with members, budget, throttles.",
        risk=Risk.WRITE,
        idempotent=False,
        scopes=("workspaces.create",),
        inputs=CreateWorkspace,
        call=Endpoint("POST", "/admin/workspaces"),
        lookup="list_workspaces",
        form="get_workspace",
    ),
    Tool(
        name="update_workspace",
        domain=DOMAIN,
        summary="Change a workspace's name, defaults, budget or throttles.",
        detail="A list replaces the whole list.",
        risk=Risk.DESTRUCTIVE,
        idempotent=True,
        scopes=("workspaces.update",),
        inputs=UpdateWorkspace,
        rules=(SomethingToChange(),),
        call=Endpoint("PUT", "/admin/workspaces/{workspace_id}"),
        lookup="list_workspaces",
        form="get_workspace",
    ),
    Tool(
        name="delete_workspace",
        domain=DOMAIN,
        summary="Delete a workspace.",
        detail="Refused while it holds keys, prompts or configs, unless force_delete.",
        risk=Risk.DESTRUCTIVE,
        idempotent=True,
        scopes=("workspaces.delete", "workspaces.read"),
        inputs=DeleteWorkspace,
        call=Workflow(
            delete_workspace,
            ("GET /admin/workspaces/{workspace_id}", "DELETE /admin/workspaces/{workspace_id}"),
        ),
        lookup="list_workspaces",
    ),
    Tool(
        name="add_workspace_member",
        domain=DOMAIN,
        summary="Add a user to a workspace with a role.",
        risk=Risk.WRITE,
        idempotent=False,
        scopes=("workspace_users.create",),
        inputs=AddMember,
        call=Endpoint("POST", "/admin/workspaces/{workspace_id}/users"),
        lookup=("list_workspaces", "list_workspace_members"),
    ),
    Tool(
        name="list_workspace_members",
        domain=DOMAIN,
        summary="List a workspace's members and roles.",
        risk=Risk.READ,
        scopes=("workspace_users.list",),
        inputs=ListMembers,
        call=Endpoint("GET", "/admin/workspaces/{workspace_id}/users"),
        lookup="list_workspaces",
    ),
    Tool(
        name="get_workspace_member",
        domain=DOMAIN,
        summary="Show one member of a workspace.",
        risk=Risk.READ,
        scopes=("workspace_users.read",),
        inputs=OneMember,
        call=Endpoint("GET", "/admin/workspaces/{workspace_id}/users/{user_id}"),
        lookup=("list_workspaces", "list_workspace_members"),
    ),
    Tool(
        name="update_workspace_member",
        domain=DOMAIN,
        summary="Change a member's role in a workspace.",
        risk=Risk.WRITE,
        idempotent=True,
        scopes=("workspace_users.update",),
        inputs=UpdateMember,
        call=Endpoint("PUT", "/admin/workspaces/{workspace_id}/users/{user_id}"),
        lookup=("list_workspaces", "list_workspace_members"),
        form="get_workspace_member",
    ),
    Tool(
        name="remove_workspace_member",
        domain=DOMAIN,
        summary="Remove a member from a workspace, not from the organisation.",
        risk=Risk.DESTRUCTIVE,
        idempotent=True,
        scopes=("workspace_users.delete",),
        inputs=OneMember,
        call=Endpoint("DELETE", "/admin/workspaces/{workspace_id}/users/{user_id}"),
        lookup=("list_workspaces", "list_workspace_members"),
    ),
)
