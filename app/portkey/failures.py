"""Turns what came back, or did not, into a `PortkeyError` with the right advice."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

from app.portkey.error_body import read_error_body
from app.portkey.errors import PortkeyError
from app.portkey.redaction import clean_text
from app.portkey.transport import (
    ConnectFailed,
    DeadlineExceeded,
    HttpResponse,
    ResponseTooLarge,
    TransportError,
)

_REQUEST_ID_HEADERS: Final = ("x-portkey-request-id", "x-portkey-trace-id", "x-request-id")
_MAX_REQUEST_ID: Final = 200

_CHECK_FIRST: Final = "Check before repeating: the change may have been applied."
_READ_STATE: Final = "Read the current state; repeat the call only if the change is missing."
_TRY_AGAIN: Final = "Try again in a moment."

# Headline and next step of the statuses that have a meaning of their own.
_ADVICE: Final[Mapping[int, tuple[str, str]]] = {
    HTTPStatus.BAD_REQUEST: (
        "Portkey rejected the request",
        "Correct what the message names and call again.",
    ),
    HTTPStatus.UNAUTHORIZED: (
        "Portkey did not accept the API key",
        "Check {key}: it must be a complete Admin API key that has not been revoked.",
    ),
    HTTPStatus.PAYMENT_REQUIRED: (
        "Portkey refused because of the plan or its limits",
        "Check the plan and its limits in Portkey.",
    ),
    HTTPStatus.FORBIDDEN: (
        "Portkey does not allow this with the API key in use",
        "Use an organisation Admin API key; some calls also need an Enterprise plan.",
    ),
    HTTPStatus.NOT_FOUND: (
        "Portkey found nothing there",
        "Check the id or slug; list the resources to find the right one.",
    ),
    HTTPStatus.METHOD_NOT_ALLOWED: (
        "Portkey does not offer this call at this address",
        "Check that PORTKEY_BASE_URL names a Portkey that has this part of the Admin API.",
    ),
    HTTPStatus.CONFLICT: (
        "The request conflicts with the current state in Portkey",
        "Read the current state, then decide whether the change is still needed.",
    ),
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: ("Portkey found the request too large", "Send less at once."),
    HTTPStatus.UNPROCESSABLE_ENTITY: (
        "Portkey rejected the request",
        "Correct what the message names and call again.",
    ),
    HTTPStatus.TOO_MANY_REQUESTS: ("Portkey is limiting requests", "Wait a little, then call again."),
}
_MISSING_SCOPE: Final = (
    "The API key lacks a scope this call needs",
    "Give the key the missing scope in Portkey under Admin Settings > API Keys, or use a key that has it.",
)
_REDIRECT: Final = (
    "Portkey answered with a redirect, which is never followed because it would carry the API key along",
    "Set PORTKEY_BASE_URL to the final address of the API, such as https://api.portkey.ai/v1.",
)
_SERVER_FAILED: Final = ("Portkey could not answer the request", _TRY_AGAIN)
_REDIRECTED = range(300, 400)
_FIRST_SERVER_ERROR: Final = 500
_NOT_WORTH_REPEATING: Final = frozenset({HTTPStatus.NOT_IMPLEMENTED, HTTPStatus.HTTP_VERSION_NOT_SUPPORTED})


def request_id_of(headers: Mapping[str, str], *, secret: str | None) -> str | None:
    """Portkey's id of a request: the first of its three headers that is present."""
    value = next((headers[name] for name in _REQUEST_ID_HEADERS if headers.get(name)), None)
    return value and clean_text(value, secret=secret, limit=_MAX_REQUEST_ID)


def from_response(
    response: HttpResponse,
    *,
    write: bool,
    secret: str | None,
    retry_after: float | None,
    key: str = "PORTKEY_API_KEY",
) -> PortkeyError:
    """The error for an answer that is not 2xx.

    Args:
        response: Portkey's answer.
        write: the call was not a GET.
        secret: the API key, which must not reappear.
        retry_after: seconds Portkey asked to wait.
        key: what to look at when Portkey does not accept the API key.
    """
    status = response.status
    detail = read_error_body(response.body, secret=secret)
    headline, next_step = _advice(status, detail.code)
    next_step = next_step.replace("{key}", key)
    server_error = status >= _FIRST_SERVER_ERROR
    may_have_applied = write and (server_error or status == HTTPStatus.SEE_OTHER)
    retryable = status in {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.REQUEST_TIMEOUT} or (
        server_error and not write and status not in _NOT_WORTH_REPEATING
    )
    text = f": {detail.message}" if detail.message else "."
    if may_have_applied:
        text = f"{text} {_CHECK_FIRST}"
        next_step = _READ_STATE
    elif retryable and retry_after is not None:
        next_step = f"Wait {seconds(retry_after)}, then call again."
    marks = f"{status} {detail.code}" if detail.code else str(status)
    return PortkeyError(
        f"{headline} ({marks}){text}",
        status=status,
        code=detail.code,
        retryable=retryable,
        next_step=next_step,
        request_id=request_id_of(response.headers, secret=secret),
        may_have_applied=may_have_applied,
        retry_after=retry_after,
    )


def _advice(status: int, code: str | None) -> tuple[str, str]:
    if status == HTTPStatus.FORBIDDEN and code == "AB03":
        return _MISSING_SCOPE
    if status in _ADVICE:
        return _ADVICE[status]
    if status in _REDIRECTED:
        return _REDIRECT
    if status >= _FIRST_SERVER_ERROR:
        return _SERVER_FAILED
    return ("Portkey did not carry out the request", "Read the message, then change the call accordingly.")


def from_transport(error: TransportError, *, write: bool, timeout: float) -> PortkeyError:
    """The error for a call that got no complete answer.

    Args:
        error: what the transport reported.
        write: the call was not a GET.
        timeout: seconds the whole call was given.
    """
    may_have_applied = write and error.sent
    next_step = _TRY_AGAIN
    retryable = not may_have_applied
    match error:
        case ResponseTooLarge(limit=limit):
            message = f"Portkey's answer is larger than the {limit:,} bytes this server accepts."
            next_step = "Ask for less: a smaller page or a narrower filter."
            retryable = False
        case DeadlineExceeded():
            message = f"Portkey did not answer within {seconds(timeout)}."
            if not error.sent:
                message = (
                    f"No connection to Portkey became available within {seconds(timeout)}; nothing was sent."
                )
        case ConnectFailed():
            message = f"Portkey could not be reached: {error}. Nothing was sent."
            next_step = "Check PORTKEY_BASE_URL and this server's network access, then try again."
        case _:
            message = "The connection to Portkey was lost before the answer was complete."
    if may_have_applied:
        message = f"{message} {_CHECK_FIRST}"
        next_step = _READ_STATE
    return PortkeyError(
        message,
        retryable=retryable,
        next_step=next_step,
        may_have_applied=may_have_applied,
    )


def unread_success(error: TransportError) -> str:
    """What to tell instead of the answer when a write succeeded but its body did not arrive."""
    return (
        f"Portkey carried out the request ({error.status}), but its answer could not be read ({error}). "
        "Do not repeat the call; read the resource to see the result."
    )


def refused(problem: str, next_step: str) -> PortkeyError:
    """The error for a call that was stopped before anything was sent."""
    return PortkeyError(f"{problem} Nothing was sent to Portkey.", next_step=next_step)


def seconds(value: float) -> str:
    """Seconds for people: `2 s`, `0.3 s`."""
    return f"{value:.0f} s" if value >= 1 and value == round(value) else f"{value:.1f} s"
