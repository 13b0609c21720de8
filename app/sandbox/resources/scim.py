"""SCIM groups and their mappings to workspaces: `/v2/scim/groups` and `/v1/scim/workspaces`."""

from __future__ import annotations

import re
from typing import Final

from app.sandbox.clock import seed_day
from app.sandbox.company import workspace_id
from app.sandbox.errors import invalid, not_found
from app.sandbox.fields import Field, read_body, text
from app.sandbox.filters import Filters, matches
from app.sandbox.ids import seed_id
from app.sandbox.json_types import JsonObject
from app.sandbox.lookup import find_workspace, matches_reference, may_see
from app.sandbox.membership import ROLES
from app.sandbox.routing import Call, Route
from app.sandbox.store import Store

_CREATE: Final[dict[str, Field]] = {
    "workspace_id": text(required=True),
    "role": text(choices=ROLES, required=True),
    "scim_group_id": text(),
    "scim_group_name": text(),
}
_AUTOMATIC_NAME: Final = re.compile(rf"ws-.+-role-({'|'.join(ROLES)})")
_GROUPS: Final = ("Platform Engineering", "Support Agents", "Contractors")
# group, workspace, role
_MAPPINGS: Final = (
    ("Platform Engineering", "ws-production", "admin"),
    ("Platform Engineering", "ws-staging", "admin"),
    ("Support Agents", "ws-customer-support", "member"),
)


def list_groups(call: Call) -> JsonObject:
    """List the groups whose name contains `search`."""
    filters = Filters(call.query, page="page")
    search = filters.one("search")
    return filters.listing(
        [group for group in call.store.find("scim_group") if matches(search, group["display_name"])]
    )


def list_mappings(call: Call) -> JsonObject:
    """List the mappings of a workspace, group or role."""
    filters = Filters(call.query, choices={"role": ROLES}, page="page")
    roles, group, workspace = (
        filters.many("role") or ROLES,
        filters.one("scim_group_id"),
        filters.one("workspace_id"),
    )
    found = [
        mapping
        for mapping in call.store.find("scim_workspace_mapping")
        if mapping["role"] in roles
        and may_see(call, mapping)
        and group in (None, mapping["scim_group_id"])
        and matches_reference(call, "workspace", mapping["workspace_id"], workspace)
    ]
    return {"mappings": [*filters.cut(found)], "total_count": len(found)}


def create_mapping(call: Call) -> JsonObject:
    """Map a group to a workspace; a group named for the first time is created."""
    body = read_body(call.body, _CREATE)
    name = body.get("scim_group_name")
    problems: list[str] = []
    if ("scim_group_id" in body) == ("scim_group_name" in body):
        problems.append("give either scim_group_id or scim_group_name")
    if _AUTOMATIC_NAME.fullmatch(str(name)):
        problems.append("scim_group_name must not have the form of automatically provisioned groups")
    workspace = find_workspace(call, str(body["workspace_id"]))
    if workspace is None:
        problems.append(f"workspace_id: no workspace matches {body['workspace_id']!r}")
    if problems or workspace is None:
        raise invalid(problems)
    group = _find_group(call, body)
    mapping: JsonObject = {
        "id": call.store.new_id("scim_workspace_mapping"),
        "workspace_id": workspace["id"],
        "scim_group": group["display_name"],
        "scim_group_id": group["id"],
        "role": body["role"],
    }
    unique = {"scim group": f"{group['id']}/{workspace['id']}"}
    call.store.insert("scim_workspace_mapping", mapping, unique)
    return mapping


def delete_mapping(call: Call) -> JsonObject:
    """Delete a mapping; its group and workspace stay."""
    mapping_id = call.params["mapping"]
    if call.store.resolve("scim_workspace_mapping", mapping_id) is None:
        raise not_found("mapping", mapping_id)
    call.store.delete("scim_workspace_mapping", mapping_id)
    return {"success": True}


def seed(store: Store) -> None:
    """Add the company's groups and their mappings."""
    for day, name in enumerate(_GROUPS):
        group = _group(seed_id("scim_group", name), name, seed_day(day))
        store.insert("scim_group", group, {"display name": name})
    for name, slug, role in _MAPPINGS:
        group_id = seed_id("scim_group", name)
        mapping: JsonObject = {
            "id": seed_id("scim_workspace_mapping", f"{name}/{slug}"),
            "workspace_id": workspace_id(slug),
            "scim_group": name,
            "scim_group_id": group_id,
            "role": role,
        }
        store.insert("scim_workspace_mapping", mapping, {"scim group": f"{group_id}/{workspace_id(slug)}"})


def _find_group(call: Call, body: JsonObject) -> JsonObject:
    if "scim_group_id" in body:
        group = call.store.resolve("scim_group", str(body["scim_group_id"]))
        if group is None:
            raise invalid([f"scim_group_id: no group matches {body['scim_group_id']!r}"])
        return group
    name = str(body["scim_group_name"])
    known = call.store.find("scim_group", display_name=name)
    if known:
        return known[0]
    group = _group(call.store.new_id("scim_group"), name, call.now)
    call.store.insert("scim_group", group, {"display name": name})
    return group


def _group(group_id: str, name: str, created_at: str) -> JsonObject:
    return {
        "id": group_id,
        "display_name": name,
        "created_at": created_at,
        "last_updated_at": created_at,
        "object": "scim-group",
    }


ROUTES: Final = (
    Route("GET", "/v2/scim/groups", "workspaces.list", list_groups),
    Route("GET", "/v1/scim/workspaces", "workspaces.list", list_mappings),
    Route("POST", "/v1/scim/workspaces", "workspaces.update", create_mapping),
    Route("DELETE", "/v1/scim/workspaces/{mapping}", "workspaces.update", delete_mapping),
)
