"""MCP servers, the instances of an integration that a workspace uses: `/v1/mcp-servers`."""

from __future__ import annotations

from typing import Final

from app.sandbox.clock import seed_day
from app.sandbox.company import ORGANISATION_ID, user_id, workspace_id
from app.sandbox.errors import invalid
from app.sandbox.fields import Field, note, read_body, text
from app.sandbox.filters import Filters, matches
from app.sandbox.ids import make_slug, seed_id
from app.sandbox.json_types import JsonObject, JsonValue, as_object
from app.sandbox.lookup import require, require_workspace, visible, workspace_for_new
from app.sandbox.mcp_records import (
    capability_page,
    connectivity,
    may_use,
    page_of,
    server_capabilities,
    switches,
)
from app.sandbox.routing import Call, Route
from app.sandbox.store import Store

_NAME: Final = r"(?s).{1,255}"
_CREATE: Final[dict[str, Field]] = {
    "name": text(required=True, pattern=_NAME),
    "mcp_integration_id": text(required=True),
    "slug": text(pattern=r"[a-zA-Z0-9_-]{3,50}"),
    "description": note(),
    "workspace_id": text(),
}
_UPDATE: Final[dict[str, Field]] = {"name": text(pattern=_NAME), "description": note()}
_GATEWAY: Final = "https://mcp.portkey.ai"

# slug, name, description, integration, workspace
_SEED: Final = (
    ("github-tools", "GitHub", "For the coding agents.", "github", "ws-production"),
    ("linear-planning", "Linear", None, "linear", "ws-production"),
    ("linear-support", "Linear for support", "Bugs that customers report.", "linear", "ws-customer-support"),
    ("refund-desk-support", "Refund desk", None, "refund-desk", "ws-customer-support"),
    ("warehouse-staging", "Warehouse", None, "warehouse", "ws-staging"),
)
_BLOCKED: Final = {
    "github-tools": ("tool/merge_pull_request",),
    "refund-desk-support": ("tool/issue_refund",),
}
_USER_ACCESS: Final = {
    "github-tools": ("allow", {"mateo": False}),
    "refund-desk-support": ("deny", {"hana": True}),
}
_CONNECTED: Final = {
    "github-tools": ("amara", "priya"),
    "linear-planning": ("priya",),
    "linear-support": ("hana",),
}


def list_servers(call: Call) -> JsonObject:
    """List the servers of a workspace, or of all."""
    filters = Filters(call.query)
    ids, search, given = filters.many("id"), filters.one("search"), filters.one("workspace_id")
    workspace = require_workspace(call, given)["id"] if given else None
    found = [
        _list_item(call, server)
        for server in visible(call, "mcp_server")
        if workspace in (None, server["workspace_id"])
        and (not ids or server["id"] in ids or server["slug"] in ids)
        and matches(search, server["name"], server["slug"])
    ]
    page = page_of(filters, found)
    return {"data": page["data"], "total": page["total"]}


def get_server(call: Call) -> JsonObject:
    """Return one server with its integration, whose configurations are shown in full, as Portkey does."""
    server = require(call, "mcp_server", call.params["server"])
    integration = _integration_of(call, server)
    shown = (
        "id",
        "slug",
        "name",
        "status",
        "description",
        "created_at",
        "mcp_integration_id",
        "workspace_id",
    )
    details = ("id", "slug", "status", "configurations", "url", "transport", "auth_type")
    return {
        **{name: server[name] for name in shown},
        "mcp_integration_details": {name: integration[name] for name in details},
    }


def create_server(call: Call) -> JsonObject:
    """Offer an integration in a workspace that may use it."""
    body = read_body(call.body, _CREATE)
    workspace = workspace_for_new(call, body.get("workspace_id"))
    reference = str(body["mcp_integration_id"])
    integration = call.store.resolve("mcp_integration", reference)
    if integration is None:
        raise invalid([f"mcp_integration_id: no MCP integration matches {reference!r}"])
    if not may_use(integration, str(workspace["id"])):
        raise invalid(
            [f"mcp_integration_id: {reference!r} is not shared with the workspace {workspace['slug']}"]
        )
    server_id = call.store.new_id("mcp_server")
    slug = str(body.get("slug") or make_slug("", str(body["name"]), server_id))
    server = _server(server_id, slug, str(integration["id"]), str(workspace["id"]), call.now)
    server |= {"name": body["name"], "description": body.get("description")}
    call.store.insert("mcp_server", server, {"slug": slug})
    return {"id": server_id, "slug": slug}


def update_server(call: Call) -> JsonObject:
    """Change the name or the description."""
    server = require(call, "mcp_server", call.params["server"])
    call.store.replace("mcp_server", {**server, **read_body(call.body, _UPDATE, at_least_one=True)})
    return {}


def delete_server(call: Call) -> JsonObject:
    """Delete a server with its connections; the integration stays."""
    call.store.delete("mcp_server", str(require(call, "mcp_server", call.params["server"])["id"]))
    return {}


def probe_server(call: Call) -> JsonObject:
    """Say whether the MCP server behind the integration can be reached."""
    server = require(call, "mcp_server", call.params["server"])
    return connectivity(_integration_of(call, server), server["name"])


def list_capabilities(call: Call) -> JsonObject:
    """List the tools, prompts and resources, switched on or off here and at the integration."""
    server = require(call, "mcp_server", call.params["server"])
    return capability_page(call, server_capabilities(server, _integration_of(call, server)))


def update_capabilities(call: Call) -> JsonObject:
    """Switch capabilities on and off for this server; those that are not named stay as they are."""
    server = require(call, "mcp_server", call.params["server"])
    by_key = switches(call, server_capabilities(server, _integration_of(call, server)))
    call.store.replace(
        "mcp_server", {**server, "capabilities": {**as_object(server["capabilities"]), **by_key}}
    )
    return {"success": True}


def seed(store: Store) -> None:
    """Add the company's MCP servers."""
    for day, (slug, name, description, integration, workspace) in enumerate(_SEED, 10):
        created = seed_day(day)
        owner = seed_id("mcp_integration", integration)
        server = _server(seed_id("mcp_server", slug), slug, owner, workspace_id(workspace), created)
        default, access = _USER_ACCESS.get(slug, ("allow", {}))
        connection: JsonObject = {"connected": True, "created_at": created, "last_updated_at": created}
        server |= {
            "name": name,
            "description": description,
            "capabilities": dict.fromkeys(_BLOCKED.get(slug, ()), False),
            "default_user_access": default,
            "user_access": {user_id(user): enabled for user, enabled in access.items()},
            "connections": {user_id(user): connection for user in _CONNECTED.get(slug, ())},
        }
        store.insert("mcp_server", server, {"slug": slug})


def _server(server_id: str, slug: str, integration: str, workspace: str, created_at: str) -> JsonObject:
    return {
        "id": server_id,
        "slug": slug,
        "organisation_id": ORGANISATION_ID,
        "workspace_id": workspace,
        "mcp_integration_id": integration,
        "status": "active",
        "owner_id": user_id("jonas"),
        "created_at": created_at,
        "capabilities": {},
        "default_user_access": "allow",
        "user_access": {},
        "connections": {},
    }


def _integration_of(call: Call, server: JsonObject) -> JsonObject:
    return call.store.find("mcp_integration", id=str(server["mcp_integration_id"]))[0]


def _list_item(call: Call, server: JsonObject) -> JsonObject:
    integration = _integration_of(call, server)
    workspace: dict[str, JsonValue] = call.store.resolve("workspace", str(server["workspace_id"])) or {}
    shown = ("id", "organisation_id", "name", "description", "status", "created_at", "owner_id", "slug")
    return {
        **{name: server[name] for name in (*shown, "workspace_id", "mcp_integration_id")},
        "mcp_integration_slug": integration["slug"],
        "mcp_integration_url": integration["url"],
        "auth_type": integration["auth_type"],
        "workspace_name": workspace.get("name"),
        "workspace_slug": workspace.get("slug"),
        "url": f"{_GATEWAY}/{server['slug']}/mcp",
    }


_ALL: Final = "/v1/mcp-servers"
_ONE: Final = "/v1/mcp-servers/{server}"

ROUTES: Final = (
    Route("GET", _ALL, "mcp_servers.list", list_servers),
    Route("POST", _ALL, "mcp_servers.create", create_server),
    Route("GET", _ONE, "mcp_servers.read", get_server),
    Route("PUT", _ONE, "mcp_servers.update", update_server),
    Route("DELETE", _ONE, "mcp_servers.delete", delete_server),
    Route("POST", f"{_ONE}/test", "mcp_servers.update", probe_server),
    Route("GET", f"{_ONE}/capabilities", "mcp_servers.read", list_capabilities),
    Route("PUT", f"{_ONE}/capabilities", "mcp_servers.update", update_capabilities),
)
