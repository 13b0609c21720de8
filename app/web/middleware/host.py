"""Refuses requests for a name that is not ours: the mark of DNS rebinding."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from app.web import paths
from app.web.errors import error_response

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from app.web.allow_list import AllowList


class HostGuard:
    """Answers 421 unless there is exactly one Host header and it is on the list. Probes are exempt."""

    def __init__(self, app: ASGIApp, *, allowed: AllowList) -> None:
        self._app = app
        self._allowed = allowed
        self._log: structlog.typing.FilteringBoundLogger = structlog.get_logger("app.web")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or scope["path"] in paths.PROBES:
            await self._app(scope, receive, send)
            return
        hosts = _hosts(scope)
        if is_host_welcome(scope, self._allowed):
            await self._app(scope, receive, send)
            return
        self._log.warning("host_refused", host=ascii(hosts[0][:100]) if hosts else None)
        response = error_response(
            scope,
            421,
            "host_not_allowed",
            "This server does not answer to that host name. "
            "Its operator can add the name to MCP_ALLOWED_HOSTS.",
        )
        await response(scope, receive, send)


def is_host_welcome(scope: Scope, allowed: AllowList) -> bool:
    """Tell whether a request names one host, which is on the list."""
    hosts = _hosts(scope)
    return len(hosts) == 1 and allowed.allows_host(hosts[0])


def _hosts(scope: Scope) -> list[str]:
    return [value.decode("latin-1") for name, value in scope["headers"] if name == b"host"]
