"""Analytics over time: `/v1/analytics/graphs` and `/v1/analytics/summary`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from app.sandbox import log_statistics as statistics
from app.sandbox.clock import timestamp
from app.sandbox.json_types import JsonObject
from app.sandbox.log_query import read_query, workspace_slug
from app.sandbox.log_statistics import Measure, Requests
from app.sandbox.routing import Call, Handler, Route
from app.sandbox.store import Store
from app.sandbox.traffic import LoggedRequest, milliseconds, oldest

_MINUTE: Final = 60_000
_HOUR: Final = 60 * _MINUTE
_DAY: Final = 24 * _HOUR
# The width of a bucket for periods up to this length, in milliseconds.
_BUCKETS: Final = (
    (_HOUR, _MINUTE),
    (6 * _HOUR, 15 * _MINUTE),
    (3 * _DAY, _HOUR),
    (100 * _DAY, _DAY),
)
_WEEK: Final = 7 * _DAY


@dataclass(frozen=True, slots=True)
class _Selection:
    """The requests a graph is about, and the period that it shows."""

    requests: Requests
    first: int
    last: int

    def buckets(self) -> Iterator[tuple[str, list[LoggedRequest]]]:
        """Yield start and requests of each equal part of the period, empty ones too, aligned to UTC."""
        length = self.last - self.first
        width = next((width for longest, width in _BUCKETS if length <= longest), _WEEK)
        filled: dict[int, list[LoggedRequest]] = {}
        for one in self.requests:
            filled.setdefault(one.at // width, []).append(one)
        for number in range(self.first // width, self.last // width + 1):
            yield timestamp(datetime.fromtimestamp(number * width / 1000, UTC)), filled.get(number, [])


def _select(call: Call) -> _Selection:
    query = read_query(call.query)
    requests = sorted(query.select(call, workspace_slug(call)), key=lambda one: one.at)
    # Nothing is known from before the stream but what was inserted then, nor from the future.
    known_since = min([milliseconds(oldest(call.moment)), *(one.at for one in requests[:1])])
    now = milliseconds(call.moment)
    last = now if query.last is None else min(query.last, now)
    return _Selection(requests, max(query.first, known_since), last)


def _over_time(summary: Measure, point: Measure | None = None) -> Handler:
    """Return a handler that measures the whole period, and each part of it."""
    measure = point or summary

    def handler(call: Call) -> JsonObject:
        selection = _select(call)
        points = [{"timestamp": start, **measure(part)} for start, part in selection.buckets()]
        return _graph(summary(selection.requests), points)

    return handler


def _graph(summary: JsonObject, points: list[JsonObject]) -> JsonObject:
    return {"summary": summary, "data_points": [*points], "object": "analytics-graph"}


def status_codes(call: Call) -> JsonObject:
    """Count the errors by status code, the most frequent first."""
    found = statistics.errors(_select(call).requests)
    points: list[JsonObject] = [
        {"status_code": status, "count": count} for status, count in found.most_common()
    ]
    return _graph({"total_errors": found.total(), "unique_error_codes": len(found)}, points)


def cache_hit_rate(call: Call) -> JsonObject:
    """Measure the cache over time, with what it saved since the beginning of the period."""
    selection = _select(call)
    saved: Counter[str] = Counter()
    points: list[JsonObject] = []
    for start, part in selection.buckets():
        hits = statistics.hits(part)
        kinds = Counter(one.cache for one in hits)
        for one in hits:
            saved[one.cache] += one.saved
        points.append(
            {
                "timestamp": start,
                "simple_hits": kinds[statistics.SIMPLE_HIT],
                "semantic_hits": kinds[statistics.SEMANTIC_HIT],
                "rate": statistics.percent(len(hits), len(part)),
                "cumulative_simple_cache_savings": saved[statistics.SIMPLE_HIT],
                "cumulative_semantic_cache_savings": saved[statistics.SEMANTIC_HIT],
            }
        )
    return _graph(statistics.hit_rate(selection.requests), points)


def feedback_scores(call: Call) -> JsonObject:
    """Count the feedback by value."""
    given = statistics.feedback(_select(call).requests)
    scores = Counter(one.value for one in given)
    points: list[JsonObject] = [{"score": score, "total": total} for score, total in sorted(scores.items())]
    return _graph({"total": len(given)}, points)


def feedback_models(call: Call) -> JsonObject:
    """Measure the feedback by model."""
    requests = _select(call).requests
    by_model: dict[str, list[LoggedRequest]] = {}
    for one in requests:
        if one.feedback:
            by_model.setdefault(one.model, []).append(one)
    points: list[JsonObject] = []
    for model, its_requests in sorted(by_model.items()):
        given = statistics.feedback(its_requests)
        average = statistics.weighted(given)
        points.append({"ai_model": model, "total": len(given), "avg_weighted_feedback": average})
    return _graph(statistics.feedback_count(requests), points)


def cache_summary(call: Call) -> JsonObject:
    """Sum up the cache: hits, their latency, and how much faster they are than answers of the models."""
    requests = _select(call).requests
    hits = statistics.hits(requests)
    hit_latency = statistics.average([one.latency for one in hits])
    other_latency = statistics.average([one.latency for one in requests if not one.is_hit])
    summary: JsonObject = {
        "hits": len(hits),
        "avg_latency": hit_latency,
        "total_requests": len(requests),
        "cache_speedup": statistics.percent(other_latency - hit_latency, other_latency) if hits else 0,
    }
    return {"summary": summary, "object": "analytics-summary"}


def seed(store: Store) -> None:
    """Add nothing: the traffic is made when it is looked at."""


def _average_only(measure: Measure) -> Measure:
    return lambda requests: {"avg": measure(requests)["avg"]}


_GRAPHS: Final[dict[str, Handler]] = {
    "requests": _over_time(statistics.request_count),
    "cost": _over_time(statistics.cost_figures),
    "latency": _over_time(statistics.latency_figures),
    "tokens": _over_time(statistics.token_figures),
    "users": _over_time(statistics.user_count),
    "users/requests": _over_time(statistics.requests_a_user, _average_only(statistics.requests_a_user)),
    "errors": _over_time(statistics.error_count),
    "errors/rate": _over_time(statistics.error_rate),
    "errors/stacks": _over_time(statistics.error_count, statistics.error_stack),
    "errors/status-codes": status_codes,
    "requests/rescued": _over_time(statistics.rescued_count, statistics.rescued_stack),
    "cache/hit-rate": cache_hit_rate,
    "cache/latency": _over_time(statistics.hit_latency),
    "feedbacks": _over_time(statistics.feedback_count),
    "feedbacks/scores": feedback_scores,
    "feedbacks/weighted": _over_time(statistics.weighted_feedback),
    "feedbacks/ai-models": feedback_models,
}

ROUTES: Final = (
    *(Route("GET", f"/v1/analytics/graphs/{name}", "analytics.view", one) for name, one in _GRAPHS.items()),
    Route("GET", "/v1/analytics/summary/cache", "analytics.view", cache_summary),
)
