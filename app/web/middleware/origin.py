"""Refuses requests that a foreign web page makes its visitor's browser send."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from app.web import paths
from app.web.errors import error_response

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from app.web.allow_list import AllowList


class OriginGuard:
    """Answers 403 unless each Origin header is on the list. No header is fine; probes are exempt.

    Stands before the Host check: MCP (2025-11-25, Streamable HTTP) asks for 403 when the Origin is
    invalid, whatever else is wrong.
    """

    def __init__(self, app: ASGIApp, *, allowed: AllowList) -> None:
        self._app = app
        self._allowed = allowed
        self._log: structlog.typing.FilteringBoundLogger = structlog.get_logger("app.web")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or scope["path"] in paths.PROBES:
            await self._app(scope, receive, send)
            return
        origins = [value.decode("latin-1") for name, value in scope["headers"] if name == b"origin"]
        if all(map(self._allowed.allows_origin, origins)):
            await self._app(scope, receive, send)
            return
        self._log.warning("origin_refused", origin=ascii(origins[0][:100]))
        response = error_response(
            scope,
            403,
            "origin_not_allowed",
            "Web pages of this origin may not call this server. Its operator can add it to ALLOWED_ORIGINS.",
        )
        await response(scope, receive, send)
