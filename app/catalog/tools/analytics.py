"""Analytics: what models cost, how they perform and who uses them, over time and in groups.

Portkey offers them on the Enterprise plan only, for the requests of one workspace. Costs are in cents. The
endpoints are those of the API description: the documented names of some graphs answer 404.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import WithJsonSchema

from app.catalog.inputs import Encode, Folded, Identifier, Local, Paged, Unlisted, optional, required
from app.catalog.log_filters import MEMBERS, Filtered, LogFilters
from app.catalog.tool import Endpoint, Risk, Tool
from app.catalog.wire import comma_list

DOMAIN: Final = "analytics"

Column = Literal[
    "requests",
    "cost",
    "total_tokens",
    "avg_tokens",
    "avg_input_tokens",
    "avg_output_tokens",
    "avg_latency",
    "p95_latency",
    "p99_latency",
    "success_rate",
    "error_count",
    "cache_hit_rate",
    "last_seen",
    "first_seen",
]


class Cost(Filtered):
    filters: Annotated[LogFilters | None, Local(), Folded()] = optional(
        f"workspace_slug (else the default one). span_id, api_key_ids, {MEMBERS}"
    )


class Grouped(Filtered, Paged):
    # An answer with a further page names it.
    current_page: Annotated[int | None, Unlisted()] = optional("From 0.", ge=0)


class GroupedByProvider(Grouped):
    columns: Annotated[list[Column] | None, Encode(comma_list), Unlisted()] = optional(
        "Figures.", min_length=1
    )
    order_by: Annotated[Column | None, WithJsonSchema({"type": "string"})] = optional(
        "Such as cost, total_tokens, p95_latency, error_count."
    )
    order_by_type: Annotated[Literal["asc", "desc"] | None, Unlisted()] = optional("Order.")
    include_total: Annotated[bool | None, Unlisted()] = optional("Whether to count the groups.")


class GroupedByMetadata(Grouped):
    metadata_key: Identifier = required("Such as team.")


_COUNTED: Final = ("data.*.requests", "data.*.cost")
"""Portkey has these as text in the groups of users and models, and as numbers elsewhere."""


def _analytics(name: str, summary: str, path: str, inputs: type[Filtered] = Filtered) -> Tool:
    return Tool(
        name=name,
        domain=DOMAIN,
        summary=summary,
        risk=Risk.READ,
        scopes=("analytics.view",),
        enterprise=True,
        inputs=inputs,
        call=Endpoint("GET", f"/analytics/{path}", numbers=_COUNTED if path.startswith("groups/") else ()),
    )


TOOLS = (
    _analytics("get_cost_analytics", "Spend over time: cost in cents.", "graphs/cost", Cost),
    _analytics("get_request_analytics", "Usage over time: requests.", "graphs/requests"),
    _analytics("get_token_analytics", "Usage over time: tokens.", "graphs/tokens"),
    _analytics("get_latency_analytics", "Latency over time: ms on average, p50, p90, p99.", "graphs/latency"),
    _analytics("get_error_analytics", "Errors over time: failed requests.", "graphs/errors"),
    _analytics("get_error_rate_analytics", "Errors over time: percent of requests.", "graphs/errors/rate"),
    _analytics("get_cache_hit_latency", "Latency of cache hits over time.", "graphs/cache/latency"),
    _analytics("get_cache_hit_rate", "Cache hits over time: rate and savings.", "graphs/cache/hit-rate"),
    _analytics("get_cache_summary", "Cache hits in all: count and speedup.", "summary/cache"),
    _analytics("get_users_analytics", "Active users over time.", "graphs/users"),
    _analytics("get_error_stacks_analytics", "Errors over time by status code.", "graphs/errors/stacks"),
    _analytics("get_error_status_codes_analytics", "Errors by status code.", "graphs/errors/status-codes"),
    _analytics("get_user_requests_analytics", "Requests a user over time.", "graphs/users/requests"),
    _analytics(
        "get_rescued_requests_analytics",
        "Requests rescued by retry or fallback over time.",
        "graphs/requests/rescued",
    ),
    _analytics("get_feedback_analytics", "Feedback over time: count.", "graphs/feedbacks"),
    _analytics("get_feedback_models_analytics", "Feedback by model.", "graphs/feedbacks/ai-models"),
    _analytics("get_feedback_scores_analytics", "Feedback by score.", "graphs/feedbacks/scores"),
    _analytics(
        "get_feedback_weighted_analytics", "Weighted feedback over time.", "graphs/feedbacks/weighted"
    ),
    _analytics(
        "get_analytics_group_users", "Top users by requests, with cost in cents.", "groups/users", Grouped
    ),
    _analytics(
        "get_analytics_group_models",
        "Top models by requests, with cost in cents.",
        "groups/ai-models",
        Grouped,
    ),
    _analytics(
        "get_analytics_group_providers",
        "Top providers by cost (cents), usage, latency or errors.",
        "groups/provider",
        GroupedByProvider,
    ),
    _analytics(
        "get_analytics_group_metadata",
        "Spend (cents) and usage by a metadata key: team, _user.",
        "groups/metadata/{metadata_key}",
        GroupedByMetadata,
    ),
)
