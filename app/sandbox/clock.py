"""Time in the sandbox: an injectable clock, and the fixed days of the seed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

Clock: TypeAlias = Callable[[], datetime]

SEED_EPOCH = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)


def system_clock() -> datetime:
    """Return the current time in UTC."""
    return datetime.now(UTC)


def timestamp(moment: datetime) -> str:
    """Write `moment` the way Portkey does: ISO 8601 in UTC with milliseconds and a Z."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def seed_day(day: float) -> str:
    """Return the timestamp `day` days after the seed's fixed epoch."""
    return timestamp(SEED_EPOCH + timedelta(days=day))
