"""Adds the headers that keep browsers and caches from doing harm with an answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Origin-Agent-Cluster": "?1",
    "X-DNS-Prefetch-Control": "off",
    "X-Permitted-Cross-Domain-Policies": "none",
}
_WITH_HSTS = _HEADERS | {"Strict-Transport-Security": "max-age=31536000; includeSubDomains"}
# What one caller gets must not be kept for another: the few answers that are for everybody say so.
_CACHE_CONTROL = "no-store"


def _raw(headers: Mapping[str, str]) -> tuple[tuple[bytes, bytes], ...]:
    named = {**headers, "Cache-Control": _CACHE_CONTROL}
    return tuple((name.lower().encode(), value.encode()) for name, value in named.items())


_RAW = _raw(_HEADERS)
_RAW_WITH_HSTS = _raw(_WITH_HSTS)


def security_headers(*, https: bool) -> Mapping[str, str]:
    """Return the headers that every answer has, by whether the client came over HTTPS."""
    return _WITH_HSTS if https else _HEADERS


class SecurityHeaders:
    """Sets each header that the answer does not set itself.

    Strict-Transport-Security only where scope["scheme"] is "https": the listener speaks TLS, or a trusted
    proxy in front does. Over plain HTTP browsers ignore it, and it would be wrong.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        https = scope.get("scheme") == "https"

        async def add(message: Message) -> None:
            if message["type"] == "http.response.start":
                add_security_headers(message, https=https)
            await send(message)

        await self._app(scope, receive, add)


def add_security_headers(message: Message, *, https: bool) -> None:
    """Set in the start of an answer what it does not set itself."""
    set_already = {name for name, _ in message.get("headers", ())}
    more = [pair for pair in (_RAW_WITH_HSTS if https else _RAW) if pair[0] not in set_already]
    message["headers"] = [*message.get("headers", ()), *more]
