"""Counts each request for the metrics, when it ends."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from app.web import paths
from app.web.middleware.in_flight import is_listen

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from app.telemetry.metrics.metrics import Metrics

_NOT_LET_IN: Final = frozenset({"access_denied", "insufficient_scope", "authentication_unavailable"})


class Measure:
    """Counts requests by route and status, refusals by their code, and what is in progress."""

    def __init__(self, app: ASGIApp, *, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        route = paths.route_of(scope["path"])
        is_stream = route == paths.MCP and (scope["method"] == "GET" or is_listen(scope))
        status: int | None = None
        started = time.perf_counter()

        async def watch(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        self._metrics.began("stream" if is_stream else "call")
        try:
            await self._app(scope, receive, watch)
        finally:
            count(self._metrics, scope, status, time.perf_counter() - started, is_stream=is_stream)


def count(metrics: Metrics, scope: Scope, status: int | None, seconds: float, *, is_stream: bool) -> None:
    """Count a request that has ended; `status` is None when no answer had begun."""
    refusal: str | None = scope.get("refusal")
    metrics.answered(
        "stream" if is_stream else "call",
        route=paths.route_of(scope["path"]),
        status=status,
        seconds=seconds,
        refusal=refusal,
    )
    if refusal == "rate_limited":
        # The limit by address comes before anybody looks who calls.
        metrics.rate_limited("principal" if "principal" in scope else "address")
    elif refusal == "unauthorized":
        presented = any(name == b"authorization" for name, _ in scope["headers"])
        metrics.not_let_in("invalid_token" if presented else "no_token")
    elif refusal in _NOT_LET_IN:
        metrics.not_let_in(refusal)
