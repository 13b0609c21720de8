"""What of an MCP integration may be used, and where: its `capabilities` and its `workspaces`."""

from __future__ import annotations

from typing import Final

from app.sandbox.errors import invalid
from app.sandbox.fields import Field, flag, items, read_body, record, text
from app.sandbox.json_types import JsonObject, as_list, as_object
from app.sandbox.lookup import find_workspace
from app.sandbox.mcp_records import (
    capabilities_of,
    capability_page,
    integration_scope,
    require_integration,
    require_own_integration,
    switched,
    switches,
    workspaces_with_a_say,
)
from app.sandbox.routing import Call, Route
from app.sandbox.store import Store

_SHARE: Final[dict[str, Field]] = {
    "workspaces": items(record({"id": text(required=True), "enabled": flag(required=True)}), required=True),
    "global_workspace_access": record({"enabled": flag()}, nullable=True),
    "override_existing_workspace_access": flag(),
}


def list_capabilities(call: Call) -> JsonObject:
    """List the tools, prompts and resources of the MCP server, and which are switched on."""
    integration = require_integration(call, call.params["integration"])
    return capability_page(call, capabilities_of(integration))


def update_capabilities(call: Call) -> JsonObject:
    """Switch capabilities on and off for everyone; those that are not named stay as they are."""
    integration = require_own_integration(call, call.params["integration"])
    capabilities = capabilities_of(integration)
    by_key = switches(call, capabilities)
    updated = [switched(item, by_key, call.now) for item in capabilities]
    call.store.replace("mcp_integration", {**integration, "capabilities": [*updated]})
    return {"success": True}


def list_workspaces(call: Call) -> JsonObject:
    """List the workspaces that have a setting of their own; `version` asks for the newer form."""
    integration = require_integration(call, call.params["integration"])
    shown = [
        {
            # Workspace keys see slugs, organisation keys ids.
            "id": workspace["slug" if call.key.workspace_id else "id"],
            "enabled": setting["enabled"],
            "status": workspace["status"],
            "created_at": setting["created_at"],
            "last_updated_at": setting["last_updated_at"],
        }
        for workspace, setting in _shared_with(call, integration)
        if call.key.workspace_id in (None, workspace["id"])
    ]
    everywhere = integration["global_workspace_access"]
    if call.query.get("version"):
        return {"data": [*shown], "global_workspace_access": everywhere, "total": len(shown)}
    return {"workspaces": [*shown], "global_workspace_access": everywhere}


def update_workspaces(call: Call) -> JsonObject:
    """Share with workspaces, or no longer; those that are not named keep their setting unless overridden."""
    integration = require_own_integration(call, call.params["integration"])
    body = read_body(call.body, _SHARE)
    named = [as_object(item) for item in as_list(body["workspaces"])]
    found = [(find_workspace(call, str(item["id"])), item) for item in named]
    problems = [f"workspaces: no workspace matches {item['id']!r}" for found_, item in found if not found_]
    if integration["type"] == "workspace":
        problems.append("an MCP integration of one workspace cannot be shared with others")
    if problems:
        raise invalid(problems)
    everywhere = body.get("global_workspace_access", integration["global_workspace_access"])
    settings = as_object(integration["workspaces"])
    if body.get("override_existing_workspace_access"):
        enabled = as_object(everywhere).get("enabled", False)
        settings = {
            workspace: {**as_object(setting), "enabled": enabled, "last_updated_at": call.now}
            for workspace, setting in settings.items()
        }
    for workspace, item in found:
        if workspace:
            before = as_object(settings.get(str(workspace["id"]), {"created_at": call.now}))
            after: JsonObject = {**before, "enabled": item["enabled"], "last_updated_at": call.now}
            settings = {**settings, str(workspace["id"]): after}
    changed: JsonObject = {**integration, "global_workspace_access": everywhere, "workspaces": settings}
    call.store.replace("mcp_integration", changed)
    return {}


def seed(store: Store) -> None:
    """Add nothing: both are part of the integrations."""


def _shared_with(call: Call, integration: JsonObject) -> list[tuple[JsonObject, JsonObject]]:
    own = integration["workspace_id"]
    if own is None:
        return workspaces_with_a_say(call, integration)
    workspace = find_workspace(call, str(own))
    setting: JsonObject = {
        "enabled": True,
        **{at: integration[at] for at in ("created_at", "last_updated_at")},
    }
    return [(workspace, setting)] if workspace else []


_CAPABILITIES: Final = "/v1/mcp-integrations/{integration}/capabilities"
_WORKSPACES: Final = "/v1/mcp-integrations/{integration}/workspaces"

ROUTES: Final = (
    Route("GET", _CAPABILITIES, integration_scope("read"), list_capabilities),
    Route("PUT", _CAPABILITIES, integration_scope("update"), update_capabilities),
    Route("GET", _WORKSPACES, integration_scope("read"), list_workspaces),
    Route("PUT", _WORKSPACES, integration_scope("update"), update_workspaces),
)
