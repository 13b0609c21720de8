"""Usage limits and what they have counted: `/v1/policies/usage-limits`."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from app.sandbox.clock import seed_day
from app.sandbox.company import workspace_id
from app.sandbox.errors import invalid, not_found
from app.sandbox.fields import Field, items, number, read_body, text
from app.sandbox.filters import Filters, matches
from app.sandbox.ids import seed_id
from app.sandbox.json_types import JsonObject, JsonValue
from app.sandbox.policies import (
    CONDITIONS,
    GROUP,
    NAME,
    SCOPE,
    archive,
    asked_status,
    list_policies,
    new_policy,
    policy_base,
    require_policy,
)
from app.sandbox.routing import Call, Route
from app.sandbox.spend import Entity, entities, is_alerted, is_exhausted, reset
from app.sandbox.store import Store

_TYPES: Final = ("cost", "tokens")
_RESET: Final = text(choices=("monthly", "weekly"), nullable=True)
_CREATE: Final[dict[str, Field]] = {
    "name": NAME,
    "conditions": items(CONDITIONS, at_least=1, required=True),
    "group_by": items(GROUP, at_least=1, required=True),
    "type": text(required=True, choices=_TYPES),
    "credit_limit": number(0, required=True),
    "alert_threshold": number(0, nullable=True),
    "periodic_reset": _RESET,
    **SCOPE,
}
_UPDATE: Final[dict[str, Field]] = {
    "name": NAME,
    "description": text(nullable=True, pattern="(?s).{1,500}"),
    "conditions": items(CONDITIONS, at_least=1),
    "credit_limit": number(0),
    "alert_threshold": number(0, nullable=True),
    "periodic_reset": _RESET,
    "periodic_reset_days": number(1, 365, whole=True, nullable=True),
    "next_usage_reset_at": text(nullable=True),
    "reset_usage_for_value": text(),
}
_EMPTY: Final[JsonObject] = {
    "name": None,
    "description": None,
    "alert_threshold": None,
    "periodic_reset": None,
    "periodic_reset_days": None,
    "next_usage_reset_at": None,
    "last_reset_at": None,
    "resets": {},
}

# workspace, what the limit says
_SEED: Final[tuple[tuple[str, JsonObject], ...]] = (
    (
        "ws-production",
        {
            "name": "Production budget per key",
            "conditions": [{"key": "api_key", "value": "*"}],
            "group_by": [{"key": "api_key"}],
            "type": "cost",
            "credit_limit": 150,
            "alert_threshold": 120,
            "periodic_reset": "monthly",
        },
    ),
    (
        "ws-customer-support",
        {
            "name": "Support tokens per agent",
            "conditions": [{"key": "metadata.team", "value": "support"}],
            "group_by": [{"key": "metadata._user"}],
            "type": "tokens",
            "credit_limit": 2_000_000,
            "alert_threshold": 1_500_000,
            "periodic_reset": "weekly",
        },
    ),
    (
        "ws-production",
        {
            "name": "Launch week",
            "conditions": [{"key": "metadata.team", "value": "checkout"}],
            "group_by": [{"key": "metadata.team"}],
            "type": "cost",
            "credit_limit": 300,
            "status": "archived",
        },
    ),
)


def list_usage_limits(call: Call) -> JsonObject:
    """List the usage limits that match."""
    filters, found = list_policies(call, "usage_limit", {"type": _TYPES})
    return filters.listing([_show(limit) for limit in found])


def get_usage_limit(call: Call) -> JsonObject:
    """Return one usage limit, with what each group has used if asked."""
    limit = require_policy(call, "usage_limit", status=asked_status(call))
    wanted = Filters(call.query, choices={"include_usage": ("true", "false")}).one("include_usage")
    usage: JsonObject = {"value_key_usage_map": _usage(limit, call.moment)} if wanted == "true" else {}
    return {**_show(limit), **usage, "object": "policy_usage_limits"}


def create_usage_limit(call: Call) -> JsonObject:
    """Create a usage limit; it also counts what was used in this period before it."""
    body = read_body(call.body, _CREATE)
    settings = {name: value for name, value in body.items() if name not in SCOPE}
    limit: JsonObject = {**new_policy(call, "usage_limit", body), **_EMPTY, **settings}
    _check(limit)
    call.store.insert("usage_limit", limit)
    return {"id": limit["id"], "object": "policy_usage_limits"}


def update_usage_limit(call: Call) -> JsonObject:
    """Change what the body names."""
    limit = require_policy(call, "usage_limit")
    body = read_body(call.body, _UPDATE, at_least_one=True)
    settings = {name: value for name, value in body.items() if name != "reset_usage_for_value"}
    for one, other in (("periodic_reset", "periodic_reset_days"), ("periodic_reset_days", "periodic_reset")):
        if settings.get(one) is not None:
            settings = {other: None, **settings}
    limit = {**limit, **settings, "last_updated_at": call.now}
    _check(limit)
    if (value := body.get("reset_usage_for_value")) is not None:
        limit = _reset_value(call, limit, str(value))
    call.store.replace("usage_limit", limit)
    return {}


def delete_usage_limit(call: Call) -> JsonObject:
    """Archive a usage limit."""
    return archive(call, "usage_limit")


def list_entities(call: Call) -> JsonObject:
    """List the groups of a usage limit with what each has used."""
    limit = require_policy(call, "usage_limit")
    filters = Filters(call.query, choices={"status": ("active", "exhausted")})
    status, search = filters.one("status"), filters.one("search")
    return filters.listing(
        [
            {"id": entity.id, "value_key": entity.value_key, "current_usage": entity.current_usage}
            for entity in entities(limit, call.moment)
            if status in (None, _status(limit, entity)) and matches(search, entity.value_key)
        ]
    )


def reset_entity(call: Call) -> JsonObject:
    """Set what one group has used to zero."""
    limit = require_policy(call, "usage_limit")
    wanted = call.params["entity"]
    entity = next((entity for entity in entities(limit, call.moment) if entity.id == wanted), None)
    if entity is None:
        raise not_found("entity of this usage limit", wanted)
    call.store.replace("usage_limit", reset(limit, entity, call.moment, call.now))
    return {}


def seed(store: Store) -> None:
    """Add the company's usage limits."""
    for day, (workspace, settings) in enumerate(_SEED, start=8):
        policy_id = seed_id("usage_limit", str(settings["name"]))
        base = policy_base(policy_id, workspace_id(workspace), seed_day(day))
        store.insert("usage_limit", {**base, **_EMPTY, **settings})


def _check(limit: JsonObject) -> None:
    credit, alert = limit["credit_limit"], limit["alert_threshold"]
    problems = []
    if isinstance(credit, int | float) and isinstance(alert, int | float) and alert >= credit:
        problems.append("alert_threshold must be below credit_limit")
    if limit["periodic_reset"] is not None and limit["periodic_reset_days"] is not None:
        problems.append("periodic_reset and periodic_reset_days exclude each other")
    if problems:
        raise invalid(problems)


def _reset_value(call: Call, limit: JsonObject, value: str) -> JsonObject:
    """A value is the whole value key or, with one key to group by, what follows it."""
    for entity in entities(limit, call.moment):
        if value in (entity.value_key, entity.value_key.partition(":")[2]):
            return reset(limit, entity, call.moment, call.now)
    raise invalid([f"reset_usage_for_value: nothing is counted for {value!r}"])


def _usage(limit: JsonObject, moment: datetime) -> JsonValue:
    return {
        entity.value_key: {
            "current_usage": entity.current_usage,
            "status": _status(limit, entity),
            "is_threshold_alerts_sent": is_alerted(limit, entity),
            "is_exhausted_alerts_sent": is_exhausted(limit, entity),
        }
        for entity in entities(limit, moment)
    }


def _status(limit: JsonObject, entity: Entity) -> str:
    return "exhausted" if is_exhausted(limit, entity) else "active"


def _show(limit: JsonObject) -> JsonObject:
    return {name: value for name, value in limit.items() if name != "resets"}


_ALL: Final = "/v1/policies/usage-limits"
_ONE: Final = "/v1/policies/usage-limits/{policy}"

ROUTES: Final = (
    Route("GET", _ALL, "policies.list", list_usage_limits),
    Route("POST", _ALL, "policies.create", create_usage_limit),
    Route("GET", _ONE, "policies.read", get_usage_limit),
    Route("PUT", _ONE, "policies.update", update_usage_limit),
    Route("DELETE", _ONE, "policies.delete", delete_usage_limit),
    Route("GET", f"{_ONE}/entities", "policies.read", list_entities),
    Route("PUT", f"{_ONE}/entities/{{entity}}/reset", "policies.update", reset_entity),
)
