"""The models of an integration: `/v1/integrations/{slug}/models`."""

from __future__ import annotations

from typing import Final

from app.sandbox.errors import invalid, not_found
from app.sandbox.fields import Field, flag, items, mapping, note, number, read_body, record, text
from app.sandbox.filters import Filters
from app.sandbox.integration_records import INTEGRATION, MODEL, require_integration
from app.sandbox.json_types import JsonObject, as_list, as_object
from app.sandbox.model_catalog import model_slugs
from app.sandbox.routing import Call, Route
from app.sandbox.store import Store

_OPTIONAL_FLAG: Final = Field(flag().check, nullable=True)
_PRICE: Final = record({"price": number(0, required=True)})
_UPDATE: Final[dict[str, Field]] = {
    "allow_all_models": flag(),
    "models": items(
        record(
            {
                "slug": text(required=True),
                "enabled": flag(required=True),
                "model_name": text(),
                "is_custom": _OPTIONAL_FLAG,
                "is_finetune": _OPTIONAL_FLAG,
                "base_model_slug": text(nullable=True),
                "configurations": record(
                    {"custom_host": text(), "custom_headers": mapping(note(nullable=False))}
                ),
                "pricing_config": record(
                    {
                        "type": text(required=True, choices=("static",)),
                        "pay_as_you_go": record({"request_token": _PRICE, "response_token": _PRICE}),
                    }
                ),
            }
        ),
        required=True,
    ),
}
_SHOWN: Final = (
    *("slug", "name", "enabled", "is_custom", "is_finetune", "base_model_slug"),
    *("configurations", "pricing_config"),
)


def list_models(call: Call) -> JsonObject:
    """List the models of the provider, with what was set for them, and the integration's own."""
    integration = require_integration(call)
    filters = Filters(call.query)
    allow_all = bool(integration["allow_all_models"])
    found = {slug: _model(slug, enabled=allow_all) for slug in _catalogue(integration)}
    for stored in _stored(call, integration):
        found[str(stored["slug"])] = stored
    shown: list[JsonObject] = [
        {name: model[name] for name in _SHOWN if name in model and model[name] != {}}
        for model in found.values()
    ]
    return {
        "total": len(shown),
        "models": [*filters.cut(shown)],
        "allow_all_models": allow_all,
        "object": "list",
    }


def update_models(call: Call) -> JsonObject:
    """Set models one by one; those the body does not name stay as they are."""
    integration = require_integration(call, change=True)
    body = read_body(call.body, _UPDATE)
    stored = {str(model["slug"]): model for model in _stored(call, integration)}
    catalogue = _catalogue(integration)
    problems: list[str] = []
    for index, given in enumerate(map(as_object, as_list(body["models"]))):
        slug = str(given["slug"])
        own = given.get("is_custom") or given.get("is_finetune")
        if catalogue and slug not in (*catalogue, *stored) and not own:
            problems.append(f"models[{index}].slug: there is no model {slug!r}; set is_custom to add it")
            continue
        named: JsonObject = {"name": given["model_name"]} if "model_name" in given else {}
        changes = {name: value for name, value in given.items() if name != "model_name"} | named
        if slug in stored:
            call.store.replace(MODEL, {**stored[slug], **changes})
        else:
            fresh = _model(slug, enabled=True) | {
                "id": call.store.new_id(MODEL),
                "integration_id": integration["id"],
            }
            stored[slug] = {**fresh, **changes}
            call.store.insert(MODEL, stored[slug])
    if problems:
        raise invalid(problems)
    if "allow_all_models" in body:
        call.store.replace(INTEGRATION, {**integration, "allow_all_models": body["allow_all_models"]})
    return {}


def delete_models(call: Call) -> JsonObject:
    """Delete custom and fine-tuned models, named by `slugs` with commas between."""
    integration = require_integration(call, change=True)
    slugs = Filters(call.query).many("slugs")
    if not slugs:
        raise invalid(["slugs is required"])
    own = {
        str(model["slug"]): str(model["id"])
        for model in _stored(call, integration)
        if model["is_custom"] or model["is_finetune"]
    }
    for slug in slugs:
        if slug not in own:
            raise not_found("custom model", slug)
        call.store.delete(MODEL, own[slug])
    return {}


def seed(store: Store) -> None:
    """Add nothing: every integration starts with the models of its provider."""


def _catalogue(integration: JsonObject) -> list[str]:
    return model_slugs(str(integration["ai_provider_id"]))


def _stored(call: Call, integration: JsonObject) -> list[JsonObject]:
    return call.store.find(MODEL, integration_id=str(integration["id"]))


def _model(slug: str, *, enabled: bool) -> JsonObject:
    return {
        "slug": slug,
        "name": slug,
        "enabled": enabled,
        "is_custom": False,
        "is_finetune": False,
        "base_model_slug": None,
        "configurations": {},
        "pricing_config": {},
    }


_MODELS: Final = "/v1/integrations/{slug}/models"
_SCOPE: Final = "organisation_integrations.{0} or workspace_integrations.{0}"

ROUTES: Final = (
    Route("GET", _MODELS, _SCOPE.format("read"), list_models),
    Route("PUT", _MODELS, _SCOPE.format("update"), update_models),
    Route("DELETE", _MODELS, _SCOPE.format("update"), delete_models),
)
