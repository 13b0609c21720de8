"""Users of the organisation and the invitations to it.

Endpoints under `/admin/users` are the ones clients use; the documented `/users` and `/user-invites` are older
names. These lists take their pages in camelCase.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from app.catalog.inputs import (
    Email,
    Folded,
    Identifier,
    Inputs,
    InQuery,
    Local,
    Paged,
    Pages,
    Part,
    Unlisted,
    optional,
    required,
)
from app.catalog.log_filters import Filtered, LogFilters
from app.catalog.rules import SomethingToChange
from app.catalog.tool import Endpoint, Risk, Tool

DOMAIN = "users"

OrganisationRole = Literal["admin", "member"]
"""The roles that can be given; an organisation's owner keeps that role."""


class UserPages(Pages):
    page_argument: ClassVar[str] = "current_page"

    page_size: Annotated[int | None, InQuery("pageSize")] = optional("Items.", ge=1, le=100)
    current_page: Annotated[int | None, InQuery("currentPage")] = optional("From 0.", ge=0)


class ListUsers(UserPages):
    role: Literal["admin", "member", "owner"] | None = optional("Role.")
    email: Email | None = optional("Address.")


class OneUser(Inputs):
    user_id: Identifier = required("Id.")


class UpdateUser(OneUser):
    # Portkey documents the role alone; the names are what clients send besides.
    role: OrganisationRole | None = optional("Organisation role.")
    first_name: Annotated[str | None, Unlisted()] = optional("First name.")
    last_name: Annotated[str | None, Unlisted()] = optional("Last name.")


class InviteWorkspace(Part):
    id: str = required("Id or slug.")
    role: Literal["admin", "manager", "member"] = required("Role there.")


class ApiKeyDetails(Part):
    # Portkey documents the scopes alone; the rest is what clients send besides.
    scopes: list[str]
    name: str | None = None
    expiry: str | None = None
    metadata: dict[str, str] | None = None


class InviteUser(Inputs):
    email: Email = required("Address.")
    role: OrganisationRole = required("Organisation role.")
    workspaces: Annotated[list[InviteWorkspace], Folded()] = required(
        "To join: {id, role: admin|manager|member} each; may be empty."
    )
    # Not in Portkey's description either.
    first_name: Annotated[str | None, Unlisted()] = optional("First name.")
    last_name: Annotated[str | None, Unlisted()] = optional("Last name.")
    workspace_api_key_details: Annotated[ApiKeyDetails | None, Unlisted()] = optional(
        "Key to make there: {scopes: [], name, expiry, metadata}."
    )


class ListInvites(UserPages):
    role: Annotated[OrganisationRole | None, Unlisted()] = optional("Role.")
    email: Annotated[Email | None, Unlisted()] = optional("Address.")
    status: Literal["pending", "cancelled", "accepted", "expired"] | None = optional("Status.")


class OneInvite(Inputs):
    invite_id: Identifier = required("Id.")


class UserStats(Filtered, Paged):
    # The tool that names them all may not be there: it is of another domain.
    filters: Annotated[LogFilters | None, Local(), Folded()] = optional(
        "workspace_slug (else the default), metadata, ..."
    )
    # An answer with a further page names it.
    current_page: Annotated[int | None, Unlisted()] = optional("From 0.", ge=0)


TOOLS = (
    Tool(
        name="list_all_users",
        domain=DOMAIN,
        summary="List the people (users) of the organisation: ids, roles, workspaces.",
        risk=Risk.READ,
        scopes=("organisation_users.list",),
        enterprise=True,
        inputs=ListUsers,
        call=Endpoint("GET", "/admin/users"),
    ),
    Tool(
        name="invite_user",
        domain=DOMAIN,
        summary="Invite somebody by email, with a role and workspaces; returns the link.",
        detail="For users there are already: add_workspace_member.",
        risk=Risk.WRITE,
        idempotent=False,
        scopes=("organisation_users.create",),
        inputs=InviteUser,
        call=Endpoint("POST", "/admin/users/invites"),
        lookup="list_user_invites",
    ),
    Tool(
        name="get_user_stats",
        domain=DOMAIN,
        summary="Rank users by requests and cost (cents): who spends how much.",
        risk=Risk.READ,
        scopes=("analytics.view",),
        enterprise=True,
        inputs=UserStats,
        call=Endpoint("GET", "/analytics/groups/users", numbers=("data.*.requests", "data.*.cost")),
    ),
    Tool(
        name="get_user",
        domain=DOMAIN,
        summary="Show one user: email, role, workspaces.",
        risk=Risk.READ,
        scopes=("organisation_users.read",),
        enterprise=True,
        inputs=OneUser,
        call=Endpoint("GET", "/admin/users/{user_id}"),
        lookup="list_all_users",
    ),
    Tool(
        name="update_user",
        domain=DOMAIN,
        summary="Change a user's role in the organisation: make or unmake an admin.",
        detail="In one workspace: update_workspace_member.",
        risk=Risk.WRITE,
        idempotent=True,
        scopes=("organisation_users.update",),
        inputs=UpdateUser,
        rules=(SomethingToChange(),),
        call=Endpoint("PUT", "/admin/users/{user_id}"),
        lookup="list_all_users",
        form="get_user",
    ),
    Tool(
        name="delete_user",
        domain=DOMAIN,
        summary="Remove a user from the organisation and all workspaces (offboard).",
        detail="From one: remove_workspace_member.",
        risk=Risk.DESTRUCTIVE,
        idempotent=True,
        scopes=("organisation_users.delete",),
        inputs=OneUser,
        call=Endpoint("DELETE", "/admin/users/{user_id}"),
        lookup="list_all_users",
    ),
    Tool(
        name="list_user_invites",
        domain=DOMAIN,
        summary="List invitations to the organisation and their status.",
        risk=Risk.READ,
        scopes=("organisation_users.list",),
        enterprise=True,
        inputs=ListInvites,
        call=Endpoint("GET", "/admin/users/invites"),
    ),
    Tool(
        name="get_user_invite",
        domain=DOMAIN,
        summary="Show one invitation: whom, role, status, expiry.",
        risk=Risk.READ,
        scopes=("organisation_users.read",),
        inputs=OneInvite,
        call=Endpoint("GET", "/admin/users/invites/{invite_id}"),
        lookup="list_user_invites",
    ),
    Tool(
        name="delete_user_invite",
        domain=DOMAIN,
        summary="Withdraw (cancel) an invitation: its link ends.",
        risk=Risk.DESTRUCTIVE,
        idempotent=True,
        scopes=("organisation_users.delete",),
        inputs=OneInvite,
        call=Endpoint("DELETE", "/admin/users/invites/{invite_id}"),
        lookup="list_user_invites",
    ),
    Tool(
        name="resend_user_invite",
        domain=DOMAIN,
        summary="Email an invitation again; returns its link.",
        risk=Risk.WRITE,
        idempotent=False,
        scopes=("organisation_users.create",),
        inputs=OneInvite,
        call=Endpoint("POST", "/admin/users/invites/{invite_id}/resend"),
        lookup="list_user_invites",
    ),
)
