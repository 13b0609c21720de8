"""Who may use an MCP server and who has signed in to it: its `user-access` and its `connections`."""

from __future__ import annotations

from typing import Final

from app.sandbox.errors import invalid, not_found
from app.sandbox.fields import Field, flag, items, read_body, record, text
from app.sandbox.filters import Filters, matches
from app.sandbox.json_types import JsonObject, as_list, as_object
from app.sandbox.lookup import require, require_workspace
from app.sandbox.mcp_records import MAX_LONG_PAGE, long_pages, page_of
from app.sandbox.membership import members_of
from app.sandbox.routing import Call, Route
from app.sandbox.store import Store

_ACCESS: Final[dict[str, Field]] = {
    "user_access": items(record({"user_id": text(required=True), "enabled": flag(required=True)})),
    "default_user_access": text(choices=("allow", "deny")),
}


def list_user_access(call: Call) -> JsonObject:
    """List the members of the server's workspace with what they may do here."""
    server = require(call, "mcp_server", call.params["server"])
    filters = long_pages(call)
    search = filters.one("search")
    overrides, connections = as_object(server["user_access"]), as_object(server["connections"])
    found: list[JsonObject] = [
        {
            "user_id": member["id"],
            "first_name": member["first_name"],
            "last_name": member["last_name"],
            "enabled": overrides.get(str(member["id"]), server["default_user_access"] == "allow"),
            "has_override": member["id"] in overrides,
            "connection_status": "connected" if member["id"] in connections else "not_connected",
        }
        for member in _members(call, server)
        if matches(search, f"{member['first_name']} {member['last_name']}", member["email"])
    ]
    page = page_of(filters, found)
    return {"data": page.pop("data"), "default_user_access": server["default_user_access"], **page}


def update_user_access(call: Call) -> JsonObject:
    """Set the default, and allow or deny users by name; those that are not named keep what they have."""
    server = require(call, "mcp_server", call.params["server"])
    body = read_body(call.body, _ACCESS, at_least_one=True)
    named = [as_object(item) for item in as_list(body.get("user_access"))]
    members = {member["id"] for member in _members(call, server)}
    strangers = [str(item["user_id"]) for item in named if item["user_id"] not in members]
    if strangers:
        raise invalid([f"user_access: no member of the workspace has the id {user!r}" for user in strangers])
    overrides = {str(item["user_id"]): item["enabled"] for item in named}
    changed: JsonObject = {
        **server,
        "default_user_access": body.get("default_user_access", server["default_user_access"]),
        "user_access": {**as_object(server["user_access"]), **overrides},
    }
    call.store.replace("mcp_server", changed)
    return {"success": True}


def list_connections(call: Call) -> JsonObject:
    """List who has signed in to the MCP server: the user asked for, the one of the key, or everyone."""
    server = _server_in_workspace(call)
    filters = Filters(call.query, max_size=MAX_LONG_PAGE)
    user = _user(call)
    found: list[JsonObject] = [
        {"user_id": owner, **as_object(connection)}
        for owner, connection in as_object(server["connections"]).items()
        if user in (None, owner)
    ]
    return page_of(filters, found)


def delete_connection(call: Call) -> JsonObject:
    """Sign a user out: the one named or, with the key of a user, that one."""
    server = _server_in_workspace(call)
    user = _user(call)
    if user is None:
        raise invalid(["user_id is required with a service API key"])
    connections = as_object(server["connections"])
    if user not in connections:
        raise not_found("connection of this MCP server", user)
    left = {owner: connection for owner, connection in connections.items() if owner != user}
    call.store.replace("mcp_server", {**server, "connections": left})
    return {"success": True}


def seed(store: Store) -> None:
    """Add nothing: both are part of the servers."""


def _members(call: Call, server: JsonObject) -> list[JsonObject]:
    return members_of(call.store, {"id": server["workspace_id"]})


def _user(call: Call) -> str | None:
    """The user that the query names, or whom the key belongs to; service keys belong to nobody."""
    record = call.store.resolve("api_key", call.key.id) or {}
    user = call.query.get("user_id") or record.get("user_id")
    return str(user) if user else None


def _server_in_workspace(call: Call) -> JsonObject:
    server = require(call, "mcp_server", call.params["server"])
    given = call.query.get("workspace_id")
    if given and require_workspace(call, given)["id"] != server["workspace_id"]:
        raise invalid(["workspace_id: the MCP server belongs to another workspace"])
    return server


_ACCESS_PATH: Final = "/v1/mcp-servers/{server}/user-access"
_CONNECTIONS: Final = "/v1/mcp-servers/{server}/connections"

ROUTES: Final = (
    Route("GET", _ACCESS_PATH, "mcp_servers.read", list_user_access),
    Route("PUT", _ACCESS_PATH, "mcp_servers.update", update_user_access),
    Route("GET", _CONNECTIONS, "mcp_servers.read", list_connections),
    Route("DELETE", _CONNECTIONS, "mcp_servers.update", delete_connection),
)
