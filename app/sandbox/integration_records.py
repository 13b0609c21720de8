"""Integrations as several endpoints need them: who may see them, who has access, their default providers."""

from __future__ import annotations

from typing import Final

from app.sandbox.company import ORGANISATION_ID
from app.sandbox.errors import forbidden, invalid, not_found
from app.sandbox.ids import make_slug
from app.sandbox.json_types import JsonObject, JsonValue, as_object
from app.sandbox.routing import Call

INTEGRATION: Final = "integration"
ACCESS: Final = "integration_workspace"
MODEL: Final = "integration_model"


def require_integration(call: Call, *, change: bool = False) -> JsonObject:
    """Return the integration of the path. A workspace's key changes only what belongs to its workspace.

    Raises:
        ApiError: 404 if there is none, 403 if the key may not see or change it.
    """
    integration = call.store.resolve(INTEGRATION, call.params["slug"])
    if integration is None:
        raise not_found("integration", call.params["slug"])
    own = call.key.workspace_id
    if own and (integration["workspace_id"] != own if change else not has_access(call, integration, own)):
        raise forbidden("This integration belongs to the organisation or to another workspace.")
    return integration


def access_records(call: Call, integration: JsonObject) -> list[JsonObject]:
    """Return the access records of an integration, those of archived workspaces left out."""
    active = {workspace["id"] for workspace in call.store.find("workspace", status="active")}
    found = call.store.find(ACCESS, integration_id=str(integration["id"]))
    return [access for access in found if access["of_workspace"] in active]


def new_access(access_id: str, integration: JsonObject, workspace: JsonObject, now: str) -> JsonObject:
    """Return the record that a workspace may use an integration, without limits.

    The workspace is not called `workspace_id`: access does not count among what a workspace holds.
    """
    return {
        "id": access_id,
        "integration_id": integration["id"],
        "of_workspace": workspace["id"],
        "slug": workspace["slug"],
        "enabled": True,
        "usage_limits": None,
        "rate_limits": None,
        "status": "active",
        "created_at": now,
        "last_updated_at": now,
        "last_reset_at": None,
    }


def has_access(call: Call, integration: JsonObject, workspace_id: str) -> bool:
    """Say whether a workspace may use an integration."""
    if integration["workspace_id"] is not None:
        return integration["workspace_id"] == workspace_id
    own = [access for access in access_records(call, integration) if access["of_workspace"] == workspace_id]
    if own:
        return bool(own[0]["enabled"])
    return bool(as_object(integration["global_workspace_access"]).get("enabled"))


def add_default_provider(
    call: Call, integration: JsonObject, workspace: JsonObject, slug: JsonValue = None
) -> None:
    """Give a workspace a provider of this integration, unless it has one.

    Raises:
        ApiError: 400 if the slug is taken.
    """
    integration_id = str(integration["id"])
    if call.store.find("virtual_key", integration_id=integration_id, workspace_id=str(workspace["id"])):
        return
    provider_id = call.store.new_id("virtual_key")
    name = str(integration["name"])
    chosen = str(slug or make_slug("", name, provider_id))
    if call.store.resolve("virtual_key", chosen):
        raise invalid([f"default_provider_slug: a provider with the slug {chosen!r} already exists"])
    provider: JsonObject = {
        "id": provider_id,
        "slug": chosen,
        "name": name,
        "note": "",
        "status": "active",
        "provider": integration["ai_provider_id"],
        "organisation_id": ORGANISATION_ID,
        "workspace_id": workspace["id"],
        "workspace_name": workspace["name"],
        "integration_id": integration_id,
        "usage_limits": None,
        "rate_limits": None,
        "model_config": None,
        "reset_usage": None,
        "last_reset_at": None,
        "expires_at": None,
        "tags": None,
        "created_at": call.now,
        "object": "virtual-key",
    }
    call.store.insert("virtual_key", provider, {"slug": chosen})
