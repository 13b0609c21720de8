"""Configs and their versions: `/v1/configs`."""

from __future__ import annotations

import json
from typing import Final

from app.sandbox.clock import seed_day
from app.sandbox.company import ORGANISATION_ID, user_id, workspace_id
from app.sandbox.fields import Field, items, number, read_body, record, switch, text
from app.sandbox.filters import Filters
from app.sandbox.ids import make_slug, seed_id
from app.sandbox.json_types import JsonObject, JsonValue
from app.sandbox.lookup import matches_reference, require, visible, workspace_for_new
from app.sandbox.routing import Call, Route
from app.sandbox.store import Store

_CONFIG_MEMBERS: Final[dict[str, Field]] = {
    "strategy": record(
        {"mode": text(choices=("single", "loadbalance", "fallback", "conditional"))}, extra=True
    ),
    "cache": record({"mode": text(choices=("simple", "semantic")), "max_age": number(1)}, extra=True),
    "retry": record(
        {"attempts": number(0, 5, whole=True), "on_status_codes": items(number(100, 599))}, extra=True
    ),
    "targets": items(record({}, extra=True)),
}
_CREATE: Final[dict[str, Field]] = {
    "name": text(required=True),
    "config": record(_CONFIG_MEMBERS, extra=True, required=True),
    "isDefault": switch(),
    "workspace_id": text(),
}
_UPDATE: Final[dict[str, Field]] = {
    "name": text(),
    "config": record(_CONFIG_MEMBERS, extra=True),
    "status": text(choices=("active", "inactive")),
}

# slug, name, workspace, default, status, versions from oldest to newest
_SEED: Final[tuple[tuple[str, str, str, int, str, tuple[JsonObject, ...]], ...]] = (
    (
        "pc-checko-2b7f10",
        "Checkout with fallback",
        "ws-production",
        1,
        "active",
        (
            {"retry": {"attempts": 2}, "virtual_key": "openai-prod-4d1e7a"},
            {
                "strategy": {"mode": "fallback"},
                "retry": {"attempts": 3, "on_status_codes": [429, 503]},
                "targets": [{"virtual_key": "openai-prod-4d1e7a"}, {"virtual_key": "anthropic-prod-9b02c6"}],
            },
        ),
    ),
    (
        "pc-stagin-8c3d55",
        "Staging load test",
        "ws-staging",
        0,
        "active",
        (
            {
                "strategy": {"mode": "loadbalance"},
                "targets": [{"virtual_key": "openai-staging-71fa3e", "weight": 1}],
            },
        ),
    ),
    (
        "pc-suppor-e61a94",
        "Support answers, cached",
        "ws-customer-support",
        1,
        "active",
        ({"cache": {"mode": "semantic", "max_age": 3600}, "virtual_key": "azure-support-c85d20"},),
    ),
    (
        "pc-old-ch-07d2b8",
        "Old checkout",
        "ws-production",
        0,
        "inactive",
        ({"virtual_key": "openai-prod-4d1e7a"},),
    ),
)


def list_configs(call: Call) -> JsonObject:
    """List the configs, of one workspace if asked."""
    filters = Filters(call.query)
    workspace = filters.one("workspace_id")
    found = [
        _summary(config)
        for config in visible(call, "config")
        if matches_reference(call, "workspace", config["workspace_id"], workspace)
    ]
    return filters.listing(found)


def get_config(call: Call) -> JsonObject:
    """Return a config with its newest version."""
    config = require(call, "config", call.params["slug"])
    return _with_version(config, _versions(call.store, config)[-1])


def list_versions(call: Call) -> JsonObject:
    """List the versions of a config, newest first."""
    config = require(call, "config", call.params["slug"])
    newest_first = reversed(_versions(call.store, config))
    shown: list[JsonObject] = [
        {**_with_version(config, version), "created_at": version["created_at"]} for version in newest_first
    ]
    return Filters(call.query).listing(shown)


def create_config(call: Call) -> JsonObject:
    """Create a config and its first version."""
    body = read_body(call.body, _CREATE)
    config_id = call.store.new_id("config")
    slug = make_slug("pc", str(body["name"]), config_id)
    workspace = workspace_for_new(call, body.get("workspace_id"))
    config = _config(config_id, slug, body["name"], workspace["id"], call.now)
    config["is_default"] = body.get("isDefault", 0)
    if config["is_default"]:
        for other in call.store.find("config", workspace_id=str(workspace["id"]), is_default=1):
            call.store.replace("config", {**other, "is_default": 0})
    call.store.insert("config", config, {"slug": slug})
    return {
        "success": True,
        "data": {"id": config_id, "version_id": _add_version(call, config, body["config"])},
    }


def update_config(call: Call) -> JsonObject:
    """Change a config; every update makes a new version."""
    config = require(call, "config", call.params["slug"])
    body = read_body(call.body, _UPDATE, at_least_one=True)
    content = body.get("config", json.loads(str(_versions(call.store, config)[-1]["config"])))
    changes = {name: value for name, value in body.items() if name != "config"}
    config = {**config, **changes, "last_updated_at": call.now}
    call.store.replace("config", config)
    return {"success": True, "data": {"version_id": _add_version(call, config, content)}}


def delete_config(call: Call) -> JsonObject:
    """Delete a config with its versions."""
    config = require(call, "config", call.params["slug"])
    for version in _versions(call.store, config):
        call.store.delete("config_version", str(version["id"]))
    call.store.delete("config", str(config["id"]))
    return {}


def seed(store: Store) -> None:
    """Add the company's configs."""
    for day, (slug, name, workspace, is_default, status, contents) in enumerate(_SEED, start=5):
        config = _config(seed_id("config", slug), slug, name, workspace_id(workspace), seed_day(day))
        config |= {"is_default": is_default, "status": status}
        store.insert("config", config, {"slug": slug})
        for number_, content in enumerate(contents, start=1):
            version_id = seed_id("config_version", f"{slug}/{number_}")
            store.insert("config_version", _version(version_id, config, content, seed_day(day + number_)))


def _config(config_id: str, slug: str, name: JsonValue, workspace: JsonValue, created_at: str) -> JsonObject:
    return {
        "id": config_id,
        "name": name,
        "workspace_id": workspace,
        "slug": slug,
        "organisation_id": ORGANISATION_ID,
        "is_default": 0,
        "status": "active",
        "owner_id": user_id("jonas"),
        "updated_by": user_id("jonas"),
        "created_at": created_at,
        "last_updated_at": created_at,
    }


def _version(version_id: str, config: JsonObject, content: JsonValue, created_at: str) -> JsonObject:
    return {
        "id": version_id,
        "config_id": config["id"],
        "workspace_id": config["workspace_id"],
        "config": json.dumps(content),
        "created_at": created_at,
    }


def _versions(store: Store, config: JsonObject) -> list[JsonObject]:
    return store.find("config_version", config_id=str(config["id"]))


def _add_version(call: Call, config: JsonObject, content: JsonValue) -> str:
    version_id = call.store.new_id("config_version")
    call.store.insert("config_version", _version(version_id, config, content, call.now))
    return version_id


def _summary(config: JsonObject) -> JsonObject:
    return {**config, "object": "config"}


def _with_version(config: JsonObject, version: JsonObject) -> JsonObject:
    return {
        **config,
        "last_updated_at": version["created_at"],
        "config": version["config"],
        "format": "json",
        "type": "ORG_CONFIG",
        "version_id": version["id"],
        "object": "config",
    }


_ALL: Final = "/v1/configs"
_ONE: Final = "/v1/configs/{slug}"

ROUTES: Final = (
    Route("GET", _ALL, "configs.list", list_configs),
    Route("POST", _ALL, "configs.create", create_config),
    Route("GET", _ONE, "configs.read", get_config),
    Route("PUT", _ONE, "configs.update", update_config),
    Route("DELETE", _ONE, "configs.delete", delete_config),
    Route("GET", "/v1/configs/{slug}/versions", "configs.read", list_versions),
)
