"""Integrations, the stored accounts at AI providers: `/v1/integrations`."""

from __future__ import annotations

from typing import Final

from app.sandbox.clock import seed_day
from app.sandbox.company import ORGANISATION_ID, user_id, workspace_id
from app.sandbox.errors import invalid
from app.sandbox.fields import Field, flag, items, mapping, note, number, read_body, record, text
from app.sandbox.filters import Filters
from app.sandbox.ids import make_slug, seed_id
from app.sandbox.integration_records import (
    ACCESS,
    INTEGRATION,
    MODEL,
    access_records,
    add_default_provider,
    has_access,
    new_access,
    require_integration,
)
from app.sandbox.json_types import JsonObject, JsonValue, as_list, as_object
from app.sandbox.lookup import find_workspace, require_workspace
from app.sandbox.provider_configurations import configuration_problems, masked_configurations
from app.sandbox.routing import Call, Route
from app.sandbox.secret_managers import masked
from app.sandbox.seeded_integrations import SEEDED
from app.sandbox.store import Store

TYPES: Final = ("workspace", "organisation", "all")

_SLUG: Final = text(pattern=r"[a-zA-Z0-9_-]{1,255}")
_FACTOR: Final = number(0, nullable=True)
_FACTORS: Final = (
    *("default", "request_token", "response_token", "cache_read_input_token", "cache_write_input_token"),
    *("cache_read_audio_input_token", "request_audio_token", "response_audio_token", "reasoning_token"),
    *("prediction_accepted_token", "prediction_rejected_token", "request_image_token"),
    *("response_image_token", "request_text_token", "response_text_token", "cache_read_image_input_token"),
    *("cache_read_text_input_token", "cache_write_text_input_token", "cache_write_image_input_token"),
)
_SHARED: Final[dict[str, Field]] = {
    "key": text(),
    "description": note(),
    "configurations": mapping(),
    "secret_mappings": items(
        record(
            {
                "target_field": text(required=True, pattern=r"key|configurations\.[a-z_]+"),
                "secret_reference_id": text(required=True),
                "secret_key": text(nullable=True),
                "value_format": text(choices=("json", "string"), nullable=True),
            }
        )
    ),
    "pricing_adjustments": record(
        {
            "multiplier": record(
                {
                    **dict.fromkeys(_FACTORS, _FACTOR),
                    "image": record({"default": _FACTOR}, nullable=True),
                    "additional_units": mapping(number(0), nullable=True),
                }
            )
        },
        nullable=True,
    ),
}
_CREATE: Final[dict[str, Field]] = {
    "name": text(required=True),
    "ai_provider_id": text(required=True),
    "slug": _SLUG,
    "workspace_id": text(),
    "create_default_provider": flag(),
    "default_provider_slug": _SLUG,
    **_SHARED,
}
_UPDATE: Final[dict[str, Field]] = {"name": text(), **_SHARED}
_ROW: Final = (
    *("id", "organisation_id", "ai_provider_id", "name", "status", "created_at", "last_updated_at"),
    *("slug", "description", "owner_id", "workspace_id", "object"),
)


def list_integrations(call: Call) -> JsonObject:
    """List the integrations that a workspace has access to, or all of them."""
    filters = Filters(call.query, choices={"type": TYPES})
    kind = filters.one("type") or "all"
    reference = call.key.workspace_id or filters.one("workspace_id")
    workspace = require_workspace(call, reference) if reference else None
    return filters.listing(
        [
            _summary(integration)
            for integration in call.store.find(INTEGRATION)
            if kind in ("all", _type(integration))
            and (workspace is None or has_access(call, integration, str(workspace["id"])))
        ]
    )


def get_integration(call: Call) -> JsonObject:
    """Return one integration. Portkey masks the key and the named secrets of the configurations."""
    integration = require_integration(call)
    access = [record_ for record_ in access_records(call, integration) if record_["enabled"]]
    key = integration["key"]
    return {
        **_summary(integration),
        "masked_key": masked(key) if key else "",
        "configurations": masked_configurations(integration["configurations"]),
        "global_workspace_access_settings": integration["global_workspace_access"],
        "allow_all_models": integration["allow_all_models"],
        "workspace_count": len(access),
        "secret_mappings": integration["secret_mappings"],
        "pricing_adjustments": integration["pricing_adjustments"],
    }


def create_integration(call: Call) -> JsonObject:
    """Create an integration; one of a workspace gets a default provider there."""
    body = read_body(call.body, _CREATE)
    workspace = _workspace_for_new(call, body.get("workspace_id"))
    integration_id = call.store.new_id(INTEGRATION)
    slug = str(body.get("slug") or make_slug("", str(body["name"]), integration_id))
    integration = _integration(integration_id, slug, str(body["ai_provider_id"]), body, call.now)
    integration["workspace_id"] = workspace["id"] if workspace else None
    _check(call, integration)
    call.store.insert(INTEGRATION, integration, {"slug": slug})
    if workspace and body.get("create_default_provider", True):
        add_default_provider(call, integration, workspace, body.get("default_provider_slug"))
    return {"id": integration_id, "slug": slug}


def update_integration(call: Call) -> JsonObject:
    """Change what the body names; configurations are merged, secret mappings replaced."""
    integration = require_integration(call, change=True)
    body = read_body(call.body, _UPDATE, at_least_one=True)
    if "configurations" in body:
        old = as_object(integration["configurations"])
        body["configurations"] = {**old, **as_object(body["configurations"])}
    integration = {**integration, **body, "last_updated_at": call.now}
    _check(call, integration)
    call.store.replace(INTEGRATION, integration)
    return {}


def delete_integration(call: Call) -> JsonObject:
    """Delete an integration with its models, its access records and the providers that use it."""
    integration = require_integration(call, change=True)
    for kind in (MODEL, ACCESS, "virtual_key"):
        for document in call.store.find(kind, integration_id=str(integration["id"])):
            call.store.delete(kind, str(document["id"]))
    call.store.delete(INTEGRATION, str(integration["id"]))
    return {}


def seed(store: Store) -> None:
    """Add the company's integrations and who has access to them."""
    for day, seeded in enumerate(SEEDED, start=2):
        integration = _integration(seeded.id, seeded.slug, seeded.provider, seeded.body, seed_day(day))
        integration["workspace_id"] = workspace_id(seeded.workspace) if seeded.workspace else None
        integration["last_updated_at"] = None
        store.insert(INTEGRATION, integration, {"slug": seeded.slug})
        for workspace in seeded.shared_with:
            access_id = seed_id(ACCESS, f"{seeded.slug}/{workspace}")
            of_workspace: JsonObject = {"id": workspace_id(workspace), "slug": workspace}
            store.insert(ACCESS, new_access(access_id, integration, of_workspace, seed_day(day)))


def _type(integration: JsonObject) -> str:
    return "workspace" if integration["workspace_id"] else "organisation"


def _summary(integration: JsonObject) -> JsonObject:
    return {**{name: integration[name] for name in _ROW}, "type": _type(integration)}


def _workspace_for_new(call: Call, given: JsonValue) -> JsonObject | None:
    reference = given or call.key.workspace_id
    if reference is None:
        return None
    if find_workspace(call, str(reference)) is None:
        raise invalid([f"workspace_id: no workspace matches {reference!r}"])
    return require_workspace(call, str(reference))


def _integration(integration_id: str, slug: str, provider: str, body: JsonObject, now: str) -> JsonObject:
    return {
        "id": integration_id,
        "organisation_id": ORGANISATION_ID,
        "ai_provider_id": provider,
        "name": body["name"],
        "status": "active",
        "created_at": now,
        "last_updated_at": now,
        "slug": slug,
        "description": body.get("description") or "",
        "owner_id": user_id("jonas"),
        "workspace_id": None,
        "key": body.get("key"),
        "configurations": body.get("configurations") or {},
        "secret_mappings": body.get("secret_mappings") or [],
        "pricing_adjustments": body.get("pricing_adjustments"),
        "global_workspace_access": {"enabled": False, "usage_limits": None, "rate_limits": None},
        "allow_all_models": True,
        "object": "integration",
    }


def _check(call: Call, integration: JsonObject) -> None:
    mappings = [as_object(used) for used in as_list(integration["secret_mappings"])]
    targets = [str(used["target_field"]) for used in mappings]
    problems = [
        f"secret_mappings: no secret reference matches {used['secret_reference_id']!r}"
        for used in mappings
        if call.store.resolve("secret_reference", str(used["secret_reference_id"])) is None
    ]
    if len(set(targets)) < len(targets):
        problems.append("secret_mappings: each target_field may occur once")
    mapped = [target.removeprefix("configurations.") for target in targets]
    configurations = as_object(integration["configurations"])
    if configurations or any(target != "key" for target in targets):
        problems += configuration_problems(str(integration["ai_provider_id"]), configurations, mapped)
    if problems:
        raise invalid(sorted(problems))


_ALL: Final = "/v1/integrations"
_ONE: Final = "/v1/integrations/{slug}"
_SCOPE: Final = "organisation_integrations.{0} or workspace_integrations.{0}"

ROUTES: Final = (
    Route("GET", _ALL, _SCOPE.format("list"), list_integrations),
    Route("POST", _ALL, _SCOPE.format("create"), create_integration),
    Route("GET", _ONE, _SCOPE.format("read"), get_integration),
    Route("PUT", _ONE, _SCOPE.format("update"), update_integration),
    Route("DELETE", _ONE, _SCOPE.format("delete"), delete_integration),
)
