"""Workspaces: `/v1/admin/workspaces`."""

from __future__ import annotations

from typing import Final

from app.sandbox.company import ORGANISATION_ID, user_id
from app.sandbox.errors import conflict, invalid
from app.sandbox.fields import Field, flag, items, mapping, note, one_of, read_body, record, switch, text
from app.sandbox.filters import Filters
from app.sandbox.ids import make_slug
from app.sandbox.json_types import JsonObject, as_list, as_object
from app.sandbox.limits import LIMITS
from app.sandbox.lookup import require_workspace
from app.sandbox.membership import add_member, members_of
from app.sandbox.routing import Call, Route
from app.sandbox.store import Store

_SLUG: Final = text(pattern=r"[a-z0-9][a-z0-9_-]{0,99}")
_METADATA: Final = mapping(note(nullable=False))
_CREATE: Final[dict[str, Field]] = {
    "name": text(required=True),
    "slug": _SLUG,
    "description": note(),
    "defaults": record({"is_default": switch(), "metadata": _METADATA}, nullable=True),
    "users": items(text()),
    **LIMITS,
}
_UPDATE: Final[dict[str, Field]] = {
    "name": text(),
    "slug": _SLUG,
    "description": note(),
    "defaults": record(
        {
            "is_default": switch(),
            "metadata": _METADATA,
            "input_guardrails": items(text()),
            "output_guardrails": items(text()),
            "user_api_key_config": text(nullable=True),
        },
        nullable=True,
    ),
    **LIMITS,
}
_DELETE: Final[dict[str, Field]] = {
    "name": text(required=True),
    "force_delete": one_of(flag(), switch(), expected="true or false"),
}
# What is part of a workspace itself, rather than something it holds.
_OWN_KINDS: Final = ("workspace_user", "scim_workspace_mapping")


def list_workspaces(call: Call) -> JsonObject:
    """List the workspaces that match; archived ones only when `status` asks for them."""
    filters = Filters(call.query, choices={"status": ("active", "archived")})
    statuses = filters.many("status") or ["active"]
    name, exact_name = filters.one("name"), filters.one("exact_name")
    found = [
        workspace
        for workspace in call.store.find("workspace")
        if workspace["status"] in statuses
        and (name is None or name in str(workspace["name"]))
        and exact_name in (None, workspace["name"])
        and call.key.workspace_id in (None, workspace["id"])
    ]
    return filters.listing([_summary(workspace) for workspace in found])


def get_workspace(call: Call) -> JsonObject:
    """Return one workspace with its members."""
    workspace = require_workspace(call, call.params["workspace"])
    return {
        **_base(workspace),
        "settings": {},
        "organisation_id": ORGANISATION_ID,
        "last_reset_at": None,
        "created_by": workspace["created_by"],
        "creation_source": "ui" if workspace["created_by"] == user_id("amara") else "api",
        "users": [*members_of(call.store, workspace)],
        "object": "workspace",
    }


def create_workspace(call: Call) -> JsonObject:
    """Create a workspace; the `users` given become its members."""
    body = read_body(call.body, _CREATE)
    workspace_id = call.store.new_id("workspace")
    workspace: JsonObject = {
        "id": workspace_id,
        "slug": body.get("slug") or make_slug("ws", str(body["name"]), workspace_id),
        "name": body["name"],
        "icon": None,
        "description": body.get("description"),
        "created_at": call.now,
        "last_updated_at": call.now,
        "defaults": {},
        "is_default": 0,
        "usage_limits": body.get("usage_limits"),
        "rate_limits": body.get("rate_limits"),
        "status": "active",
        "created_by": user_id("jonas"),
    }
    workspace = _with_defaults(call, workspace, as_object(body.get("defaults")))
    call.store.insert("workspace", workspace, _unique(workspace))
    for user in as_list(body.get("users")):
        add_member(call, workspace, str(user), "member")
    return _summary(workspace)


def update_workspace(call: Call) -> JsonObject:
    """Change what the body names."""
    workspace = require_workspace(call, call.params["workspace"])
    body = read_body(call.body, _UPDATE, at_least_one=True)
    changes = {name: value for name, value in body.items() if name != "defaults"}
    workspace = {**workspace, **changes, "last_updated_at": call.now}
    workspace = _with_defaults(call, workspace, as_object(body.get("defaults")))
    call.store.replace("workspace", workspace, _unique(workspace))
    return {}


def delete_workspace(call: Call) -> None:
    """Archive a workspace; its name must be repeated, and what it holds needs `force_delete`."""
    workspace = require_workspace(call, call.params["workspace"])
    body = read_body(call.body, _DELETE)
    if body["name"] != workspace["name"]:
        raise invalid(["name must be the name of the workspace"])
    workspace_id = str(workspace["id"])
    held = call.store.kinds_in_workspace(workspace_id)
    blocking = [f"{kind} ({count})" for kind, count in sorted(held.items()) if kind not in _OWN_KINDS]
    if blocking and not body.get("force_delete"):
        names = ", ".join(blocking).replace("_", " ")
        raise conflict(f"The workspace still holds {names}. Set force_delete to delete them with it.")
    for kind in held:
        for document in call.store.find(kind, workspace_id=workspace_id):
            call.store.delete(kind, str(document["id"]))
    archived: JsonObject = {**workspace, "status": "archived", "is_default": 0, "last_updated_at": call.now}
    call.store.replace("workspace", archived, {})


def seed(store: Store) -> None:
    """Add nothing: the workspaces are part of the company."""


def _unique(workspace: JsonObject) -> dict[str, str]:
    return {"name": str(workspace["name"]), "slug": str(workspace["slug"])}


def _with_defaults(call: Call, workspace: JsonObject, given: JsonObject) -> JsonObject:
    settings = {name: value for name, value in given.items() if name != "is_default"}
    config = settings.get("user_api_key_config")
    if config is not None:
        found = call.store.resolve("config", str(config))
        if found is None or found["workspace_id"] != workspace["id"]:
            raise invalid([f"defaults.user_api_key_config: no config of this workspace matches {config!r}"])
    if given.get("is_default"):
        for other in call.store.find("workspace", is_default=1):
            call.store.replace("workspace", {**other, "is_default": 0})
    is_default = given.get("is_default", workspace["is_default"])
    return {
        **workspace,
        "defaults": {**as_object(workspace["defaults"]), **settings},
        "is_default": is_default,
    }


def _base(workspace: JsonObject) -> JsonObject:
    shown = ("id", "slug", "name", "icon", "description", "created_at", "last_updated_at")
    defaults = as_object(workspace["defaults"])
    return {
        **{name: workspace[name] for name in shown},
        "defaults": {**defaults, "is_default": workspace["is_default"], "object": "workspace"}
        if defaults
        else None,
        "is_default": workspace["is_default"],
        "usage_limits": workspace["usage_limits"],
        "rate_limits": workspace["rate_limits"],
        "security_settings": {},
    }


def _summary(workspace: JsonObject) -> JsonObject:
    return {**_base(workspace), "scim_source_id": None, "status": workspace["status"], "object": "workspace"}


_ALL: Final = "/v1/admin/workspaces"
_ONE: Final = "/v1/admin/workspaces/{workspace}"

ROUTES: Final = (
    Route("GET", _ALL, "workspaces.list", list_workspaces),
    Route("POST", _ALL, "workspaces.create", create_workspace),
    Route("GET", _ONE, "workspaces.read", get_workspace),
    Route("PUT", _ONE, "workspaces.update", update_workspace),
    Route("DELETE", _ONE, "workspaces.delete", delete_workspace),
)
