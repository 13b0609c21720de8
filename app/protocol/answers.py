"""HTTP answers to requests that MCP cannot serve: a status, and a JSON-RPC error with what to do next."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from starlette.responses import Response

from app.protocol.messages import error_message, error_response
from app.protocol.vocabulary import INVALID_REQUEST

if TYPE_CHECKING:
    from collections.abc import Mapping

_RETRY_SECONDS: Final = 1
_JSON: Final = "application/json"


def accepted(session_id: str = "") -> Response:
    """Return the answer to a message that needs none. `session_id` is that of its session; "" for none."""
    headers = {"Mcp-Session-Id": session_id} if session_id else None
    return Response(status_code=202, headers=headers, media_type=_JSON)


def refused(
    status: int, message: str, headers: Mapping[str, str] | None = None, *, code: int = INVALID_REQUEST
) -> Response:
    """Return the answer to a request that is refused for what it is.

    Args:
        status: HTTP status.
        message: What went wrong and what to do next.
        headers: Further headers.
        code: JSON-RPC error code.
    """
    return error_response(status, error_message(code, message), headers)


def try_again(message: str, *, status: int = 503, seconds: int = _RETRY_SECONDS) -> Response:
    """Return the answer to a request that is fine and cannot be served at the moment."""
    return refused(status, message, {"Retry-After": str(seconds)})


def session_not_found() -> Response:
    """Return what every client takes for: begin again with `initialize`."""
    return refused(404, "Session not found. It ended, or it is not yours: begin a new one with initialize.")
