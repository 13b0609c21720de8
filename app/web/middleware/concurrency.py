"""Bounds how many requests to /mcp are being answered at once."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from app.auth.principal import Principal
from app.web.errors import error_response

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.responses import Response
    from starlette.types import ASGIApp, Receive, Scope, Send

_LISTEN: Final = (b"mcp-method", b"subscriptions/listen")
_RETRY: Final[Mapping[str, str]] = {"Retry-After": "1"}


class _InProgress:
    def __init__(self) -> None:
        self.total = 0
        self.by_principal: Counter[str] = Counter()


class ConcurrencyLimit:
    """Answers 503 when this process has as many requests as it takes, 429 when a principal has its share.

    Streams that a client keeps open (GET, and `subscriptions/listen`) are counted by themselves, with the
    same bounds, so that idle listeners take no place from calls. Who is anonymous has no share of their own.
    """

    def __init__(self, app: ASGIApp, *, in_all: int, per_principal: int) -> None:
        self._app = app
        self._in_all = in_all
        self._per_principal = per_principal
        self._calls = _InProgress()
        self._streams = _InProgress()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        counted = self._streams if _is_stream(scope) else self._calls
        principal: Principal = scope["principal"]
        owner = None if principal.kind == "anonymous" else principal.id
        refusal = self._refusal(scope, counted, owner)
        if refusal is not None:
            await refusal(scope, receive, send)
            return
        counted.total += 1
        if owner is not None:
            counted.by_principal[owner] += 1
        try:
            await self._app(scope, receive, send)
        finally:
            counted.total -= 1
            if owner is not None:
                counted.by_principal[owner] -= 1
                if not counted.by_principal[owner]:
                    del counted.by_principal[owner]

    def _refusal(self, scope: Scope, counted: _InProgress, owner: str | None) -> Response | None:
        if counted.total >= self._in_all:
            return error_response(
                scope,
                503,
                "overloaded",
                f"This server answers {self._in_all} requests at once, its limit"
                " (MCP_MAX_CONCURRENT_REQUESTS). Please try again in a moment.",
                headers=_RETRY,
            )
        if owner is not None and counted.by_principal[owner] >= self._per_principal:
            return error_response(
                scope,
                429,
                "too_many_concurrent_requests",
                f"You have {self._per_principal} requests in progress, the limit here"
                " (MCP_MAX_CONCURRENT_REQUESTS_PER_PRINCIPAL). Wait for some of them to be answered.",
                headers=_RETRY,
            )
        return None


def _is_stream(scope: Scope) -> bool:
    return scope["method"] == "GET" or _LISTEN in scope["headers"]
