"""HTTP-level errors, all in one JSON shape: {"error": {"code", "message", "request_id"}}."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

import orjson
from starlette.responses import Response

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.exceptions import HTTPException
    from starlette.requests import Request
    from starlette.types import Scope

_CODES: Mapping[int, str] = {
    404: "not_found",
    405: "method_not_allowed",
}


def error_response(
    scope: Scope, status: int, code: str, message: str, *, headers: Mapping[str, str] | None = None
) -> Response:
    """Build the answer to a request that cannot be served.

    Args:
        scope: The request's ASGI scope; its "request_id" is quoted so that the caller can report it.
        status: HTTP status.
        code: Stable, lower-case word that programs can act on.
        message: What went wrong and what to do next; never upstream text or internals.
        headers: Further headers, such as Allow.
    """
    # Whoever counts requests learns from this why it was not served.
    scope["refusal"] = code
    body = {"error": {"code": code, "message": message, "request_id": scope.get("request_id")}}
    return Response(
        orjson.dumps(body),
        status_code=status,
        media_type="application/json",
        headers={"Cache-Control": "no-store", **(headers or {})},
    )


async def http_exception_response(request: Request, error: Exception) -> Response:
    """Answer the errors that Starlette's router raises: an unknown path, or a method a route lacks."""
    exception: HTTPException = error  # type: ignore[assignment]  # Starlette's handler type is wider than its call
    status = exception.status_code
    headers = dict(exception.headers or {})
    # Starlette joins a set, in any order.
    allowed = ", ".join(sorted(headers.get("Allow", "").split(", ")))
    if status == HTTPStatus.NOT_FOUND:
        message = "There is nothing at this path. The MCP endpoint is /mcp."
    elif allowed:
        headers["Allow"] = allowed
        message = f"{request.method} does not work here. Use {allowed}."
    else:
        message = HTTPStatus(status).phrase
    code = _CODES.get(status, HTTPStatus(status).phrase.lower().replace(" ", "_"))
    return error_response(request.scope, status, code, message, headers=headers)
