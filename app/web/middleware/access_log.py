"""Writes one line for each request, when it ends."""

from __future__ import annotations

import re
import time
from http import HTTPStatus
from typing import TYPE_CHECKING

import structlog

from app.auth.principal import Principal
from app.web import paths

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

_MAX_PATH = 200
_MAX_HEADER = 64
_UNPRINTABLE = re.compile(r"[^\x21-\x7e]")
_LOGGED_HEADERS = {b"mcp-method": "mcp_method", b"mcp-name": "mcp_name"}


def _printable(text: str, limit: int) -> str:
    text = text[:limit]
    if text.isascii() and text.isprintable() and " " not in text:
        return text
    return _UNPRINTABLE.sub("?", text)


class AccessLog:
    """Logs address, method, path, status, duration, bytes sent, principal and its rule, and what was called.

    Never logs the query string, bodies or credentials. Probes are logged at debug level. `outcome` tells
    whether the answer was "completed", the client went away ("disconnected") or the request broke off
    in another way ("aborted"); `status` is None when no answer had begun.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._log: structlog.typing.FilteringBoundLogger = structlog.get_logger("app.web.access")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        status: int | None = None
        sent_bytes = 0
        completed = disconnected = False

        async def watch_send(message: Message) -> None:
            nonlocal status, sent_bytes, completed
            await send(message)
            if message["type"] == "http.response.start":
                status = message["status"]
            elif message["type"] == "http.response.body":
                sent_bytes += len(message.get("body", b""))
                completed = not disconnected and not message.get("more_body", False)

        async def watch_receive() -> Message:
            nonlocal disconnected
            message = await receive()
            if message["type"] == "http.disconnect" and not completed:
                disconnected = True
            return message

        try:
            await self._app(scope, watch_receive, watch_send)
        finally:
            outcome = "completed" if completed else "disconnected" if disconnected else "aborted"
            self._write(scope, status, time.perf_counter() - started, sent_bytes, outcome)

    def _write(self, scope: Scope, status: int | None, seconds: float, sent_bytes: int, outcome: str) -> None:
        path: str = scope["path"]
        principal = scope.get("principal")
        fields: dict[str, str] = {
            field: _printable(value.decode("latin-1"), _MAX_HEADER)
            for name, value in scope["headers"]
            if (field := _LOGGED_HEADERS.get(name))
        }
        if isinstance(principal, Principal):
            fields["principal"] = principal.id
        if rule := scope.get("rule"):
            fields["rule"] = rule
        if path in paths.PROBES:
            write = self._log.debug
        elif status is not None and status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            write = self._log.warning
        else:
            write = self._log.info
        client = scope.get("client")
        write(
            "http_request",
            client=_printable(client[0], _MAX_HEADER) if client else None,
            method=_printable(scope["method"], _MAX_HEADER),
            path=_printable(path, _MAX_PATH),
            status=status,
            duration_ms=round(seconds * 1000, 2),
            bytes=sent_bytes,
            outcome=outcome,
            **fields,
        )
