"""Guardrails as they are kept and shown, and the organisation's settings that refer to them."""

from __future__ import annotations

from typing import Final

from app.sandbox.company import ORGANISATION_ID
from app.sandbox.json_types import JsonObject, as_list, as_object
from app.sandbox.store import Store

SIDES: Final = ("input", "output")
"""Guardrails run on what goes into a model or tool, on what comes out, or on both."""

_SETTINGS: Final = "organisation_settings"
_DETAIL: Final = ("checks", "actions", "version_id", "mcp_servers")


def summary(guardrail: JsonObject) -> JsonObject:
    """Return a guardrail as a list shows it."""
    shown = {name: value for name, value in guardrail.items() if name not in _DETAIL}
    return {**shown, "object": "guardrail"}


def detail(store: Store, guardrail: JsonObject) -> JsonObject:
    """Return a guardrail with its checks, its actions and, if it watches MCP tools, its servers."""
    shown = {name: guardrail[name] for name in ("checks", "actions", "version_id")}
    servers: JsonObject = (
        {"mcp_server_mappings": [*mappings(store, guardrail)]} if guardrail["target"] == "mcp_tools" else {}
    )
    return {**summary(guardrail), **shown, **servers}


def mappings(store: Store, guardrail: JsonObject) -> list[JsonObject]:
    """Return the MCP servers that a guardrail is mapped to and that are still there, in the order added."""
    return [
        {"id": as_object(mapping)["id"], "guardrail_id": guardrail["id"], "mcp_server_id": server}
        | {name: as_object(mapping)[name] for name in ("run_on", "capability_ids")}
        for server, mapping in as_object(guardrail["mcp_servers"]).items()
        if store.resolve("mcp_server", server)
    ]


def organisation_settings(store: Store) -> JsonObject:
    """Return the default guardrails of the organisation and the workspaces excluded from them, by side."""
    found = store.resolve(_SETTINGS, ORGANISATION_ID)
    if found is None:
        found = {"id": ORGANISATION_ID, "guardrails": {side: [] for side in SIDES}}
        found["excluded"] = {side: [] for side in SIDES}
        store.insert(_SETTINGS, found)
    return found


def save_organisation_settings(store: Store, settings: JsonObject) -> None:
    """Write the settings that `organisation_settings` returned back."""
    store.replace(_SETTINGS, settings)


def is_default(store: Store, guardrail: JsonObject) -> bool:
    """Say whether a guardrail is one of the organisation's defaults."""
    defaults = as_object(organisation_settings(store)["guardrails"])
    return any(guardrail["id"] in as_list(defaults[side]) for side in SIDES)
