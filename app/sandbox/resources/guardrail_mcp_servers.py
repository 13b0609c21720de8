"""The MCP servers that a guardrail watches: `/v1/guardrails/{guardrail}/mcp-servers`."""

from __future__ import annotations

from typing import Final

from app.sandbox.errors import invalid, not_found
from app.sandbox.fields import Field, items, mapping, read_body, record, text
from app.sandbox.guardrail_records import SIDES, mappings
from app.sandbox.json_types import JsonObject, JsonValue, as_object
from app.sandbox.lookup import require
from app.sandbox.routing import Call, Route
from app.sandbox.store import Store

_UUID: Final = text(pattern="[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_MAPPING: Final[dict[str, Field]] = {
    "run_on": items(text(choices=SIDES), at_least=1),
    "mcp_integration_capability_ids": items(_UUID),
}
_REPLACE: Final[dict[str, Field]] = {"mcp_servers": mapping(record(_MAPPING), required=True)}


def list_servers(call: Call) -> JsonObject:
    """List the MCP servers of a guardrail."""
    return {"data": [*mappings(call.store, _require_watcher(call))]}


def replace_servers(call: Call) -> JsonObject:
    """Put the given servers in the place of all others, and count what that changed."""
    guardrail = _require_watcher(call)
    given = as_object(read_body(call.body, _REPLACE)["mcp_servers"])
    for server in given:
        _require_server(call, guardrail, server)
    before = as_object(guardrail["mcp_servers"])
    after: JsonObject = {
        server: _mapping(call, before.get(server), settings) for server, settings in given.items()
    }
    call.store.replace("guardrail", {**guardrail, "mcp_servers": after, "last_updated_at": call.now})
    added = len(after.keys() - before.keys())
    removed = len(before.keys() - after.keys())
    updated = sum(after[server] != before[server] for server in after.keys() & before.keys())
    return {
        "changed": bool(added or removed or updated),
        "added": added,
        "updated": updated,
        "removed": removed,
    }


def put_server(call: Call) -> JsonObject:
    """Map one more server, or change how it is mapped."""
    guardrail = _require_watcher(call)
    server = call.params["server"]
    _require_server(call, guardrail, server)
    servers = as_object(guardrail["mcp_servers"])
    new = _mapping(call, servers.get(server), read_body(call.body, _MAPPING))
    changed: JsonObject = {**servers, server: new}
    call.store.replace("guardrail", {**guardrail, "mcp_servers": changed, "last_updated_at": call.now})
    return {"map_id": new["id"]}


def seed(store: Store) -> None:
    """Add nothing: the mappings come with their guardrails."""


def _require_watcher(call: Call) -> JsonObject:
    guardrail = require(call, "guardrail", call.params["guardrail"])
    if guardrail["target"] != "mcp_tools":
        raise invalid(["only a guardrail with the target mcp_tools has MCP servers"])
    return guardrail


def _require_server(call: Call, guardrail: JsonObject, server_id: str) -> None:
    server = call.store.resolve("mcp_server", server_id)
    if server is None or server["id"] != server_id:
        raise not_found("mcp server", server_id)
    if guardrail["workspace_id"] not in (None, server["workspace_id"]):
        raise invalid([f"the MCP server {server['slug']} is not in the workspace of the guardrail"])


def _mapping(call: Call, before: JsonValue, given: JsonValue) -> JsonObject:
    settings = as_object(given)
    return {
        "id": as_object(before).get("id") or call.store.new_id("guardrail_mcp_server"),
        "run_on": settings.get("run_on") or [*SIDES],
        "capability_ids": settings.get("mcp_integration_capability_ids") or [],
    }


_ALL: Final = "/v1/guardrails/{guardrail}/mcp-servers"

ROUTES: Final = (
    Route("GET", _ALL, "guardrails.read", list_servers),
    Route("PUT", _ALL, "guardrails.update", replace_servers),
    Route("PUT", f"{_ALL}/{{server}}", "guardrails.update", put_server),
)
