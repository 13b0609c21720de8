"""One call of every limit tool."""

from __future__ import annotations

from typing import Any, Final

from app.sandbox.company import ORGANISATION_ID, workspace_id
from app.sandbox.ids import seed_id
from tests.catalog.calls import Call

PRODUCTION: Final = workspace_id("ws-production")
BUDGET: Final = seed_id("usage_limit", "Production budget per key")
ARCHIVED: Final = seed_id("usage_limit", "Launch week")
CHECKOUT_KEY: Final = seed_id("api_key", "Checkout service")
ENTITY: Final = seed_id("usage_limit_entity", f"{BUDGET}/api_key:{CHECKOUT_KEY}")
THROTTLE: Final = seed_id("rate_limit", "Checkout throttle")
NOWHERE: Final = "00000000-0000-4000-8000-000000000000"

USAGE: Final = "/v1/policies/usage-limits"
RATE: Final = "/v1/policies/rate-limits"

MINIMAL: Final[dict[str, Any]] = {
    "conditions": [{"key": "workspace_id", "value": PRODUCTION}],
    "group_by": [{"key": "api_key"}],
}
EVERYTHING: Final[dict[str, Any]] = {
    "conditions": [
        {"key": "api_key", "value": "*", "excludes": [CHECKOUT_KEY]},
        {"key": "metadata.team", "value": ["risk", "checkout"], "excludes": "platform"},
    ],
    "group_by": [{"key": "metadata.team"}, {"key": "metadata._user"}],
    "name": "Care",
    "workspace_id": "ws-production",
    "organisation_id": ORGANISATION_ID,
}
PAGE: Final = {"page_size": 1, "current_page": 0}

CALLS: tuple[Call, ...] = (
    Call(
        tool="list_rate_limits",
        minimal={},
        everything={
            "workspace_id": "ws-production",
            "status": "active",
            "type": "requests",
            "unit": "rpm",
            "target": "llm",
            **PAGE,
        },
        failing={"unit": "rps"},
        sends=("GET", RATE),
    ),
    Call(
        tool="get_rate_limit",
        minimal={"id": THROTTLE},
        everything={"id": THROTTLE, "status": "active"},
        failing={"id": THROTTLE, "status": "archived"},
        sends=("GET", f"{RATE}/{THROTTLE}"),
    ),
    Call(
        tool="create_rate_limit",
        minimal={**MINIMAL, "type": "requests", "unit": "rpm", "value": 0},
        everything={**EVERYTHING, "type": "tokens", "unit": "rpw", "value": 2.5, "target": "mcp_tools"},
        failing={**MINIMAL, "type": "requests", "unit": "rpm", "value": 1, "workspace_id": "ws-nowhere"},
        sends=("POST", RATE),
    ),
    Call(
        tool="update_rate_limit",
        minimal={"id": THROTTLE, "value": 0},
        everything={
            "id": THROTTLE,
            "name": "Slow",
            "unit": "rph",
            "value": 100,
            "conditions": EVERYTHING["conditions"],
        },
        failing={"id": THROTTLE},
        sends=("PUT", f"{RATE}/{THROTTLE}"),
    ),
    Call(
        tool="delete_rate_limit",
        minimal={"id": THROTTLE},
        everything={"id": THROTTLE},
        failing={"id": NOWHERE},
        sends=("DELETE", f"{RATE}/{THROTTLE}"),
    ),
    Call(
        tool="list_usage_limits",
        minimal={},
        everything={"workspace_id": PRODUCTION, "status": "archived", "type": "cost", **PAGE},
        failing={"type": "requests"},
        sends=("GET", USAGE),
    ),
    Call(
        tool="get_usage_limit",
        minimal={"id": BUDGET},
        everything={"id": ARCHIVED, "status": "archived", "include_usage": True},
        failing={"id": ARCHIVED},
        sends=("GET", f"{USAGE}/{BUDGET}"),
    ),
    Call(
        tool="create_usage_limit",
        minimal={**MINIMAL, "type": "cost", "credit_limit": 1000},
        everything={
            **EVERYTHING,
            "type": "tokens",
            "credit_limit": 1_000_000,
            "alert_threshold": 800_000,
            "periodic_reset": "weekly",
        },
        failing={**MINIMAL, "type": "cost", "credit_limit": 1000, "alert_threshold": 1000},
        sends=("POST", USAGE),
    ),
    Call(
        tool="update_usage_limit",
        minimal={"id": BUDGET, "credit_limit": 2000},
        everything={
            "id": BUDGET,
            "name": "Production",
            "description": "What production may spend.",
            "conditions": MINIMAL["conditions"],
            "credit_limit": 3000,
            "alert_threshold": 2400,
            "periodic_reset": None,
            "periodic_reset_days": 14,
            "next_usage_reset_at": "2027-01-01T00:00:00Z",
            "reset_usage_for_value": CHECKOUT_KEY,
        },
        failing={"id": BUDGET, "alert_threshold": 5_000_000},
        sends=("PUT", f"{USAGE}/{BUDGET}"),
    ),
    Call(
        tool="delete_usage_limit",
        minimal={"id": BUDGET},
        everything={"id": BUDGET},
        failing={"id": ARCHIVED},
        sends=("DELETE", f"{USAGE}/{BUDGET}"),
    ),
    Call(
        tool="list_usage_limit_entities",
        minimal={"limit_id": BUDGET},
        everything={"limit_id": BUDGET, "status": "active", "search": "api_key", **PAGE},
        failing={"limit_id": NOWHERE},
        sends=("GET", f"{USAGE}/{BUDGET}/entities"),
    ),
    Call(
        tool="reset_usage_limit_entity",
        minimal={"limit_id": BUDGET, "entity_id": ENTITY},
        everything={"limit_id": BUDGET, "entity_id": ENTITY},
        failing={"limit_id": BUDGET, "entity_id": NOWHERE},
        sends=("PUT", f"{USAGE}/{BUDGET}/entities/{ENTITY}/reset"),
    ),
)
