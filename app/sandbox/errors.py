"""Errors in Portkey's form: an HTTP status with `{"success": false, "data": {"message", "errorCode"}}`."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Final

from starlette.responses import Response

_CODES: Final = {
    400: "AB01",
    401: "AB05",
    402: "AB09",
    403: "AB03",
    404: "AB02",
    405: "AB01",
    409: "AB07",
    413: "AB01",
    429: "AB06",
}


class ApiError(Exception):
    """A request that Portkey would refuse; `status` decides the code (AB04 where none is documented)."""

    def __init__(self, status: int, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = _CODES.get(status, "AB04")
        self.message = message
        self.headers = headers

    def response(self) -> Response:
        """Return the HTTP answer for this error."""
        body = {"success": False, "data": {"message": self.message, "errorCode": self.code}}
        return Response(json.dumps(body), self.status, self.headers, "application/json")


def invalid(problems: Sequence[str]) -> ApiError:
    """Return the 400 that lists every problem of a request."""
    return ApiError(400, f"Invalid request. {'; '.join(problems)}.")


def not_found(noun: str, reference: str) -> ApiError:
    """Return the 404 for a record that does not exist."""
    return ApiError(404, f"No {noun} matches {reference!r}.")


def forbidden(reason: str) -> ApiError:
    """Return the 403 that says why this key may not do this."""
    return ApiError(403, f"You do not have enough permissions to execute this request. {reason}")


def conflict(message: str) -> ApiError:
    """Return the 409 for a request that contradicts what is stored."""
    return ApiError(409, message)
