"""Answers the question that a browser asks before it sends a page's request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from starlette.datastructures import Headers
from starlette.responses import Response

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

ALLOWED_METHODS: Final = "GET, POST, DELETE, OPTIONS"
ALLOWED_HEADERS: Final = (
    "authorization",
    "content-type",
    "accept",
    "last-event-id",
    "x-request-id",
    "mcp-session-id",
    "mcp-protocol-version",
    "mcp-method",
    "mcp-name",
    "x-portkey-api-key",
)
_MAX_AGE_SECONDS: Final = 7200
"""Chromium remembers an answer no longer than this."""


class Preflight:
    """Answers a CORS preflight with 204: which methods and headers a page may use, on every path.

    Allowed are the headers that MCP clients send, and of those that are asked for all that begin with `mcp-`.
    Stands behind the Origin and Host checks; `Cors` adds which origin the answer is for.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or scope["method"] != "OPTIONS":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        if "origin" not in headers or "access-control-request-method" not in headers:
            await self._app(scope, receive, send)
            return
        asked = headers.get("access-control-request-headers", "").lower().split(",")
        of_mcp = (name.strip() for name in asked if _is_mcp_header(name.strip()))
        response = Response(
            status_code=204,
            headers={
                "Access-Control-Allow-Methods": ALLOWED_METHODS,
                "Access-Control-Allow-Headers": ", ".join(dict.fromkeys([*ALLOWED_HEADERS, *of_mcp])),
                "Access-Control-Max-Age": str(_MAX_AGE_SECONDS),
                "Vary": "Access-Control-Request-Method, Access-Control-Request-Headers",
            },
        )
        await response(scope, receive, send)


def _is_mcp_header(name: str) -> bool:
    return name.startswith("mcp-") and name.isascii() and name.replace("-", "").replace("_", "").isalnum()
