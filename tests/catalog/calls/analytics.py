"""One call of every analytics tool: they share their arguments."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final, TypeAlias

from tests.catalog.calls import Call

Given: TypeAlias = Mapping[str, Any]
NOTHING: Final[Given] = MappingProxyType({})
MINIMAL: Final[dict[str, Any]] = {"time_of_generation_min": "-7d", "time_of_generation_max": "now"}
EVERYTHING: Final[dict[str, Any]] = {
    "time_of_generation_min": "2026-01-05T10:00:00+02:00",
    "time_of_generation_max": "+1h",
    "filters": {
        "workspace_slug": "ws-production",
        "ai_org_model": ["openai__gpt-4o", "anthropic__claude-3-5-sonnet"],
        "virtual_keys": "openai-prod-4d1e7a,anthropic-prod-9b02c6",
        "configs": ["pc-checko-2b7f10"],
        "metadata": {"team": "checkout", "env": "production"},
        "cost_min": 0,
        "cost_max": 99.5,
        "weighted_feedback_min": -10,
        "weighted_feedback_max": 10,
    },
    "api_key_ids": ["5117d70e-eff5-50d1-9983-1d66a269f815", "none"],
    "prompt_slug": "pp-upsell-d47b18",
    "status_code": "200,503",
    "trace_id": ["t-1", "t-2"],
    "span_id": "s-1",
    "total_units_min": 0,
    "total_units_max": 100_000,
    "prompt_token_min": 0,
    "prompt_token_max": 90_000,
    "completion_token_min": 0,
    "completion_token_max": 10_000,
}
BACKWARDS: Final[dict[str, Any]] = {"time_of_generation_min": "now", "time_of_generation_max": "-7d"}
PAGE: Final = {"page_size": 2, "current_page": 0}
BY_PROVIDER: Final[dict[str, Any]] = {
    "columns": ["cost", "requests", "p95_latency"],
    "order_by": "cost",
    "order_by_type": "asc",
    "include_total": False,
}

GRAPHS: Final = {
    "get_cost_analytics": "graphs/cost",
    "get_request_analytics": "graphs/requests",
    "get_token_analytics": "graphs/tokens",
    "get_latency_analytics": "graphs/latency",
    "get_error_analytics": "graphs/errors",
    "get_error_rate_analytics": "graphs/errors/rate",
    "get_cache_hit_latency": "graphs/cache/latency",
    "get_cache_hit_rate": "graphs/cache/hit-rate",
    "get_cache_summary": "summary/cache",
    "get_users_analytics": "graphs/users",
    "get_error_stacks_analytics": "graphs/errors/stacks",
    "get_error_status_codes_analytics": "graphs/errors/status-codes",
    "get_user_requests_analytics": "graphs/users/requests",
    "get_rescued_requests_analytics": "graphs/requests/rescued",
    "get_feedback_analytics": "graphs/feedbacks",
    "get_feedback_models_analytics": "graphs/feedbacks/ai-models",
    "get_feedback_scores_analytics": "graphs/feedbacks/scores",
    "get_feedback_weighted_analytics": "graphs/feedbacks/weighted",
}


def _call(tool: str, path: str, own: Given = NOTHING, more: Given = NOTHING) -> Call:
    return Call(
        tool=tool,
        minimal={**MINIMAL, **own},
        everything={**EVERYTHING, **own, **more},
        failing={**BACKWARDS, **own},
        sends=("GET", f"/v1/analytics/{path}"),
    )


CALLS: tuple[Call, ...] = (
    *(_call(tool, path) for tool, path in GRAPHS.items()),
    _call("get_analytics_group_users", "groups/users", more=PAGE),
    _call("get_analytics_group_models", "groups/ai-models", more=PAGE),
    _call("get_analytics_group_providers", "groups/provider", more={**PAGE, **BY_PROVIDER}),
    _call("get_analytics_group_metadata", "groups/metadata/team", {"metadata_key": "team"}, PAGE),
)
