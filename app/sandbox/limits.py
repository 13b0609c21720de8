"""Usage and rate limits as several domains take them in their bodies."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from app.sandbox.fields import Field, items, number, record, text
from app.sandbox.json_types import JsonValue, as_object

_USAGE_LIMIT: Final = record(
    {
        "type": text(choices=("cost", "tokens")),
        "credit_limit": number(1),
        "alert_threshold": number(1, nullable=True),
        "periodic_reset": text(choices=("monthly", "weekly"), nullable=True),
        "periodic_reset_days": number(1, 365, whole=True, nullable=True),
        "next_usage_reset_at": text(nullable=True),
    }
)


def _check_usage_limit(value: JsonValue, at: str) -> Iterator[str]:
    yield from _USAGE_LIMIT.check(value, at)
    limit = as_object(value)
    credit, alert = limit.get("credit_limit"), limit.get("alert_threshold")
    if isinstance(credit, int | float) and isinstance(alert, int | float) and alert >= credit:
        yield f"{at}.alert_threshold must be below credit_limit"


USAGE_LIMIT: Final = Field(_check_usage_limit)
RATE_LIMIT: Final = record(
    {
        "type": text(choices=("requests", "tokens"), required=True),
        "unit": text(choices=("rpm", "rph", "rpd"), required=True),
        "value": number(0, whole=True, required=True),
    }
)
LIMITS: Final[dict[str, Field]] = {
    "usage_limits": items(USAGE_LIMIT, nullable=True),
    "rate_limits": items(RATE_LIMIT, nullable=True),
}
