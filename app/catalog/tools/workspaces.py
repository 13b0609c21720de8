"""Workspaces: the teams of an organisation, their members, and the SCIM groups that fill them.

Endpoints under `/admin/workspaces` are the ones that answer; the documented `/workspaces` answers 400.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from app.catalog.inputs import (
    At,
    Clearable,
    Email,
    Identifier,
    Inputs,
    Paged,
    Pages,
    Part,
    Timestamp,
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
    workspace_id: Identifier = required("Workspace id or slug.")


class OneMember(OneWorkspace):
    user_id: Uuid = required("User id.")


class ListWorkspaces(Paged):
    name: str | None = optional("Part of the name.")
    exact_name: str | None = optional("The whole name.")
    status: Literal["active", "archived"] | None = optional("Only these.")


class WorkspaceSettings(Inputs):
    slug: str | None = optional("Short name for URLs.")
    description: str | None = optional("What it is for.")
    is_default: Annotated[int | None, At("defaults.is_default")] = optional("1: the organisation's default.")
    metadata: Annotated[dict[str, str] | None, At("defaults.metadata")] = optional(
        "Text values added to every request's log."
    )
    usage_limits: list[UsageLimit] | None = optional("Budgets.")
    rate_limits: list[RateLimit] | None = optional("Throttles.")


class CreateWorkspace(WorkspaceSettings):
    name: str = required("Name.")
    users: list[str] | None = optional("Ids of users to add.")


class UpdateWorkspace(WorkspaceSettings, OneWorkspace):
    name: str | None = optional("New name.")
    input_guardrails: Annotated[list[str] | None, At("defaults.input_guardrails")] = optional(
        "Guardrail slugs for every request."
    )
    output_guardrails: Annotated[list[str] | None, At("defaults.output_guardrails")] = optional(
        "Guardrail slugs for every answer."
    )
    user_api_key_config: Annotated[str | None, Clearable(), At("defaults.user_api_key_config")] = optional(
        'Config slug for its user keys; null or "" clears it.'
    )


class DeleteWorkspace(OneWorkspace):
    name: str | None = optional("Its name, as a check; looked up when left out.")
    force_delete: bool | None = optional("Delete it with all it holds.")


class AddMember(OneWorkspace):
    user_id: Annotated[Uuid, At("users.0.id")] = required("User id.")
    role: Annotated[Role, At("users.0.role")] = required("Role in this workspace.")


class ListMembers(OneWorkspace, Paged):
    role: Role | None = optional("Only this role.")
    email: Email | None = optional("Only this address.")


class UpdateMember(OneMember):
    role: Role = required("New role in this workspace.")


class ScimPaged(Pages):
    page_argument: ClassVar[str] = "page"

    page: int | None = optional("Page, from 0.", ge=0)


class ListScimMappings(ScimPaged):
    workspace_id: str | None = optional("Only this workspace.")
    scim_group_id: str | None = optional("Only this group.")
    role: Role | None = optional("Only this role.")


class CreateScimMapping(Inputs):
    workspace_id: str = required("Workspace to fill.")
    role: Role = required("Role the group's users get.")
    scim_group_id: str | None = optional("Group id.", min_length=1)
    scim_group_name: str | None = optional("Or the group's name.", min_length=1)


class DeleteScimMapping(Inputs):
    mapping_id: Identifier = required("Mapping id.")


class ListScimGroups(ScimPaged):
    search: str | None = optional("Part of the name.")


TOOLS = (
    Tool(
        name="list_scim_workspace_mappings",
        title="List SCIM workspace mappings",
        domain=DOMAIN,
        summary="List which SCIM (directory) groups fill which workspaces, and with which role.",
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
        detail="Name the group by id or by name. Find groups with list_scim_groups.",
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
        summary="End a SCIM group's access to a workspace; its users lose that access.",
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
        summary="List the groups that your directory sends to Portkey over SCIM.",
        risk=Risk.READ,
        enterprise=True,
        inputs=ListScimGroups,
        call=Endpoint("GET", "/scim/groups", base="v2"),
    ),
    Tool(
        name="list_workspaces",
        domain=DOMAIN,
        summary="List the organisation's workspaces (teams) with their ids, budgets and throttles.",
        detail="Start here to find a workspace id.",
        risk=Risk.READ,
        scopes=("workspaces.list",),
        inputs=ListWorkspaces,
        call=Endpoint("GET", "/admin/workspaces"),
    ),
    Tool(
        name="get_workspace",
        domain=DOMAIN,
        summary="Show one workspace: settings, defaults, limits and members.",
        risk=Risk.READ,
        scopes=("workspaces.read",),
        inputs=OneWorkspace,
        call=Endpoint("GET", "/admin/workspaces/{workspace_id}"),
        lookup="list_workspaces",
    ),
    Tool(
        name="create_workspace",
        domain=DOMAIN,
        summary="Create a workspace for a team, with members, a budget and throttles if wanted.",
        risk=Risk.WRITE,
        idempotent=False,
        scopes=("workspaces.create",),
        inputs=CreateWorkspace,
        call=Endpoint("POST", "/admin/workspaces"),
        lookup="list_workspaces",
    ),
    Tool(
        name="update_workspace",
        domain=DOMAIN,
        summary="Rename a workspace or change its description, defaults, budget or throttles.",
        detail="Only what is given changes; a list of limits replaces the whole list.",
        risk=Risk.DESTRUCTIVE,
        idempotent=True,
        scopes=("workspaces.update",),
        inputs=UpdateWorkspace,
        rules=(SomethingToChange(),),
        call=Endpoint("PUT", "/admin/workspaces/{workspace_id}"),
        lookup="list_workspaces",
    ),
    Tool(
        name="delete_workspace",
        domain=DOMAIN,
        summary="Delete a workspace for good.",
        detail="Portkey refuses while it still holds keys, prompts or configs, unless force_delete is true.",
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
        summary="Add a user of the organisation to a workspace with a role.",
        risk=Risk.WRITE,
        idempotent=False,
        scopes=("workspace_users.create",),
        inputs=AddMember,
        call=Endpoint("POST", "/admin/workspaces/{workspace_id}/users"),
        lookup="list_workspace_members",
    ),
    Tool(
        name="list_workspace_members",
        domain=DOMAIN,
        summary="List who is in a workspace, with their roles.",
        risk=Risk.READ,
        scopes=("workspace_users.list",),
        inputs=ListMembers,
        call=Endpoint("GET", "/admin/workspaces/{workspace_id}/users"),
        lookup="list_workspaces",
    ),
    Tool(
        name="get_workspace_member",
        domain=DOMAIN,
        summary="Show one member of a workspace and the role there.",
        risk=Risk.READ,
        scopes=("workspace_users.read",),
        inputs=OneMember,
        call=Endpoint("GET", "/admin/workspaces/{workspace_id}/users/{user_id}"),
        lookup="list_workspace_members",
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
        lookup="list_workspace_members",
    ),
    Tool(
        name="remove_workspace_member",
        domain=DOMAIN,
        summary="Remove a member from a workspace; the user stays in the organisation.",
        risk=Risk.DESTRUCTIVE,
        idempotent=True,
        scopes=("workspace_users.delete",),
        inputs=OneMember,
        call=Endpoint("DELETE", "/admin/workspaces/{workspace_id}/users/{user_id}"),
        lookup="list_workspace_members",
    ),
)
