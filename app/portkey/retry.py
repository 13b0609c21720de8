"""When a call may be repeated, and after how long."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Final

from app.portkey.transport import ConnectFailed, ConnectionLost, TransportError

MAX_RETRY_AFTER: Final = 86_400.0
_SECONDS: Final = re.compile(r"[0-9]{1,12}(?:\.[0-9]{1,6})?", re.ASCII)
_TRANSIENT: Final = frozenset(
    {HTTPStatus.BAD_GATEWAY, HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.GATEWAY_TIMEOUT}
)


def retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds to wait by the Retry-After header: delta seconds or an HTTP date, at most one day.

    None without the header or when it is unreadable; a date in the past is 0.
    """
    value = headers.get("retry-after", "").strip()
    if _SECONDS.fullmatch(value):
        return min(float(value), MAX_RETRY_AFTER)
    if not value or len(value) > len("Wednesday, 01-Jan-2025 00:00:00 +0000"):
        return None
    try:
        moment = parsedate_to_datetime(value)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        wait = (moment - now).total_seconds()
    except (ValueError, OverflowError):
        return None
    return min(max(math.ceil(wait), 0.0), MAX_RETRY_AFTER)


def may_repeat_after_status(status: int, *, write: bool, asked_to_wait: bool) -> bool:
    """A read on 429 and passing server trouble; a write only when Portkey itself names the time to repeat it.

    A 429 means that Portkey did not look at the request.
    """
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return asked_to_wait or not write
    return status in _TRANSIENT and not write


def may_repeat_after_failure(error: TransportError, *, write: bool) -> bool:
    """A read unless its answer was whole or its time is up; a write only when nothing of it was sent."""
    return isinstance(error, ConnectFailed) or (isinstance(error, ConnectionLost) and not write)
