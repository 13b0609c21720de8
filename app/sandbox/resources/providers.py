"""Providers: `/v1/providers`. An integration as one workspace may use it; the newer view of virtual keys."""

from __future__ import annotations

from typing import Final

from app.sandbox.errors import invalid, not_found
from app.sandbox.fields import Field, flag, note, read_body, text
from app.sandbox.filters import Filters
from app.sandbox.json_types import JsonObject
from app.sandbox.key_fields import BUDGET, THROTTLES, instant
from app.sandbox.lookup import require, visible, workspace_for_new
from app.sandbox.provider_records import (
    PAGE_SIZE,
    changed,
    in_workspace,
    new_record,
    provider,
    provider_of,
)
from app.sandbox.routing import Call, Route
from app.sandbox.store import Store

_SETTINGS: Final[dict[str, Field]] = {
    "note": note(),
    "usage_limits": BUDGET,
    "rate_limits": THROTTLES,
    "expires_at": instant(nullable=True),
}
_CREATE: Final[dict[str, Field]] = {
    "name": text(required=True),
    "integration_id": text(required=True),
    "workspace_id": text(),
    "slug": text(pattern=r"[a-z0-9][a-z0-9_-]{0,99}"),
    **_SETTINGS,
}
_UPDATE: Final[dict[str, Field]] = {"name": text(), "reset_usage": flag(), **_SETTINGS}


def list_providers(call: Call) -> JsonObject:
    """List the providers, of one workspace if asked."""
    filters = Filters(call.query, default_size=PAGE_SIZE)
    found = [record for record in visible(call, "virtual_key") if in_workspace(call, record)]
    return filters.listing([provider(call, record) for record in found])


def create_provider(call: Call) -> JsonObject:
    """Let a workspace use an integration."""
    body = read_body(call.body, _CREATE)
    integration = provider_of(call.store, str(body["integration_id"]))
    if integration is None:
        raise invalid([f"integration_id: no integration matches {body['integration_id']!r}"])
    workspace = workspace_for_new(call, body.get("workspace_id"))
    integration_id, name = integration
    given: JsonObject = {"slug": body.get("slug"), "provider": name, "integration_id": integration_id}
    made = new_record(call, workspace, given)
    return {"id": made["id"], "slug": made["slug"]}


def get_provider(call: Call) -> JsonObject:
    """Return one provider."""
    return provider(call, _require(call))


def update_provider(call: Call) -> JsonObject:
    """Change what the body names."""
    found = _require(call)
    body = read_body(call.body, _UPDATE, at_least_one=True)
    call.store.replace("virtual_key", changed(call, found, body))
    return {"id": found["id"], "slug": found["slug"]}


def delete_provider(call: Call) -> JsonObject:
    """Delete a provider; as a virtual key it is gone too."""
    call.store.delete("virtual_key", str(_require(call)["id"]))
    return {}


def seed(store: Store) -> None:
    """Add nothing: the company's virtual keys are its providers."""


def _require(call: Call) -> JsonObject:
    slug = call.params["slug"]
    found = call.store.resolve("virtual_key", slug)
    if found is None or not in_workspace(call, found):
        raise not_found("provider", slug)
    return require(call, "virtual_key", slug)


_ALL: Final = "/v1/providers"
_ONE: Final = "/v1/providers/{slug}"

ROUTES: Final = (
    Route("GET", _ALL, "providers.list", list_providers),
    Route("POST", _ALL, "providers.create", create_provider),
    Route("GET", _ONE, "providers.read", get_provider),
    Route("PUT", _ONE, "providers.update", update_provider),
    Route("DELETE", _ONE, "providers.delete", delete_provider),
)
