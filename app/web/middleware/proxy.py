"""Puts the client's address in place of the proxy's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.web.forwarded import find_caller

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from app.web.trusted_proxies import TrustedProxies


class ProxyHeaders:
    """Sets scope["client"] and scope["scheme"] to those of the client behind trusted proxies.

    An IPv4 address that is mapped into IPv6 becomes a plain one. The port is 0 when no proxy told it.
    """

    def __init__(self, app: ASGIApp, *, trusted: TrustedProxies) -> None:
        self._app = app
        self._trusted = trusted

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] == "http":
            caller = find_caller(scope.get("client"), scope["headers"], self._trusted)
            if caller.address is not None:
                scope["client"] = (str(caller.address), caller.port)
            if caller.scheme is not None:
                scope["scheme"] = caller.scheme
        await self._app(scope, receive, send)
