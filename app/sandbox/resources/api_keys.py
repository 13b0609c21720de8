"""API keys: `/v1/api-keys`. A secret is in the answer that makes it and in no other; it opens the sandbox."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from app.sandbox.clock import seed_day, timestamp
from app.sandbox.company import ORGANISATION_ID, user_id, workspace_id
from app.sandbox.errors import forbidden, invalid
from app.sandbox.fields import Field, flag, items, mapping, note, number, one_of, read_body, record, text
from app.sandbox.filters import Filters
from app.sandbox.ids import seed_id
from app.sandbox.issued_keys import issue, mask, retire, revoke
from app.sandbox.json_types import JsonObject, JsonValue, as_int, as_list, as_object
from app.sandbox.key_fields import BUDGET, has_passed, in_future, instant, merged_budget
from app.sandbox.lookup import matches_reference, require, visible, workspace_for_new
from app.sandbox.routing import Call, Route
from app.sandbox.store import Store

MIN_TRANSITION_MS: Final = 1_800_000

_RESOURCES: Final = {
    "organisation-service": "organisation_service_api_keys",
    "workspace-service": "workspace_service_api_keys",
    "workspace-user": "workspace_user_api_keys",
}
_DATA_PLANE: Final = ("completions.write", "prompts.render")
_PLAIN: Final = ("name", "description", "scopes", "rate_limits", "alert_emails", "rotation_policy")


def _check_policy(value: JsonValue, at: str) -> Iterator[str]:
    yield from _POLICY.check(value, at)
    policy = as_object(value)
    chosen = [name for name in ("rotation_period", "next_rotation_at") if policy.get(name)]
    if isinstance(value, dict) and len(chosen) != 1:
        yield f"{at} must have either rotation_period or next_rotation_at"


_POLICY: Final = record(
    {
        "rotation_period": text(choices=("weekly", "monthly"), nullable=True),
        "next_rotation_at": instant(nullable=True),
        "key_transition_period_ms": number(MIN_TRANSITION_MS, whole=True),
    }
)
_THROTTLE: Final = record(
    {
        "type": text(choices=("requests", "tokens"), required=True),
        "unit": text(choices=("rpd", "rph", "rpm", "rps", "rpw"), required=True),
        "value": number(0, whole=True, required=True),
    }
)
_SETTINGS: Final[dict[str, Field]] = {
    "description": note(),
    "rate_limits": items(_THROTTLE, nullable=True),
    "usage_limits": BUDGET,
    "defaults": record(
        {
            "config_id": text(nullable=True),
            "metadata": mapping(nullable=True),
            "allow_config_override": flag(),
        }
    ),
    "alert_emails": items(text(pattern=r"[^@\s]+@[^@\s]+"), nullable=True),
    "expires_at": instant(nullable=True),
    "rotation_policy": Field(_check_policy, nullable=True),
}
_SCOPE: Final = text(pattern=r"[a-z_]+\.[a-z_]+")
_CREATE: Final[dict[str, Field]] = {
    "name": text(required=True),
    "scopes": items(_SCOPE, required=True),
    "organisation_id": text(),
    "workspace_id": text(),
    "user_id": text(),
    **_SETTINGS,
}
_UPDATE: Final[dict[str, Field]] = {
    "name": text(),
    "scopes": items(_SCOPE),
    "reset_usage": one_of(flag(), number(0), expected="true or false"),
    **_SETTINGS,
}
_ROTATE: Final[dict[str, Field]] = {"key_transition_period_ms": number(MIN_TRANSITION_MS, whole=True)}

_SEED: Final[tuple[JsonObject, ...]] = (
    {
        "name": "Checkout service",
        "type": "workspace-service",
        "workspace_id": workspace_id("ws-production"),
        "description": "Live traffic of the shop.",
        "scopes": [*_DATA_PLANE, "virtual_keys.list"],
        "usage_limits": {
            "type": "cost",
            "credit_limit": 2000,
            "alert_threshold": 1600,
            "periodic_reset": "monthly",
        },
        "rate_limits": [{"type": "requests", "unit": "rpm", "value": 300}],
        "defaults": {"config_id": "pc-checko-2b7f10", "metadata": {"team": "checkout"}},
        "allow_config_override": 0,
        "alert_emails": ["amara.okafor@brightwater.example"],
        "rotation_policy": {"rotation_period": "monthly", "key_transition_period_ms": 3_600_000},
    },
    {
        "name": "Priya's notebook",
        "type": "workspace-user",
        "workspace_id": workspace_id("ws-production"),
        "user_id": user_id("priya"),
        "scopes": ["completions.write", "logs.view"],
        "expires_at": seed_day(3650),
    },
    {
        "name": "Load tests",
        "type": "workspace-service",
        "workspace_id": workspace_id("ws-staging"),
        "status": "exhausted",
        "scopes": ["completions.write"],
        "usage_limits": {"type": "tokens", "credit_limit": 1_000_000, "periodic_reset": "weekly"},
    },
    {
        "name": "Support assistant backend",
        "type": "workspace-service",
        "workspace_id": workspace_id("ws-customer-support"),
        "scopes": [*_DATA_PLANE],
    },
    {
        "name": "Contractor audit",
        "type": "organisation-service",
        "description": "For the audit in January; expired.",
        "scopes": ["workspaces.list", "logs.list"],
        "expires_at": seed_day(20),
    },
    {
        "name": "Fraud review",
        "type": "workspace-service",
        "workspace_id": workspace_id("ws-production"),
        "scopes": ["completions.write"],
    },
    {
        "name": "Nightly summaries",
        "type": "workspace-service",
        "workspace_id": workspace_id("ws-production"),
        "scopes": ["completions.write"],
    },
)


def list_api_keys(call: Call) -> JsonObject:
    """List the API keys of the types whose scope the caller has, of one workspace if asked."""
    filters = Filters(call.query)
    workspace = filters.one("workspace_id")
    found = [
        _shown(call, key)
        for key in visible(call, "api_key")
        if call.key.allows(f"{_RESOURCES[str(key['type'])]}.list")
        and matches_reference(call, "workspace", key["workspace_id"], workspace)
    ]
    return filters.listing(found)


def get_api_key(call: Call) -> JsonObject:
    """Return one API key, without its secret."""
    key = _require(call, "read")
    next_reset = as_object(key["usage_limits"]).get("next_usage_reset_at")
    return {**_shown(call, key), "next_usage_reset_at": next_reset}


def create_api_key(call: Call) -> JsonObject:
    """Make an API key; the answer is the only one with its secret."""
    kind = f"{call.params['type']}-{call.params['sub_type']}"
    if kind not in _RESOURCES:
        raise invalid([f"there are no {kind} keys, only {', '.join(_RESOURCES)}"])
    _check_scope(call, kind, "create")
    body = read_body(call.body, _CREATE)
    owner: JsonObject = {
        "type": kind,
        "workspace_id": _workspace(call, kind, body),
        "user_id": _user(call, kind, body),
    }
    key_id = call.store.new_id("api_key")
    secret = issue(call.store, key_id)
    key = {**_with_settings(call, _key(key_id, call.now, owner), body), "key": mask(secret)}
    call.store.insert("api_key", key)
    return {"id": key_id, "key": secret, "object": "api-key"}


def update_api_key(call: Call) -> JsonObject:
    """Change what the body names."""
    key = _require(call, "update")
    body = read_body(call.body, _UPDATE, at_least_one=True)
    key = _with_settings(call, {**key, "last_updated_at": call.now}, body)
    if body.get("reset_usage"):
        key |= {"status": "active", "last_reset_at": call.now}
    call.store.replace("api_key", key)
    return {}


def delete_api_key(call: Call) -> JsonObject:
    """Delete an API key; its secrets are refused from then on."""
    key = _require(call, "delete")
    revoke(call.store, str(key["id"]))
    call.store.delete("api_key", str(key["id"]))
    return {}


def rotate_api_key(call: Call) -> JsonObject:
    """Give an API key a new secret; the one before stays valid for a while."""
    key = _require(call, "rotate")
    body = read_body(call.body, _ROTATE)
    usual = as_object(key["rotation_policy"]).get("key_transition_period_ms")
    period = body.get("key_transition_period_ms") or usual or MIN_TRANSITION_MS
    until = timestamp(call.moment + timedelta(milliseconds=as_int(period)))
    retire(call.store, str(key["id"]), until)
    secret = issue(call.store, str(key["id"]))
    call.store.replace("api_key", {**key, "key": mask(secret), "last_updated_at": call.now})
    return {"id": key["id"], "key": secret, "key_transition_expires_at": until}


def seed(store: Store) -> None:
    """Add the company's API keys; nobody knows their secrets."""
    for day, given in enumerate(_SEED, start=6):
        key_id = seed_id("api_key", str(given["name"]))
        key = {**_key(key_id, seed_day(day), given), "creation_mode": "ui", "key": mask(f"pk{key_id}")}
        if key["defaults"]:
            key["api_key_defaults_id"] = seed_id("api_key_defaults", str(given["name"]))
        store.insert("api_key", key)


def _require(call: Call, action: str) -> JsonObject:
    key = require(call, "api_key", call.params["id"])
    _check_scope(call, str(key["type"]), action)
    return key


def _check_scope(call: Call, kind: str, action: str) -> None:
    scope = f"{_RESOURCES[kind]}.{action}"
    if not call.key.allows(scope):
        raise forbidden(f"This API key needs the scope {scope}.")


def _workspace(call: Call, kind: str, body: JsonObject) -> JsonValue:
    given = body.get("workspace_id")
    if kind == "organisation-service":
        refused = [scope for scope in as_list(body["scopes"]) if scope in _DATA_PLANE]
        if refused:
            raise invalid([f"scopes: {refused[0]} is for workspace keys"])
        return None
    if not given and call.key.workspace_id is None:
        raise invalid(["workspace_id is required for a workspace key"])
    return workspace_for_new(call, given)["id"]


def _user(call: Call, kind: str, body: JsonObject) -> JsonValue:
    if kind != "workspace-user":
        return None
    user = body.get("user_id")
    if not user:
        raise invalid(["user_id is required for a user key"])
    if call.store.resolve("user", str(user)) is None:
        raise invalid([f"user_id: no user has the id {user!r}"])
    return user


def _with_settings(call: Call, key: JsonObject, body: JsonObject) -> JsonObject:
    """Return a key with what a body names."""
    key = {**key, **{name: body[name] for name in _PLAIN if name in body}}
    if "usage_limits" in body:
        key["usage_limits"] = merged_budget(key["usage_limits"], body["usage_limits"])
    if "expires_at" in body:
        key["expires_at"] = in_future(call, "expires_at", body["expires_at"])
    if "defaults" in body:
        given = {**as_object(body["defaults"])}
        if given.get("config_id") and call.store.resolve("config", str(given["config_id"])) is None:
            raise invalid([f"defaults.config_id: no config matches {given['config_id']!r}"])
        if "allow_config_override" in given:
            key["allow_config_override"] = int(bool(given.pop("allow_config_override")))
        key["defaults"] = {**as_object(key["defaults"]), **given}
        key["api_key_defaults_id"] = key["api_key_defaults_id"] or call.store.new_id("api_key_defaults")
    return key


def _key(key_id: str, created_at: str, given: JsonObject) -> JsonObject:
    return {
        "id": key_id,
        "name": "",
        "description": None,
        "organisation_id": ORGANISATION_ID,
        "workspace_id": None,
        "user_id": None,
        "status": "active",
        "created_at": created_at,
        "last_updated_at": created_at,
        "creation_mode": "api",
        "rate_limits": None,
        "usage_limits": None,
        "reset_usage": None,
        "expires_at": None,
        "last_reset_at": None,
        "alert_emails": None,
        "allow_config_override": None,
        "api_key_defaults_id": None,
        "scopes": [],
        "defaults": {},
        "rotation_policy": None,
        **given,
    }


def _shown(call: Call, key: JsonObject) -> JsonObject:
    # The recorded answers have no rotation_policy; it is shown where there is one, or nobody could read it.
    shown = {name: value for name, value in key.items() if name != "rotation_policy" or value}
    return {
        **shown,
        "rate_limits": key["rate_limits"] or [],
        "expiry_enforced": int(has_passed(call, key["expires_at"])),
        "object": "api-key",
    }


def _any_type(action: str) -> str:
    return " or ".join(f"{resource}.{action}" for resource in _RESOURCES.values())


_ALL: Final = "/v1/api-keys"
_ONE: Final = "/v1/api-keys/{id}"

ROUTES: Final = (
    Route("GET", _ALL, _any_type("list"), list_api_keys),
    Route("POST", "/v1/api-keys/{type}/{sub_type}", _any_type("create"), create_api_key),
    Route("GET", _ONE, _any_type("read"), get_api_key),
    Route("PUT", _ONE, _any_type("update"), update_api_key),
    Route("DELETE", _ONE, _any_type("delete"), delete_api_key),
    Route("POST", "/v1/api-keys/{id}/rotate", _any_type("rotate"), rotate_api_key),
)
