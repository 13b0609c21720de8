"""/metrics: on a port of its own, or on that of the service for who has the token."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Final

import structlog
import uvicorn
from starlette.responses import Response

from app.auth.bearer import AuthorizationHeaderError, parse_authorization
from app.web import paths
from app.web.errors import error_response
from app.web.http_protocol import BoundedHttpProtocol
from app.web.listening import bind

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Generator

    from starlette.types import ASGIApp, Receive, Scope, Send

    from app.auth.verifier import TokenVerifier
    from app.telemetry.metrics.metrics import Metrics

_CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
_KEEP_ALIVE_SECONDS: Final = 75
_MOST_CONNECTIONS: Final = 32


class MetricsEndpoint:
    """An ASGI application that answers GET with the metrics.

    Args:
        metrics: What to tell.
        verifier: Checks the bearer token that a caller must present; None lets everybody read.
    """

    def __init__(self, metrics: Metrics, verifier: TokenVerifier | None) -> None:
        self._metrics = metrics
        self._verifier = verifier

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        response: Response
        if scope["path"] not in paths.spellings(paths.METRICS):
            response = error_response(scope, 404, "not_found", "There are only metrics here, at /metrics.")
        elif scope["method"] != "GET":
            response = error_response(scope, 405, "method_not_allowed", "Use GET.", headers={"Allow": "GET"})
        elif not await self._may_read(scope):
            response = error_response(
                scope,
                401,
                "unauthorized",
                "Metrics need the token of MCP_METRICS_TOKEN: send 'Authorization: Bearer <token>'.",
                headers={"WWW-Authenticate": "Bearer"},
            )
        else:
            response = Response(
                self._metrics.render(), media_type=_CONTENT_TYPE, headers={"Cache-Control": "no-store"}
            )
        await response(scope, receive, send)

    async def _may_read(self, scope: Scope) -> bool:
        if self._verifier is None:
            return True
        values = [value for name, value in scope["headers"] if name == b"authorization"]
        try:
            token = parse_authorization(values[0]) if len(values) == 1 else ""
            return await self._verifier.verify(token) is not None
        except AuthorizationHeaderError:
            return False


@asynccontextmanager
async def metrics_listener(app: ASGIApp, *, host: str, port: int) -> AsyncIterator[int]:
    """Serve `app` at an address of its own within this context, which is given the port.

    Raises:
        BindError: The address cannot be listened on.
    """
    sockets = bind(host, port)
    taken: int = sockets[0].getsockname()[1]
    server = _Listener(
        uvicorn.Config(
            app,
            http=BoundedHttpProtocol,
            ws="none",
            lifespan="off",
            access_log=False,
            server_header=False,
            proxy_headers=False,
            log_config=None,
            log_level="warning",
            limit_concurrency=_MOST_CONNECTIONS,
            timeout_keep_alive=_KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=1,
        )
    )
    serving = asyncio.create_task(server.serve(sockets=sockets))
    structlog.get_logger("app.web").info("metrics_served", host=host, port=taken)
    try:
        yield taken
    finally:
        server.should_exit = True
        await asyncio.gather(serving, return_exceptions=True)
        for one in sockets:
            one.close()


class _Listener(uvicorn.Server):
    """Leaves the signals to the server of the service."""

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield
