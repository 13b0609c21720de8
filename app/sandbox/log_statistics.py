"""Figures over logged requests. Portkey gives whole numbers: cents, milliseconds, tokens, percent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import TypeAlias

from app.sandbox.json_types import JsonObject, JsonValue
from app.sandbox.traffic import Feedback, LoggedRequest

Requests: TypeAlias = Sequence[LoggedRequest]
Measure: TypeAlias = Callable[[Requests], JsonObject]

SIMPLE_HIT = "HIT"
SEMANTIC_HIT = "SEMANTIC HIT"


def average(values: Sequence[float]) -> int:
    """Return the rounded average, 0 of nothing."""
    return round(sum(values) / len(values)) if values else 0


def percent(part: int, whole: int) -> int:
    """Return a rounded percentage, 0 of nothing."""
    return round(100 * part / whole) if whole else 0


def percentile(values: Sequence[int], rank: int) -> int:
    """Return the value below which `rank` percent of the values lie, 0 of nothing."""
    ordered = sorted(values)
    return ordered[min(len(ordered) * rank // 100, len(ordered) - 1)] if ordered else 0


def cost(requests: Requests) -> int:
    """Return the cost in cents."""
    return sum(one.cost for one in requests)


def tokens(requests: Requests) -> int:
    """Return the tokens in and out."""
    return sum(one.total_units for one in requests)


def users(requests: Requests) -> Counter[str]:
    """Return how many requests each user made; users come from the metadata `_user`."""
    return Counter(one.metadata["_user"] for one in requests if "_user" in one.metadata)


def errors(requests: Requests) -> Counter[int]:
    """Return how often each status code other than success occurred."""
    return Counter(one.status for one in requests if not one.is_success)


def feedback(requests: Iterable[LoggedRequest]) -> list[Feedback]:
    """Return all feedback on the requests."""
    return [given for one in requests for given in one.feedback]


def weighted(given: Sequence[Feedback]) -> int:
    """Return the average of value times weight."""
    return average([one.value * one.weight for one in given])


def hits(requests: Requests) -> list[LoggedRequest]:
    """Return the requests that the cache answered."""
    return [one for one in requests if one.is_hit]


def request_count(requests: Requests) -> JsonObject:
    """Measure requests."""
    return {"total": len(requests)}


def cost_figures(requests: Requests) -> JsonObject:
    """Measure cost."""
    return {"total": cost(requests), "avg": average([one.cost for one in requests])}


def token_figures(requests: Requests) -> JsonObject:
    """Measure tokens."""
    return {"total": tokens(requests), "avg": average([one.total_units for one in requests])}


def latency_figures(requests: Requests) -> JsonObject:
    """Measure latency."""
    latencies = [one.latency for one in requests]
    ranks: JsonObject = {f"p{rank}": percentile(latencies, rank) for rank in (50, 90, 99)}
    return {"avg": average(latencies), **ranks}


def user_count(requests: Requests) -> JsonObject:
    """Measure users."""
    return {"total": len(users(requests))}


def requests_a_user(requests: Requests) -> JsonObject:
    """Measure requests by user."""
    by_user = users(requests)
    return {"total": by_user.total(), "unique": len(by_user), "avg": average([*by_user.values()])}


def error_count(requests: Requests) -> JsonObject:
    """Measure errors."""
    return {"total": errors(requests).total()}


def error_rate(requests: Requests) -> JsonObject:
    """Measure errors in percent of requests."""
    return {"rate": percent(errors(requests).total(), len(requests))}


def error_stack(requests: Requests) -> JsonObject:
    """Measure errors by status code."""
    stats: list[JsonValue] = [
        {"response_status_code": status, "count": count} for status, count in sorted(errors(requests).items())
    ]
    return {"stats": stats}


def rescued_count(requests: Requests) -> JsonObject:
    """Measure the requests that retries or a fallback rescued."""
    return {
        "retry": sum(one.retries > 0 for one in requests),
        "fallback": sum(one.fallback for one in requests),
    }


def rescued_stack(requests: Requests) -> JsonObject:
    """Measure them by the number of the retry that succeeded."""
    attempts = Counter(one.retries for one in requests if one.retries)
    retry: list[JsonValue] = [
        {"retry_success_count": attempt, "count": count} for attempt, count in sorted(attempts.items())
    ]
    return {"retry": retry, "fallback": sum(one.fallback for one in requests)}


def hit_rate(requests: Requests) -> JsonObject:
    """Measure cache hits, in all and in percent of requests."""
    found = len(hits(requests))
    return {"total": found, "rate": percent(found, len(requests))}


def hit_latency(requests: Requests) -> JsonObject:
    """Measure the latency of cache hits."""
    return {"avg": average([one.latency for one in hits(requests)])}


def feedback_count(requests: Requests) -> JsonObject:
    """Measure feedback."""
    return {"total": len(feedback(requests))}


def weighted_feedback(requests: Requests) -> JsonObject:
    """Measure value times weight."""
    return {"avg": weighted(feedback(requests))}
