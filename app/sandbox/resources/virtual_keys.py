"""Virtual keys: `/v1/virtual-keys`. The keys of AI providers, of which no answer shows more than the ends."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from app.sandbox.errors import invalid
from app.sandbox.fields import Field, flag, items, note, read_body, record, text
from app.sandbox.filters import Filters
from app.sandbox.issued_keys import mask
from app.sandbox.json_types import JsonObject, JsonValue, as_list, as_object
from app.sandbox.key_fields import BUDGET, THROTTLES, instant
from app.sandbox.lookup import require, visible, workspace_for_new
from app.sandbox.provider_records import PAGE_SIZE, changed, listed_virtual_key, new_record, one_virtual_key
from app.sandbox.routing import Call, Route
from app.sandbox.store import Store

_DEPLOYMENT: Final = record(
    {
        "apiVersion": text(required=True),
        "deploymentName": text(required=True),
        "alias": text(),
        "is_default": flag(),
    }
)
_MAPPING: Final = record(
    {
        "target_field": text(pattern=r"key|model_config\.\w+", required=True),
        "secret_reference_id": text(required=True),
        "secret_key": text(nullable=True),
        "value_format": text(choices=("json", "string"), nullable=True),
    }
)


def _check_mappings(value: JsonValue, at: str) -> Iterator[str]:
    yield from items(_MAPPING).check(value, at)
    targets = [as_object(mapping).get("target_field") for mapping in as_list(value)]
    if any(targets.count(target) > 1 for target in targets):
        yield f"{at} must each have another target_field"


# What some providers need, kept in the record's model_config; the last ones are secrets.
_AZURE: Final = ("apiVersion", "resourceName", "deploymentName")
_OTHERS: Final = (
    "awsAccessKeyId",
    "awsRegion",
    "vertexProjectId",
    "vertexRegion",
    "workersAiAccountId",
    "awsSecretAccessKey",
)
_SECRETS: Final = ("awsSecretAccessKey",)
_SETTINGS: Final[dict[str, Field]] = {
    "key": text(),
    "note": note(),
    "deploymentConfig": items(_DEPLOYMENT),
    "usage_limits": BUDGET,
    "rate_limits": THROTTLES,
    "secret_mappings": Field(_check_mappings),
}
_CREATE: Final[dict[str, Field]] = {
    "name": text(required=True),
    "provider": text(required=True),
    "workspace_id": text(),
    "expires_at": instant(),
    **{name: text(nullable=True) for name in _AZURE},
    **{name: text() for name in _OTHERS},
    **_SETTINGS,
}
_UPDATE: Final[dict[str, Field]] = {"name": text(), **_SETTINGS}

_SEED: Final[dict[str, JsonObject]] = {
    "openai-prod-4d1e7a": {
        "masked_key": "sk*******aT",
        "usage_limits": {
            "type": "cost",
            "credit_limit": 3000,
            "alert_threshold": 2400,
            "periodic_reset": "monthly",
        },
        "rate_limits": [{"type": "requests", "unit": "rpm", "value": 500}],
    },
    "anthropic-prod-9b02c6": {"masked_key": "sk*******9w"},
    "openai-staging-71fa3e": {
        "masked_key": "sk*******Zk",
        "status": "exhausted",
        "usage_limits": {"type": "tokens", "credit_limit": 2_000_000, "periodic_reset": "weekly"},
    },
    "azure-support-c85d20": {
        "masked_key": "7f*******10",
        "note": "Region Sweden Central.",
        "model_config": {
            "resourceName": "brightwater-support",
            "deploymentConfig": [
                {"apiVersion": "2024-10-21", "deploymentName": "gpt-4o-support", "is_default": True}
            ],
        },
    },
}


def list_virtual_keys(call: Call) -> JsonObject:
    """List the virtual keys."""
    filters = Filters(call.query, default_size=PAGE_SIZE)
    return filters.listing([listed_virtual_key(found) for found in visible(call, "virtual_key")])


def create_virtual_key(call: Call) -> JsonObject:
    """Keep a provider's key, or where to find it, under a new slug."""
    body = read_body(call.body, _CREATE)
    mapped = [as_object(mapping)["target_field"] for mapping in as_list(body.get("secret_mappings"))]
    if not body.keys() & {"key", *_SECRETS} and "key" not in mapped:
        raise invalid(["key is required, unless a secret mapping has the target_field key"])
    workspace = workspace_for_new(call, body.get("workspace_id"))
    made = new_record(
        call,
        workspace,
        {
            "slug": None,
            "provider": body["provider"],
            "integration_id": call.store.new_id("virtual_key_integration"),
            **_secret_parts({}, body),
        },
    )
    return {"success": True, "data": {"slug": made["slug"]}}


def get_virtual_key(call: Call) -> JsonObject:
    """Return one virtual key."""
    return one_virtual_key(require(call, "virtual_key", call.params["slug"]))


def update_virtual_key(call: Call) -> JsonObject:
    """Change what the body names."""
    found = require(call, "virtual_key", call.params["slug"])
    body = read_body(call.body, _UPDATE, at_least_one=True)
    call.store.replace("virtual_key", {**changed(call, found, body), **_secret_parts(found, body)})
    return {}


def delete_virtual_key(call: Call) -> JsonObject:
    """Delete a virtual key; as a provider it is gone too."""
    call.store.delete("virtual_key", str(require(call, "virtual_key", call.params["slug"])["id"]))
    return {}


def seed(store: Store) -> None:
    """Complete the company's virtual keys."""
    for slug, details in _SEED.items():
        store.replace("virtual_key", {**(store.resolve("virtual_key", slug) or {}), **details})


def _secret_parts(found: JsonObject, body: JsonObject) -> JsonObject:
    """Return the masked key and the model configuration after a change."""
    parts: JsonObject = {}
    if "key" in body:
        parts["masked_key"] = mask(str(body["key"]))
    given: JsonObject = {name: body[name] for name in (*_AZURE, *_OTHERS, "deploymentConfig") if name in body}
    given |= {name: mask(str(given[name])) for name in _SECRETS if name in given}
    if given:
        parts["model_config"] = {**as_object(found.get("model_config")), **given}
    return parts


_ALL: Final = "/v1/virtual-keys"
_ONE: Final = "/v1/virtual-keys/{slug}"

ROUTES: Final = (
    Route("GET", _ALL, "virtual_keys.list", list_virtual_keys),
    Route("POST", _ALL, "virtual_keys.create", create_virtual_key),
    Route("GET", _ONE, "virtual_keys.read", get_virtual_key),
    Route("PUT", _ONE, "virtual_keys.update", update_virtual_key),
    Route("DELETE", _ONE, "virtual_keys.delete", delete_virtual_key),
)
