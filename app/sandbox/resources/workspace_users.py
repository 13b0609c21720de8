"""Members of a workspace: `/v1/admin/workspaces/{workspace}/users`."""

from __future__ import annotations

from typing import Final

from app.sandbox.errors import invalid, not_found
from app.sandbox.fields import Field, items, read_body, record, text
from app.sandbox.filters import Filters
from app.sandbox.json_types import JsonObject, as_list, as_object
from app.sandbox.lookup import require_workspace
from app.sandbox.membership import ROLES, add_member, members_of, show_member
from app.sandbox.routing import Call, Route
from app.sandbox.store import Store

_ROLE: Final = text(choices=ROLES, required=True)
_ADD: Final[dict[str, Field]] = {
    "users": items(record({"id": text(required=True), "role": _ROLE}), at_least=1, required=True)
}
_UPDATE: Final[dict[str, Field]] = {"role": _ROLE}


def list_members(call: Call) -> JsonObject:
    """List the members with this role or email."""
    workspace = require_workspace(call, call.params["workspace"])
    filters = Filters(call.query, choices={"role": ROLES}, default_size=50)
    roles, email = filters.many("role") or ROLES, filters.one("email")
    found = members_of(call.store, workspace)
    return filters.listing(
        [item for item in found if item["role"] in roles and email in (None, item["email"])]
    )


def add_members(call: Call) -> JsonObject:
    """Add all users of the body, or none."""
    workspace = require_workspace(call, call.params["workspace"])
    for user in as_list(read_body(call.body, _ADD)["users"]):
        member = as_object(user)
        add_member(call, workspace, str(member["id"]), str(member["role"]))
    return {}


def get_member(call: Call) -> JsonObject:
    """Return one member."""
    return show_member(call.store, _require_member(call))


def update_member(call: Call) -> JsonObject:
    """Give a member another role."""
    membership = _require_member(call)
    role = read_body(call.body, _UPDATE)["role"]
    if role == membership["role"]:
        raise invalid([f"role is {role} already"])
    call.store.replace("workspace_user", {**membership, "role": role, "last_updated_at": call.now})
    return {}


def remove_member(call: Call) -> JsonObject:
    """Remove a member from the workspace; the user stays in the organisation."""
    call.store.delete("workspace_user", str(_require_member(call)["id"]))
    return {}


def seed(store: Store) -> None:
    """Add nothing: the members are part of the company."""


def _require_member(call: Call) -> JsonObject:
    workspace = require_workspace(call, call.params["workspace"])
    user_id = call.params["user"]
    found = call.store.find("workspace_user", workspace_id=str(workspace["id"]), user_id=user_id)
    if not found:
        raise not_found("member of this workspace", user_id)
    return found[0]


_ALL: Final = "/v1/admin/workspaces/{workspace}/users"
_ONE: Final = "/v1/admin/workspaces/{workspace}/users/{user}"

ROUTES: Final = (
    Route("GET", _ALL, "workspace_users.list", list_members),
    Route("POST", _ALL, "workspace_users.create", add_members),
    Route("GET", _ONE, "workspace_users.read", get_member),
    Route("PUT", _ONE, "workspace_users.update", update_member),
    Route("DELETE", _ONE, "workspace_users.delete", remove_member),
)
