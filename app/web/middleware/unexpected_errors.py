"""Answers 500 for what nobody caught, without a word about the inside."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from app.web.errors import error_response

if TYPE_CHECKING:
    from starlette.responses import Response
    from starlette.types import ASGIApp, Message, Receive, Scope, Send


class UnexpectedErrors:
    """Logs an uncaught exception under the request id and answers with that id.

    An exception after the answer has begun is raised on, so that the server breaks the connection off
    instead of passing half an answer for a whole one.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._log: structlog.typing.FilteringBoundLogger = structlog.get_logger("app.web")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = False

        async def watch(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self._app(scope, receive, watch)
        except Exception:
            self._log.exception("request_failed")
            if started:
                raise
            await internal_error(scope)(scope, receive, send)


def internal_error(scope: Scope) -> Response:
    """Build the answer to a request that failed for a reason of our own."""
    return error_response(
        scope,
        500,
        "internal_error",
        "Something went wrong on our side. The request_id finds the cause in the server's log.",
    )
