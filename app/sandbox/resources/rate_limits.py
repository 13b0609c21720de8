"""Rate limits: `/v1/policies/rate-limits`."""

from __future__ import annotations

from typing import Final

from app.sandbox.clock import seed_day
from app.sandbox.company import workspace_id
from app.sandbox.fields import Field, items, number, read_body, text
from app.sandbox.ids import seed_id
from app.sandbox.json_types import JsonObject
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
from app.sandbox.store import Store

_TYPES: Final = ("requests", "tokens")
_UNITS: Final = ("rpm", "rph", "rpd", "rpw")
_TARGETS: Final = ("llm", "mcp_tools")
_CREATE: Final[dict[str, Field]] = {
    "name": NAME,
    "conditions": items(CONDITIONS, at_least=1, required=True),
    "group_by": items(GROUP, at_least=1, required=True),
    "type": text(required=True, choices=_TYPES),
    "unit": text(required=True, choices=_UNITS),
    "value": number(0, required=True),
    "target": text(choices=_TARGETS),
    **SCOPE,
}
_UPDATE: Final[dict[str, Field]] = {
    "name": NAME,
    "unit": text(choices=_UNITS),
    "value": number(0),
    "conditions": items(CONDITIONS, at_least=1),
}

# workspace, what the limit says
_SEED: Final[tuple[tuple[str, JsonObject], ...]] = (
    (
        "ws-production",
        {
            "name": "Checkout throttle",
            "target": "llm",
            "conditions": [{"key": "api_key", "value": "*"}],
            "group_by": [{"key": "api_key"}],
            "type": "requests",
            "unit": "rpm",
            "value": 600,
        },
    ),
    (
        "ws-customer-support",
        {
            "name": "Support tokens an hour",
            "target": "llm",
            "conditions": [{"key": "metadata.team", "value": "support"}],
            "group_by": [{"key": "metadata._user"}],
            "type": "tokens",
            "unit": "rph",
            "value": 200_000,
        },
    ),
    (
        "ws-production",
        {
            "name": "MCP tool calls a day",
            "target": "mcp_tools",
            "conditions": [{"key": "workspace_id", "value": workspace_id("ws-production")}],
            "group_by": [{"key": "metadata._user"}],
            "type": "requests",
            "unit": "rpd",
            "value": 500,
        },
    ),
)


def list_rate_limits(call: Call) -> JsonObject:
    """List the rate limits that match."""
    choices = {"type": _TYPES, "unit": _UNITS, "target": _TARGETS}
    filters, found = list_policies(call, "rate_limit", choices)
    return filters.listing(found)


def get_rate_limit(call: Call) -> JsonObject:
    """Return one rate limit."""
    limit = require_policy(call, "rate_limit", status=asked_status(call))
    return {**limit, "object": "policy_rate_limits"}


def create_rate_limit(call: Call) -> JsonObject:
    """Create a rate limit."""
    body = read_body(call.body, _CREATE)
    settings = {name: value for name, value in body.items() if name not in SCOPE}
    limit: JsonObject = {
        **new_policy(call, "rate_limit", body),
        "name": None,
        "target": "llm",
        **settings,
    }
    call.store.insert("rate_limit", limit)
    return {"id": limit["id"], "object": "policy_rate_limits"}


def update_rate_limit(call: Call) -> JsonObject:
    """Change what the body names."""
    limit = require_policy(call, "rate_limit")
    body = read_body(call.body, _UPDATE, at_least_one=True)
    call.store.replace("rate_limit", {**limit, **body, "last_updated_at": call.now})
    return {}


def delete_rate_limit(call: Call) -> JsonObject:
    """Archive a rate limit."""
    return archive(call, "rate_limit")


def seed(store: Store) -> None:
    """Add the company's rate limits."""
    for day, (workspace, settings) in enumerate(_SEED, start=9):
        policy_id = seed_id("rate_limit", str(settings["name"]))
        base = policy_base(policy_id, workspace_id(workspace), seed_day(day))
        store.insert("rate_limit", {**base, **settings})


_ALL: Final = "/v1/policies/rate-limits"
_ONE: Final = "/v1/policies/rate-limits/{policy}"

ROUTES: Final = (
    Route("GET", _ALL, "policies.list", list_rate_limits),
    Route("POST", _ALL, "policies.create", create_rate_limit),
    Route("GET", _ONE, "policies.read", get_rate_limit),
    Route("PUT", _ONE, "policies.update", update_rate_limit),
    Route("DELETE", _ONE, "policies.delete", delete_rate_limit),
)
