"""Lets pages of welcome origins read the answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from starlette.datastructures import MutableHeaders

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from app.web.allow_list import AllowList

EXPOSED: Final = (
    "Mcp-Session-Id",
    "MCP-Protocol-Version",
    "WWW-Authenticate",
    "Retry-After",
    "X-Request-Id",
    "RateLimit",
    "RateLimit-Policy",
)
_EXPOSED: Final = ", ".join(EXPOSED)


class Cors:
    """Names the caller's origin in the answer when it is on the list that the Origin check uses.

    Stands outside of everything that answers with an error, so that a page can read those too. Credentials
    (cookies) are never allowed: tokens travel in the Authorization header, which a page sets itself.
    """

    def __init__(self, app: ASGIApp, *, allowed: AllowList) -> None:
        self._app = app
        self._allowed = allowed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        origin = welcome_origin(scope, self._allowed)

        async def add(message: Message) -> None:
            if message["type"] == "http.response.start":
                add_cors(message, origin)
            await send(message)

        await self._app(scope, receive, add)


def welcome_origin(scope: Scope, allowed: AllowList) -> str | None:
    """Return the origin whose pages may read the answer, as the request names it."""
    origins = [value.decode("latin-1") for name, value in scope["headers"] if name == b"origin"]
    return origins[0] if len(origins) == 1 and allowed.allows_origin(origins[0]) else None


def add_cors(message: Message, origin: str | None) -> None:
    """Say in the start of an answer which pages may read it."""
    headers = MutableHeaders(scope=message)
    headers.add_vary_header("Origin")
    if origin is not None:
        headers["Access-Control-Allow-Origin"] = origin
        headers["Access-Control-Expose-Headers"] = _EXPOSED
