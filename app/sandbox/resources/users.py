"""Users of the organisation: `/v1/admin/users`. Their invitations are in `invites`."""

from __future__ import annotations

from typing import Final

from app.sandbox.errors import conflict, not_found
from app.sandbox.fields import Field, read_body, text
from app.sandbox.filters import Filters
from app.sandbox.json_types import JsonObject
from app.sandbox.routing import Call, Route
from app.sandbox.store import Store

_ROLES: Final = ("admin", "member", "owner")
_UPDATE: Final[dict[str, Field]] = {
    # Portkey documents the role alone; the names are what clients send besides.
    "role": text(choices=("admin", "member")),
    "first_name": text(),
    "last_name": text(),
}


def list_users(call: Call) -> JsonObject:
    """List the users with this role or email."""
    filters = Filters(call.query, choices={"role": _ROLES}, page="currentPage", size="pageSize")
    roles, email = filters.many("role") or _ROLES, filters.one("email")
    found = [
        _show(call.store, user)
        for user in call.store.find("user")
        if user["role"] in roles and email in (None, user["email"])
    ]
    return filters.listing(found)


def get_user(call: Call) -> JsonObject:
    """Return one user."""
    return _show(call.store, _require_user(call))


def update_user(call: Call) -> JsonObject:
    """Change a user's role or name; the owner's role stays."""
    user = _require_user(call)
    body = read_body(call.body, _UPDATE, at_least_one=True)
    if "role" in body and user["role"] == "owner":
        raise conflict("The role of the organisation's owner cannot be changed.")
    call.store.replace("user", {**user, **body, "last_updated_at": call.now})
    return {}


def delete_user(call: Call) -> JsonObject:
    """Remove a user from the organisation, from every workspace, and with the user's own API keys."""
    user = _require_user(call)
    if user["role"] == "owner":
        raise conflict("The organisation's owner cannot be deleted.")
    for kind in ("workspace_user", "api_key"):
        for record in call.store.find(kind, user_id=str(user["id"])):
            call.store.delete(kind, str(record["id"]))
    call.store.delete("user", str(user["id"]))
    return {}


def seed(store: Store) -> None:
    """Add nothing: the users are part of the company."""


def _require_user(call: Call) -> JsonObject:
    user = call.store.resolve("user", call.params["user"])
    if user is None:
        raise not_found("user", call.params["user"])
    return user


def _show(store: Store, user: JsonObject) -> JsonObject:
    memberships = store.find("workspace_user", user_id=str(user["id"]))
    workspaces = [store.resolve("workspace", str(membership["workspace_id"])) for membership in memberships]
    return {**user, "workspace_ids": [workspace["slug"] for workspace in workspaces if workspace]}


_ALL: Final = "/v1/admin/users"
_ONE: Final = "/v1/admin/users/{user}"

ROUTES: Final = (
    Route("GET", _ALL, "organisation_users.list", list_users),
    Route("GET", _ONE, "organisation_users.read", get_user),
    Route("PUT", _ONE, "organisation_users.update", update_user),
    Route("DELETE", _ONE, "organisation_users.delete", delete_user),
)
