"""The OAuth metadata documents, from which a client that knows only our address learns where to sign in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import orjson
from starlette.responses import Response

from app.auth.verifier import VerifierUnavailableError
from app.web import paths
from app.web.errors import error_response

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from app.web.discovery import Discovery

RESOURCE_NAME: Final = "Portkey Admin MCP"
_METHODS: Final = "GET, HEAD, OPTIONS"
_RETRY_SECONDS: Final = "5"
# Any page may read them: they are the same for everybody, and browser clients need them before they sign in.
_OPEN_TO_ALL: Final = {"Access-Control-Allow-Origin": "*", "Cross-Origin-Resource-Policy": "cross-origin"}


class OAuthMetadata:
    """Answers for the metadata paths, and passes everything else on.

    Stands before the Origin and Host checks, which these documents do not need.

    - Protected-resource metadata (RFC 9728), at its root path and at the one for /mcp.
    - Authorization-server metadata (RFC 8414), passed on for clients of MCP 2025-03-26, which look here.

    Args:
        app: Serves all other paths.
        discovery: The authorization server.
        endpoint: The advertised URL of the MCP endpoint.
    """

    def __init__(self, app: ASGIApp, *, discovery: Discovery, endpoint: str) -> None:
        self._app = app
        self._server_metadata = discovery.server_metadata
        self._resource = orjson.dumps(
            {
                "resource": endpoint,
                "authorization_servers": [discovery.issuer],
                "scopes_supported": discovery.scopes,
                "bearer_methods_supported": ["header"],
                "resource_name": RESOURCE_NAME,
            }
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or scope["path"] not in paths.METADATA:
            await self._app(scope, receive, send)
            return
        response = await self._answer(scope)
        for name, value in _OPEN_TO_ALL.items():
            response.headers.setdefault(name, value)
        await response(scope, receive, send)

    async def _answer(self, scope: Scope) -> Response:
        if scope["method"] == "OPTIONS":
            return _preflight()
        if scope["method"] not in {"GET", "HEAD"}:
            message = f"{scope['method']} does not work here. Use {_METHODS}."
            return error_response(scope, 405, "method_not_allowed", message, headers={"Allow": _METHODS})
        if scope["path"] in paths.RESOURCE_METADATA:
            return _document(self._resource, max_age=3600)
        try:
            return _document(orjson.dumps(await self._server_metadata.document()), max_age=600)
        except VerifierUnavailableError:
            return error_response(
                scope,
                503,
                "authorization_server_unavailable",
                "The authorization server gives no metadata right now. Please try again in a few seconds.",
                headers={"Retry-After": _RETRY_SECONDS},
            )


def _document(body: bytes, *, max_age: int) -> Response:
    return Response(
        body, media_type="application/json", headers={"Cache-Control": f"public, max-age={max_age}"}
    )


def _preflight() -> Response:
    return Response(
        status_code=204,
        headers={
            "Access-Control-Allow-Methods": _METHODS,
            "Access-Control-Allow-Headers": "*",
            "Access-Control-Max-Age": "7200",
        },
    )
