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


class Cors:
    """Names the caller's origin in the answer when it is on the list that the Origin check uses.

    Stands outside of everything that answers with an error, so that a page can read those too. Credentials
    (cookies) are never allowed: tokens travel in the Authorization header, which a page sets itself.
    """

    def __init__(self, app: ASGIApp, *, allowed: AllowList) -> None:
        self._app = app
        self._allowed = allowed
        self._exposed = ", ".join(EXPOSED)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        origins = [value.decode("latin-1") for name, value in scope["headers"] if name == b"origin"]
        origin = origins[0] if len(origins) == 1 and self._allowed.allows_origin(origins[0]) else None

        async def add(message: Message) -> None:
            if message["type"] == "http.response.start":
                sent = message.get("headers", ())
                if origin is None and not any(name == b"vary" for name, _ in sent):
                    message["headers"] = [*sent, (b"vary", b"Origin")]
                    await send(message)
                    return
                headers = MutableHeaders(scope=message)
                headers.add_vary_header("Origin")
                if origin is not None:
                    headers["Access-Control-Allow-Origin"] = origin
                    headers["Access-Control-Expose-Headers"] = self._exposed
            await send(message)

        await self._app(scope, receive, add)
