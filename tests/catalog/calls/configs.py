"""The calls of the config tools."""

from __future__ import annotations

from typing import Any, Final

from app.sandbox.company import workspace_id
from tests.catalog.calls import Call

CHECKOUT: Final = "pc-checko-2b7f10"
NOTHING: Final = "pc-nothing"

_SHORT: Final[dict[str, Any]] = {
    "strategy_mode": "fallback",
    "targets": [
        {"provider": "@openai-prod-4d1e7a", "weight": 0.5},
        {"virtual_key": "anthropic-prod-9b02c6", "override_params": {"model": "claude-sonnet-4-5"}},
    ],
    "cache_mode": "simple",
    "cache_max_age": 3600,
    "retry_attempts": 3,
    "retry_on_status_codes": [429, 503],
}

CALLS: Final = (
    Call(
        tool="list_configs",
        minimal={},
        everything={"current_page": 0, "page_size": 2},
        failing={"current_page": -1},
        sends=("GET", "/v1/configs"),
    ),
    Call(
        tool="get_config",
        minimal={"slug": CHECKOUT},
        everything={"slug": CHECKOUT},
        failing={"slug": NOTHING},
        sends=("GET", f"/v1/configs/{CHECKOUT}"),
    ),
    Call(
        tool="create_config",
        minimal={
            "name": "Search",
            "workspace_id": workspace_id("ws-production"),
            "config": {
                "strategy": {
                    "mode": "conditional",
                    "conditions": [{"query": {"metadata.plan": "paid"}, "then": "a"}],
                },
                "targets": [{"name": "a", "provider": "openai", "retry": {"attempts": 2}}],
                "input_guardrails": ["pg-pii-42a7f1"],
            },
        },
        everything={
            "name": "Search",
            "workspace_id": workspace_id("ws-production"),
            "is_default": False,
            **_SHORT,
        },
        failing={"name": "Search", "workspace_id": workspace_id("ws-production"), "targets": [{"weight": 1}]},
        sends=("POST", "/v1/configs"),
    ),
    Call(
        tool="update_config",
        minimal={"slug": CHECKOUT, "name": "Checkout, main"},
        everything={"slug": CHECKOUT, "name": "Checkout, main", "status": "active", **_SHORT},
        also=({"slug": CHECKOUT, "config": {"targets": [{"provider": "openai"}], "metadata": {"a": 1}}},),
        failing={"slug": NOTHING, "name": "Checkout, main"},
        sends=("PUT", f"/v1/configs/{CHECKOUT}"),
    ),
    Call(
        tool="delete_config",
        minimal={"slug": CHECKOUT},
        everything={"slug": CHECKOUT},
        failing={"slug": NOTHING},
        sends=("DELETE", f"/v1/configs/{CHECKOUT}"),
    ),
    Call(
        tool="list_config_versions",
        minimal={"slug": CHECKOUT},
        everything={"slug": CHECKOUT},
        failing={"slug": NOTHING},
        sends=("GET", f"/v1/configs/{CHECKOUT}/versions"),
    ),
)
