"""Virtual keys and providers: two views of the same records, kept as `virtual_key`."""

from __future__ import annotations

from typing import Final

from app.sandbox.company import ORGANISATION_ID
from app.sandbox.ids import make_slug
from app.sandbox.json_types import JsonObject, JsonValue, as_list
from app.sandbox.key_fields import has_passed, in_future, merged_budget, throttles
from app.sandbox.lookup import require_workspace
from app.sandbox.routing import Call
from app.sandbox.store import Store

PAGE_SIZE: Final = 50

_PLAIN: Final = ("name", "note", "secret_mappings")
_PROVIDER: Final = (
    "name",
    "integration_id",
    "note",
    "usage_limits",
    "reset_usage",
    "created_at",
    "slug",
    "rate_limits",
    "expires_at",
)


def new_record(call: Call, workspace: JsonObject, given: JsonObject) -> JsonObject:
    """Add a record of a workspace and return it.

    Args:
        call: The request; its checked body names the settings.
        workspace: Where it goes.
        given: What else is known of it: `slug` (made from the name if None), `provider`, `integration_id`
            and whatever the body does not say.

    Raises:
        ApiError: 400 if it would expire at once.
        NotUnique: The slug is taken.
    """
    record_id = call.store.new_id("virtual_key")
    record: JsonObject = {
        "id": record_id,
        "name": "",
        "note": "",
        "status": "active",
        "organisation_id": ORGANISATION_ID,
        "workspace_id": workspace["id"],
        "workspace_name": workspace["name"],
        "usage_limits": None,
        "rate_limits": None,
        "model_config": None,
        "reset_usage": None,
        "last_reset_at": None,
        "expires_at": None,
        "tags": None,
        "created_at": call.now,
        "object": "virtual-key",
        **given,
    }
    body = call.body if isinstance(call.body, dict) else {}
    record = changed(call, record, body)
    record["slug"] = record.get("slug") or make_slug("", str(record["name"]), record_id)
    call.store.insert("virtual_key", record, {"slug": str(record["slug"])})
    return record


def changed(call: Call, record: JsonObject, body: JsonObject) -> JsonObject:
    """Return a record with what a checked body names.

    Raises:
        ApiError: 400 if it would expire at once.
    """
    record = {**record, **{name: body[name] for name in _PLAIN if name in body}}
    if "usage_limits" in body:
        record["usage_limits"] = merged_budget(record["usage_limits"], body["usage_limits"])
    if "rate_limits" in body:
        record["rate_limits"] = throttles(body["rate_limits"])
    if "expires_at" in body:
        record["expires_at"] = in_future(call, "expires_at", body["expires_at"])
    if body.get("reset_usage"):
        record |= {"status": "active", "last_reset_at": call.now}
    return record


def listed_virtual_key(record: JsonObject) -> JsonObject:
    """Return a virtual key as the list shows it."""
    hidden = {"masked_key", *([] if as_list(record.get("secret_mappings")) else ["secret_mappings"])}
    return {name: value for name, value in record.items() if name not in hidden}


def one_virtual_key(record: JsonObject) -> JsonObject:
    """Return a virtual key as it is shown alone; of the provider's key only the ends."""
    shown = listed_virtual_key(record)
    elsewhere = ("organisation_id", "workspace_id", "workspace_name", "provider", "reset_usage")
    masked: JsonValue = record.get("masked_key", "*******")
    return {
        **{name: value for name, value in shown.items() if name not in elsewhere},
        "ai_provider_name": record["provider"],
        "model_config": record["model_config"] or {},
        "rate_limits": record["rate_limits"] or [],
        "key": masked,
        "masked_api_key": masked,
    }


def provider(call: Call, record: JsonObject) -> JsonObject:
    """Return a record as a provider."""
    status = "expired" if has_passed(call, record["expires_at"]) else record["status"]
    return {**{name: record[name] for name in _PROVIDER}, "status": status, "object": "provider"}


def in_workspace(call: Call, record: JsonObject) -> bool:
    """Say whether a record belongs to the workspace that the query names; without one, any will do.

    Raises:
        ApiError: 404 if there is no such workspace, 403 if the key may not look into it.
    """
    given = call.query.get("workspace_id")
    return not given or require_workspace(call, given)["id"] == record["workspace_id"]


def provider_of(store: Store, integration: str) -> tuple[str, JsonValue] | None:
    """Return id and provider of an integration, given by id or slug, or None if there is none.

    The integration of a virtual key that was made from a provider's key is known from that key alone.
    """
    found = store.resolve("integration", integration)
    if found is not None:
        return str(found["id"]), found.get("ai_provider_id")
    used = store.find("virtual_key", integration_id=integration)
    return (integration, used[0]["provider"]) if used else None
