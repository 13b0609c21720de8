"""Answers to requests that never become requests: what the HTTP parser finds, before any application."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

import orjson
from uvicorn.protocols.http.httptools_impl import STATUS_LINE

from app.web.middleware.security_headers import security_headers

if TYPE_CHECKING:
    from collections.abc import Iterable

MAX_HEAD_BYTES: Final = 64 * 1024
MAX_HEADERS: Final = 100
MAX_TARGET_BYTES: Final = 8 * 1024


@dataclass(frozen=True, slots=True)
class Refusal:
    """An error in the shape of `app.web.errors`; `message` says what to do next."""

    status: HTTPStatus
    code: str
    message: str


def malformed(message: str = "This is not a well-formed HTTP/1.1 request.") -> Refusal:
    """Refuse what could be read in two ways, or in none."""
    return Refusal(HTTPStatus.BAD_REQUEST, "bad_request", message)


MALFORMED: Final = malformed()
ONLY_HTTP_1: Final = malformed("This server speaks HTTP/1.1 and HTTP/1.0.")
NO_PROXY: Final = malformed("This server is no proxy: CONNECT does not work here.")
TWO_HOSTS: Final = malformed("The host in the request target is not the one in the Host header.")
BAD_TARGET: Final = malformed("The request target is a path, such as /mcp, without a fragment.")
ONLY_CHUNKED: Final = malformed(
    "Of the transfer codings only chunked is understood, once and over HTTP/1.1. Send Content-Length instead."
)
HEAD_TOO_LARGE: Final = Refusal(
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
    "request_head_too_large",
    f"A request may have {MAX_HEADERS} headers, of {MAX_HEAD_BYTES} bytes together.",
)
TARGET_TOO_LONG: Final = Refusal(
    HTTPStatus.REQUEST_URI_TOO_LONG,
    "target_too_long",
    f"The path and query of a request may have {MAX_TARGET_BYTES} bytes.",
)
HEAD_TOO_SLOW: Final = Refusal(
    HTTPStatus.REQUEST_TIMEOUT,
    "request_timeout",
    "The headers of the request did not arrive in time. Send them at once.",
)


def refusal_bytes(
    refusal: Refusal, *, request_id: str, https: bool, defaults: Iterable[tuple[bytes, bytes]]
) -> bytes:
    """Write the whole answer, after which the connection ends.

    Args:
        refusal: What to say.
        request_id: Quoted, as in every error.
        https: Whether the connection is encrypted.
        defaults: Headers of every answer, such as Date.
    """
    error = {"code": refusal.code, "message": refusal.message, "request_id": request_id}
    body = orjson.dumps({"error": error})
    headers = [
        *defaults,
        (b"content-type", b"application/json"),
        (b"content-length", b"%d" % len(body)),
        (b"cache-control", b"no-store"),
        (b"x-request-id", request_id.encode()),
        *((name.lower().encode(), value.encode()) for name, value in security_headers(https=https).items()),
        (b"connection", b"close"),
    ]
    lines = [name + b": " + value + b"\r\n" for name, value in headers]
    return b"".join([STATUS_LINE[refusal.status], *lines, b"\r\n", body])
