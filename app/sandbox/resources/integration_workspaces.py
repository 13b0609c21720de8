"""Which workspaces may use an integration: `/v1/integrations/{slug}/workspaces`."""

from __future__ import annotations

from typing import Final

from app.sandbox.errors import invalid
from app.sandbox.fields import Field, flag, items, read_body, record, text
from app.sandbox.filters import Filters
from app.sandbox.integration_records import (
    ACCESS,
    INTEGRATION,
    access_records,
    add_default_provider,
    new_access,
    require_integration,
)
from app.sandbox.json_types import JsonObject, as_list, as_object
from app.sandbox.limits import LIMITS
from app.sandbox.lookup import find_workspace
from app.sandbox.routing import Call, Route
from app.sandbox.store import Store

_DEFAULT_PROVIDER: Final[dict[str, Field]] = {
    "create_default_provider": flag(),
    "default_provider_slug": text(pattern=r"[a-zA-Z0-9_-]{1,255}"),
}
_UPDATE: Final[dict[str, Field]] = {
    "workspaces": items(
        record(
            {
                "id": text(required=True),
                "enabled": flag(required=True),
                "reset_usage": flag(),
                **LIMITS,
                **_DEFAULT_PROVIDER,
            }
        )
    ),
    "global_workspace_access": record({"enabled": flag(required=True), **LIMITS}),
    "override_existing_workspace_access": flag(),
    **_DEFAULT_PROVIDER,
}
_SHOWN: Final = (
    *("enabled", "usage_limits", "rate_limits", "status", "created_at", "last_updated_at", "last_reset_at"),
)


def list_access(call: Call) -> JsonObject:
    """List the workspaces for which access was set, and the access of all others."""
    integration = require_integration(call)
    filters = Filters(call.query)
    shown: list[JsonObject] = [
        {"id": access["slug"], **{name: access[name] for name in _SHOWN}}
        for access in access_records(call, integration)
        if call.key.workspace_id in (None, access["of_workspace"])
    ]
    return {
        "total": len(shown),
        "workspaces": [*filters.cut(shown)],
        "global_workspace_access": integration["global_workspace_access"],
        "object": "list",
    }


def update_access(call: Call) -> JsonObject:
    """Set the access of workspaces one by one, or of all; overriding forgets what was set one by one."""
    integration = require_integration(call, change=True)
    if integration["workspace_id"]:
        raise invalid(["this integration belongs to one workspace and cannot be shared"])
    body = read_body(call.body, _UPDATE, at_least_one=True)
    records = {str(access["of_workspace"]): access for access in access_records(call, integration)}
    if body.get("override_existing_workspace_access"):
        for access in records.values():
            call.store.delete(ACCESS, str(access["id"]))
        records = {}
    if "global_workspace_access" in body:
        given = as_object(body["global_workspace_access"])
        integration["global_workspace_access"] = {"usage_limits": None, "rate_limits": None, **given}
        call.store.replace(INTEGRATION, integration)
    for index, wanted in enumerate(map(as_object, as_list(body.get("workspaces")))):
        workspace = find_workspace(call, str(wanted["id"]))
        if workspace is None:
            raise invalid([f"workspaces[{index}].id: no workspace matches {wanted['id']!r}"])
        _set(call, integration, workspace, records.get(str(workspace["id"])), wanted)
        if wanted["enabled"] and wanted.get(
            "create_default_provider", body.get("create_default_provider", True)
        ):
            slug = wanted.get("default_provider_slug", body.get("default_provider_slug"))
            add_default_provider(call, integration, workspace, slug)
    return {}


def seed(store: Store) -> None:
    """Add nothing: integrations are seeded with their access."""


def _set(
    call: Call, integration: JsonObject, workspace: JsonObject, old: JsonObject | None, wanted: JsonObject
) -> None:
    changes = {name: wanted[name] for name in ("enabled", *LIMITS) if name in wanted}
    if wanted.get("reset_usage"):
        changes["last_reset_at"] = call.now
    if old:
        call.store.replace(ACCESS, {**old, **changes, "last_updated_at": call.now})
    else:
        access = new_access(call.store.new_id(ACCESS), integration, workspace, call.now)
        call.store.insert(ACCESS, {**access, **changes})


_ACCESS: Final = "/v1/integrations/{slug}/workspaces"
_SCOPE: Final = "organisation_integrations.{0} or workspace_integrations.{0}"

ROUTES: Final = (
    Route("GET", _ACCESS, _SCOPE.format("read"), list_access),
    Route("PUT", _ACCESS, _SCOPE.format("update"), update_access),
)
