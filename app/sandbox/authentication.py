"""Middleware that asks for an API key."""

from __future__ import annotations

from typing import Final

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from app.sandbox.errors import ApiError
from app.sandbox.issued_keys import IssuedKeys
from app.sandbox.keys import find_key
from app.sandbox.routing import KEY_IN_SCOPE

KEY_HEADER: Final = "x-portkey-api-key"
_API_PREFIXES: Final = ("/v1/", "/v2/")


class Authentication:
    """Answers 401 unless a request below /v1 or /v2 carries a key the sandbox knows."""

    def __init__(self, app: ASGIApp, issued: IssuedKeys) -> None:
        self._app = app
        self._issued = issued

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] == "http" and scope["path"].startswith(_API_PREFIXES):
            secret = Headers(scope=scope).get(KEY_HEADER, "")
            key = find_key(secret) or self._issued.find(secret)
            if key is None:
                error = ApiError(401, f"Unauthorized. Send a valid API key in the header {KEY_HEADER}.")
                await error.response()(scope, receive, send)
                return
            scope[KEY_IN_SCOPE] = key
        await self._app(scope, receive, send)
