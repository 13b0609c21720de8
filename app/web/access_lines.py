"""The line that the log has for each request."""

from __future__ import annotations

import re
from functools import lru_cache
from http import HTTPStatus
from typing import TYPE_CHECKING

from app.auth.principal import Principal
from app.telemetry.events import Events
from app.web import paths

if TYPE_CHECKING:
    from starlette.types import Scope

    from app.telemetry.events import Level

_MAX_PATH = 200
_MAX_HEADER = 64
_REMEMBERED = 1024
_UNPRINTABLE = re.compile(r"[^\x21-\x7e]")
_LOGGED_HEADERS = {b"mcp-method": "mcp_method", b"mcp-name": "mcp_name"}


@lru_cache(_REMEMBERED)
def _printable(text: str) -> str:
    return _UNPRINTABLE.sub("?", text)


class AccessLines:
    """Logs address, method, path, status, duration, bytes sent, principal and its rule, and what was called.

    Never logs the query string, bodies or credentials. Probes are logged at debug level. `outcome` tells
    whether the answer was "completed", the client went away ("disconnected") or the request broke off
    in another way ("aborted"); `status` is None when no answer had begun.
    """

    def __init__(self) -> None:
        self._events = Events()

    def write(self, scope: Scope, status: int | None, seconds: float, sent_bytes: int, outcome: str) -> None:
        """Write the line of a request that has ended.

        Args:
            scope: The request.
            status: Of its answer; None when none had begun.
            seconds: How long it took.
            sent_bytes: The length of the answer's body, as far as it was sent.
            outcome: How it ended.
        """
        path: str = scope["path"]
        principal = scope.get("principal")
        fields: dict[str, str] = {
            field: _printable(value[:_MAX_HEADER].decode("latin-1"))
            for name, value in scope["headers"]
            if (field := _LOGGED_HEADERS.get(name))
        }
        if isinstance(principal, Principal):
            fields["principal"] = principal.id
        if rule := scope.get("rule"):
            fields["rule"] = rule
        level: Level = "info"
        if path in paths.PROBES:
            level = "debug"
        elif status is not None and status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            level = "warning"
        client = scope.get("client")
        told = {
            "client": _printable(client[0][:_MAX_HEADER]) if client else None,
            "method": _printable(scope["method"][:_MAX_HEADER]),
            "path": _printable(path[:_MAX_PATH]),
            "status": status,
            "duration_ms": round(seconds * 1000, 2),
            "bytes": sent_bytes,
            "outcome": outcome,
        }
        self._events.write(level, "http_request", told | fields)
