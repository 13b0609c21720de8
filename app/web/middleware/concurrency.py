"""Bounds how many requests to /mcp are being answered at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from app.web.errors import error_response

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.responses import Response
    from starlette.types import ASGIApp, Receive, Scope, Send

    from app.auth.principal import Principal
    from app.web.places import Places

_LISTEN: Final = (b"mcp-method", b"subscriptions/listen")
_RETRY: Final[Mapping[str, str]] = {"Retry-After": "1"}


class ConcurrencyLimit:
    """Answers 503 when this process has as many requests as it takes, 429 when a principal has its share.

    Streams that a client keeps open (GET, and `subscriptions/listen`) are counted by themselves, with the
    same bounds, so that idle listeners take no place from calls. Who is anonymous has no share of their own.
    """

    def __init__(self, app: ASGIApp, *, calls: Places, streams: Places) -> None:
        self._app = app
        self._calls = calls
        self._streams = streams

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        places = self._streams if _is_stream(scope) else self._calls
        owner = owner_of(scope["principal"])
        if not places.take(owner):
            await _refusal(scope, places)(scope, receive, send)
            return
        try:
            await self._app(scope, receive, send)
        finally:
            places.give_back(owner)


def owner_of(principal: Principal) -> str | None:
    """Return whose share a request counts for; None for nobody's."""
    return None if principal.kind == "anonymous" else principal.id


def _refusal(scope: Scope, places: Places) -> Response:
    if places.are_all_taken:
        return error_response(
            scope,
            503,
            "overloaded",
            f"This server answers {places.in_all} requests at once, its limit"
            " (MCP_MAX_CONCURRENT_REQUESTS). Please try again in a moment.",
            headers=_RETRY,
        )
    return error_response(
        scope,
        429,
        "too_many_concurrent_requests",
        f"You have {places.per_principal} requests in progress, the limit here"
        " (MCP_MAX_CONCURRENT_REQUESTS_PER_PRINCIPAL). Wait for some of them to be answered.",
        headers=_RETRY,
    )


def _is_stream(scope: Scope) -> bool:
    return scope["method"] == "GET" or _LISTEN in scope["headers"]
