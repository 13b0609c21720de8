"""Moments as people give them, in the one form Portkey takes everywhere."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Final

_RELATIVE: Final = re.compile(r"([+-])(\d{1,5})([smhdw])")
_UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_ACCEPTED: Final = "must be ISO 8601 such as 2026-03-01T00:00:00Z, or relative such as -7d, -24h, -30m or now"


def in_utc(text: str) -> str:
    """Return a moment as ISO 8601 in UTC with a Z.

    Args:
        text: ISO 8601 (UTC unless it says otherwise; a date alone is its first moment), or relative to now:
            a sign, a number and s, m, h, d or w; or `now`.

    Raises:
        ValueError: It is neither, or the moment lies outside the years 1 to 9999.
    """
    given = text.strip()
    try:
        moment = _relative(given) or datetime.fromisoformat(given)
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("lies outside the years 1 to 9999") from None
    except ValueError:
        raise ValueError(_ACCEPTED) from None
    return moment.isoformat().replace("+00:00", "Z")


def _relative(text: str) -> datetime | None:
    """Seconds are as fine as a moment relative to now gets."""
    now = datetime.now(UTC).replace(microsecond=0)
    if text.lower() == "now":
        return now
    found = _RELATIVE.fullmatch(text)
    if found is None:
        return None
    sign, number, unit = found.groups()
    distance = timedelta(**{_UNITS[unit]: int(number)})
    return now - distance if sign == "-" else now + distance
