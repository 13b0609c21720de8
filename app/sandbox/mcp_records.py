"""MCP integrations and servers as they are kept, for all endpoints that concern them.

An integration document holds its capabilities, its sync metadata and, by workspace id, who may use it. A
server document holds its own switches by capability, its user access and its connections, both by user id.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from urllib.parse import urlsplit

from app.sandbox.errors import forbidden, invalid, not_found
from app.sandbox.fields import Field, flag, items, read_body, record, text
from app.sandbox.filters import Filters
from app.sandbox.json_types import JsonObject, JsonValue, as_list, as_object
from app.sandbox.lookup import find_workspace
from app.sandbox.mcp_upstreams import UPSTREAMS
from app.sandbox.routing import Call

TYPES: Final = ("tool", "prompt", "resource", "resource_template")
PROTOCOL_VERSION: Final = "2025-11-25"
MAX_LONG_PAGE: Final = 500

_SWITCH: Final[dict[str, Field]] = {
    "capabilities": items(
        record(
            {
                "name": text(required=True),
                # Resource templates are listed, but not among the types that can be switched.
                "type": text(choices=TYPES[:3], required=True),
                "enabled": flag(required=True),
            }
        ),
        at_least=1,
        required=True,
    )
}


def integration_scope(action: str) -> str:
    """Return the scope for an action on integrations, of the organisation or of a workspace."""
    return f"organisation_mcp_integrations.{action} or workspace_mcp_integrations.{action}"


def require_integration(call: Call, reference: str) -> JsonObject:
    """Return the integration with this id or slug.

    Raises:
        ApiError: 404 if there is none, 403 if the key's workspace may not use it.
    """
    integration = call.store.resolve("mcp_integration", reference)
    if integration is None:
        raise not_found("MCP integration", reference)
    if not may_use(integration, call.key.workspace_id):
        raise forbidden("This MCP integration is not shared with the workspace of this API key.")
    return integration


def require_own_integration(call: Call, reference: str) -> JsonObject:
    """Return the integration with this id or slug, to be changed.

    Raises:
        ApiError: 404 if there is none, 403 if it is not the key's to change.
    """
    integration = require_integration(call, reference)
    if call.key.workspace_id not in (None, integration["workspace_id"]):
        raise forbidden("This MCP integration belongs to the organisation. Use an organisation API key.")
    return integration


def may_use(integration: JsonObject, workspace_id: str | None) -> bool:
    """Say whether a workspace may use an integration; None stands for the whole organisation."""
    if workspace_id is None or integration["workspace_id"] == workspace_id:
        return True
    if integration["workspace_id"] is not None:
        return False
    everywhere = as_object(integration["global_workspace_access"]).get("enabled", False)
    own = as_object(as_object(integration["workspaces"]).get(workspace_id))
    return bool(own.get("enabled", everywhere))


def workspaces_with_a_say(call: Call, integration: JsonObject) -> list[tuple[JsonObject, JsonObject]]:
    """Return each active workspace that has a setting of its own, with that setting."""
    settings = as_object(integration["workspaces"])
    found = [(find_workspace(call, workspace_id), setting) for workspace_id, setting in settings.items()]
    return [(workspace, as_object(setting)) for workspace, setting in found if workspace is not None]


def synced(integration: JsonObject, now: str) -> JsonObject:
    """Return the integration with the capabilities and metadata of the MCP server at its URL."""
    upstream = UPSTREAMS.get(str(integration["url"]))
    reached = None if upstream is None or upstream.failure else upstream
    known = {_key(item): item for item in capabilities_of(integration)}
    metadata: JsonObject = {
        "server_name": reached.name if reached else None,
        "server_version": reached.version if reached else None,
        "protocol_version": PROTOCOL_VERSION if reached else None,
        "capability_flags": reached.flags() if reached else None,
        "sync_status": "synced" if reached else "failed" if upstream else "pending",
        "last_synced_at": now if reached else None,
        "sync_error": upstream.failure if upstream else None,
    }
    capabilities: list[JsonValue] = []
    for offered in reached.capabilities if reached else ():
        before = known.get(_key(offered), {"enabled": True, "created_at": now})
        kept = {"enabled": before["enabled"], "created_at": before["created_at"], "last_updated_at": now}
        capabilities.append({**offered, **kept})
    return {**integration, "metadata": metadata, "capabilities": capabilities}


def connectivity(integration: JsonObject, server_name: JsonValue) -> JsonObject:
    """Return what a connectivity test of an integration's URL comes to."""
    url = str(integration["url"])
    upstream = UPSTREAMS.get(url)
    error: str | None = None
    status: int | None = 200
    if upstream is None:
        error, status = f"getaddrinfo ENOTFOUND {urlsplit(url).hostname}", None
    elif upstream.failure:
        error, status = upstream.failure, None
    elif upstream.auth_type != integration["auth_type"]:
        error, status = "The MCP server answered 401 Unauthorized.", 401
    return {
        "success": error is None,
        "status_code": status,
        "response_time_ms": upstream.milliseconds if upstream and status else None,
        "url": url,
        "server_name": server_name,
        "error": error,
    }


def capability_page(call: Call, capabilities: Sequence[JsonObject]) -> JsonObject:
    """Return the page of capabilities that was asked for, counted by type over all of them."""
    filters = long_pages(call, {"type": TYPES})
    types = filters.many("type") or TYPES
    counts: JsonObject = {}
    for kind in TYPES:
        of_kind = [item for item in capabilities if item["type"] == kind]
        active = [item for item in of_kind if item["enabled"] and item.get("integration_enabled", True)]
        counts[f"{kind}s"] = {"total": len(of_kind), "enabled": len(active)}
    page = page_of(filters, [item for item in capabilities if item["type"] in types])
    return {"data": page.pop("data"), "counts": counts, **page}


def switches(call: Call, capabilities: Sequence[JsonObject]) -> dict[str, bool]:
    """Return what the body switches on and off, by capability.

    Raises:
        ApiError: 400 if the body is not well formed, or names a capability that there is not.
    """
    wanted = [as_object(item) for item in as_list(read_body(call.body, _SWITCH)["capabilities"])]
    known = {_key(item) for item in capabilities}
    strangers = [f"{item['type']} {item['name']!r}" for item in wanted if _key(item) not in known]
    if strangers:
        raise invalid([f"capabilities: the MCP server has no {stranger}" for stranger in strangers])
    return {_key(item): bool(item["enabled"]) for item in wanted}


def capabilities_of(integration: JsonObject) -> list[JsonObject]:
    """Return the capabilities of an integration."""
    return [as_object(item) for item in as_list(integration["capabilities"])]


def switched(item: JsonObject, by_key: dict[str, bool], now: str) -> JsonObject:
    """Return a capability after the switches."""
    if _key(item) not in by_key:
        return item
    return {**item, "enabled": by_key[_key(item)], "last_updated_at": now}


def server_capabilities(server: JsonObject, integration: JsonObject) -> list[JsonObject]:
    """Return the capabilities of a server: those of its integration, with its own switches."""
    own = as_object(server["capabilities"])
    shown: list[JsonObject] = []
    for item in capabilities_of(integration):
        rest = {name: value for name, value in item.items() if name not in ("created_at", "last_updated_at")}
        rest |= {"enabled": own.get(_key(item), True), "integration_enabled": item["enabled"]}
        shown.append(rest)
    return shown


def long_pages(call: Call, choices: dict[str, Sequence[str]] | None = None) -> Filters:
    """Return the query of a list whose `page` counts from 1."""
    return Filters(call.query, choices=choices, page="page", first_page=1, max_size=MAX_LONG_PAGE)


def page_of(filters: Filters, found: Sequence[JsonObject]) -> JsonObject:
    """Return the envelope of these lists: the page asked for, the total, and whether more follow."""
    data = filters.cut(found)
    return {
        "data": [*data],
        "total": len(found),
        "has_more": bool(data) and data[-1] is not found[-1],
    }


def _key(capability: JsonObject) -> str:
    return f"{capability['type']}/{capability['name']}"
