"""What a rate limit tells the client.

RateLimit and RateLimit-Policy follow draft-ietf-httpapi-ratelimit-headers-10.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from app.web.errors import error_response

if TYPE_CHECKING:
    from starlette.responses import Response
    from starlette.types import Message, Scope

    from app.web.rate_limits.limits import Limit, Verdict

_RETRY_SECONDS: Final = 1
_NAMES: Final = ("RateLimit-Policy", "RateLimit")
_RAW_NAMES: Final = (b"ratelimit-policy", b"ratelimit")
_RATE_LIMIT: Final = _RAW_NAMES[1]
_QUOTAS_REMEMBERED: Final = 16


def rate_limit_headers(policy: str, limit: Limit, verdict: Verdict) -> dict[str, str]:
    """Describe a limit and how much of it is left.

    The quota is a full bucket, and its window the time that fills it. `t` is when the bucket will be full
    again or, while it is empty, when the next request will pass.
    """
    return {name: value.decode() for name, value in zip(_NAMES, _values(policy, limit, verdict), strict=True)}


def _values(policy: str, limit: Limit, verdict: Verdict) -> tuple[bytes, bytes]:
    left = max(0, int(verdict.tokens))
    if left:
        seconds = math.ceil((limit.capacity - verdict.tokens) / limit.rate)
    else:
        seconds = verdict.retry_after(limit)
    return _quota(policy, limit), f'"{policy}";r={left};t={max(0, seconds)}'.encode()


@lru_cache(_QUOTAS_REMEMBERED)
def _quota(policy: str, limit: Limit) -> bytes:
    window = max(1, math.ceil(limit.seconds_to_fill))
    return f'"{policy}";q={limit.capacity};w={window}'.encode()


def add_headers(message: Message, policy: str, limit: Limit, verdict: Verdict) -> None:
    """Describe a limit in the start of an answer, in place of what another limit said there."""
    others = [pair for pair in message.get("headers", ()) if pair[0] not in _RAW_NAMES]
    message["headers"] = [*others, *zip(_RAW_NAMES, _values(policy, limit, verdict), strict=True)]


def is_told(message: Message) -> bool:
    """Tell whether the start of an answer describes a limit already."""
    return any(name == _RATE_LIMIT for name, _ in message.get("headers", ()))


def rate_limited(scope: Scope, who: str, policy: str, limit: Limit, verdict: Verdict) -> Response:
    """Answer 429, with the time to wait."""
    seconds = verdict.retry_after(limit)
    unit = "second" if seconds == 1 else "seconds"
    return error_response(
        scope,
        429,
        "rate_limited",
        f"Too many requests {who}. Please try again in {seconds} {unit}.",
        headers={"Retry-After": str(seconds), **rate_limit_headers(policy, limit, verdict)},
    )


def undecided(scope: Scope) -> Response:
    """Answer 503: the limits cannot be read, and this server was told to refuse then."""
    return error_response(
        scope,
        503,
        "rate_limit_unavailable",
        "Rate limits cannot be checked right now, so nothing is served. Please try again in a few seconds.",
        headers={"Retry-After": str(_RETRY_SECONDS)},
    )
