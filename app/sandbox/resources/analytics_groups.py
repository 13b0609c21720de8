"""Analytics by user, model, provider or metadata value: `/v1/analytics/groups`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from app.sandbox import log_statistics as statistics
from app.sandbox.clock import timestamp
from app.sandbox.errors import invalid
from app.sandbox.filters import Filters
from app.sandbox.json_types import JsonObject, JsonValue
from app.sandbox.log_query import read_query, workspace_slug
from app.sandbox.log_statistics import Requests
from app.sandbox.logged import moment_of
from app.sandbox.routing import Call, Route
from app.sandbox.store import Store
from app.sandbox.traffic import LoggedRequest

_DEFAULT_PAGE_SIZE: Final = 50
_COLUMNS: Final[Mapping[str, Callable[[Requests], JsonValue]]] = {
    "requests": len,
    "cost": statistics.cost,
    "total_tokens": statistics.tokens,
    "avg_tokens": lambda requests: statistics.average([one.total_units for one in requests]),
    "avg_input_tokens": lambda requests: statistics.average([one.req_units for one in requests]),
    "avg_output_tokens": lambda requests: statistics.average([one.res_units for one in requests]),
    "avg_latency": lambda requests: statistics.average([one.latency for one in requests]),
    "p95_latency": lambda requests: statistics.percentile([one.latency for one in requests], 95),
    "p99_latency": lambda requests: statistics.percentile([one.latency for one in requests], 99),
    "success_rate": lambda requests: (
        100 - statistics.percent(statistics.errors(requests).total(), len(requests))
    ),
    "error_count": lambda requests: statistics.errors(requests).total(),
    "cache_hit_rate": lambda requests: statistics.percent(len(statistics.hits(requests)), len(requests)),
    "last_seen": lambda requests: _seen(requests, max),
    "first_seen": lambda requests: _seen(requests, min),
}


def by_user(call: Call) -> JsonObject:
    """Group by the metadata `_user`; the figures are texts, as Portkey has them here."""
    groups = _groups(call, lambda one: one.metadata.get("_user"))
    return _listing(call, [{"user": user, **_text_figures(requests)} for user, requests in groups])


def by_model(call: Call) -> JsonObject:
    """Group by model; the figures are texts, as Portkey has them here."""
    groups = _groups(call, lambda one: one.model)
    return _listing(call, [{"ai_model": model, **_text_figures(requests)} for model, requests in groups])


def by_metadata(call: Call) -> JsonObject:
    """Group by the values of one metadata key; requests without it are in no group."""
    groups = _groups(call, lambda one: one.metadata.get(call.params["key"]))
    return _listing(call, [_metadata_group(value, requests) for value, requests in groups])


def by_provider(call: Call) -> JsonObject:
    """Group by provider, with the columns and in the order that the query names."""
    filters = Filters(
        call.query, choices={"order_by_type": ("asc", "desc"), "include_total": ("true", "false")}
    )
    columns = filters.many("columns") or ["requests", "cost"]
    order_by = filters.one("order_by") or "requests"
    if unknown := [name for name in (*columns, order_by) if name not in _COLUMNS]:
        raise invalid([f"{name} is not one of the columns {', '.join(_COLUMNS)}" for name in unknown])
    groups = _groups(call, lambda one: one.provider)
    descending = filters.one("order_by_type") != "asc"
    groups.sort(key=lambda group: _sortable(_COLUMNS[order_by](group[1])), reverse=descending)
    data: list[JsonObject] = [
        {"provider": provider, **{name: _COLUMNS[name](requests) for name in columns}}
        for provider, requests in groups
    ]
    listing = _listing(call, data)
    if filters.one("include_total") == "false":
        del listing["total"]
    return listing


def seed(store: Store) -> None:
    """Add nothing: the traffic is made when it is looked at."""


def _groups(call: Call, key: Callable[[LoggedRequest], str | None]) -> list[tuple[str, list[LoggedRequest]]]:
    """Return the groups of the requests that match, the one with the most first."""
    found: dict[str, list[LoggedRequest]] = {}
    for one in read_query(call.query).select(call, workspace_slug(call)):
        if (name := key(one)) is not None:
            found.setdefault(name, []).append(one)
    return sorted(found.items(), key=lambda group: (-len(group[1]), group[0]))


def _listing(call: Call, groups: list[JsonObject]) -> JsonObject:
    filters = Filters(call.query, default_size=_DEFAULT_PAGE_SIZE)
    return filters.listing([{**group, "object": "analytics-group"} for group in groups])


def _text_figures(requests: Requests) -> JsonObject:
    return {"requests": str(len(requests)), "cost": str(statistics.cost(requests))}


def _metadata_group(value: str, requests: Requests) -> JsonObject:
    return {
        "metadata_value": value,
        "requests": len(requests),
        "cost": statistics.cost(requests),
        "avg_tokens": statistics.average([one.total_units for one in requests]),
        "avg_weighted_feedback": statistics.weighted(statistics.feedback(requests)),
        "requests_with_feedback": sum(bool(one.feedback) for one in requests),
        "last_seen": _seen(requests, max),
    }


def _sortable(figure: JsonValue) -> tuple[float, str]:
    return (figure, "") if isinstance(figure, int | float) else (0, str(figure))


def _seen(requests: Requests, pick: Callable[..., LoggedRequest]) -> str:
    return timestamp(moment_of(pick(requests, key=lambda one: one.at)))


_BASE: Final = "/v1/analytics/groups"

ROUTES: Final = (
    Route("GET", f"{_BASE}/users", "analytics.view", by_user),
    Route("GET", f"{_BASE}/ai-models", "analytics.view", by_model),
    Route("GET", f"{_BASE}/provider", "analytics.view", by_provider),
    Route("GET", f"{_BASE}/metadata/{{key}}", "analytics.view", by_metadata),
)
