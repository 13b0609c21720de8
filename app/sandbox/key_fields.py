"""What the bodies of API keys, virtual keys and providers have in common: budget, throttles and expiry."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

from app.sandbox.clock import timestamp
from app.sandbox.errors import invalid
from app.sandbox.fields import Field, items
from app.sandbox.json_types import JsonValue, as_list, as_object
from app.sandbox.limits import RATE_LIMIT, USAGE_LIMIT
from app.sandbox.routing import Call

_EITHER: Final = ("periodic_reset", "periodic_reset_days")


def instant(*, nullable: bool = False) -> Field:
    """An ISO 8601 date and time."""

    def check(value: JsonValue, at: str) -> Iterator[str]:
        try:
            _parse(value)
        except (TypeError, ValueError):
            yield f"{at} must be an ISO 8601 date and time"

    return Field(check, nullable=nullable)


def in_future(call: Call, name: str, value: JsonValue) -> str | None:
    """Return an `instant` as Portkey writes it.

    Raises:
        ApiError: 400 if it has passed.
    """
    if value is None:
        return None
    moment = _parse(value)
    if moment <= call.moment:
        raise invalid([f"{name} must be in the future"])
    return timestamp(moment)


def has_passed(call: Call, end: JsonValue) -> bool:
    """Say whether a stored end is over."""
    return isinstance(end, str) and end <= call.now


def merged_budget(stored: JsonValue, given: JsonValue) -> JsonValue:
    """Return the usage limit after an update: what is not given stays, null ends it all."""
    if given is None:
        return None
    changes = as_object(given)
    result = {**as_object(stored), **changes}
    for name, other in (_EITHER, _EITHER[::-1]):
        if changes.get(name) and other not in changes:
            result.pop(other, None)
    return result


def throttles(given: JsonValue) -> JsonValue:
    """Return rate limits as they are answered: as an array, also when one was given without."""
    return [given] if isinstance(given, dict) else given


def _check_budget(value: JsonValue, at: str) -> Iterator[str]:
    yield from USAGE_LIMIT.check(value, at)
    if all(as_object(value).get(name) for name in _EITHER):
        yield f"{at}: periodic_reset and periodic_reset_days exclude each other"


def _check_throttles(value: JsonValue, at: str) -> Iterator[str]:
    yield from items(RATE_LIMIT).check(value if as_list(value) else throttles(value), at)


def _parse(value: JsonValue) -> datetime:
    if not isinstance(value, str):
        raise TypeError
    moment = datetime.fromisoformat(value)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


BUDGET: Final = Field(_check_budget, nullable=True)
THROTTLES: Final = Field(_check_throttles, nullable=True)
"""An array of rate limits, or one: the documented requests have one, the answers an array."""
