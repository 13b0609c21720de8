"""Whether a request body is a JSON-RPC message at all, and what to answer when it is not.

The MCP SDK (2.3) tells the caller of its own classes then, takes a request whose id has the wrong type for a
notification, which leaves the caller waiting for ever, and reads what other parsers refuse or read otherwise:
NaN, and objects with two members of one name.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from starlette.responses import Response

from app.protocol.vocabulary import INVALID_REQUEST, PARSE_ERROR

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

_JSON: Final = "application/json"
_VERSION: Final = "2.0"


class _NotJsonError(ValueError):
    """What Python's parser would let pass; the message is fit for the caller."""


class OneMessage:
    """Answers 400 for a body that is not one JSON-RPC 2.0 message.

    The web room hands a body over in one piece and within bounds; one that is not is left to the SDK.
    """

    def __init__(self, app: ASGIApp, *, max_bytes: int) -> None:
        self._app = app
        self._max_bytes = max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one POST."""
        first = await receive()
        body: bytes = first.get("body", b"")
        is_whole = not first.get("more_body", False) and len(body) <= self._max_bytes
        error = refusal(body) if is_whole else None
        if error is not None:
            await error_response(400, error)(scope, receive, send)
            return
        pending = [first]

        async def replay() -> Message:
            return pending.pop() if pending else await receive()

        await self._app(scope, replay, send)


def error_response(status: int, error: bytes, headers: Mapping[str, str] | None = None) -> Response:
    """Answer with a JSON-RPC error."""
    return Response(error, status, headers, _JSON)


def error_message(code: int, message: str, request_id: str | int | None = None) -> bytes:
    """Return a JSON-RPC error.

    Args:
        code: As JSON-RPC and MCP have it.
        message: What went wrong and what to do next.
        request_id: The id of the request it answers; None when nobody knows.
    """
    # Unlike orjson, this writes every id that a client may choose.
    answer = {"jsonrpc": _VERSION, "id": request_id, "error": {"code": code, "message": message}}
    return json.dumps(answer, separators=(",", ":")).encode()


def refusal(body: bytes) -> bytes | None:
    """Return the error for a body that is not one JSON-RPC message, or None when it is one."""
    try:
        message = json.loads(
            body.decode(), object_pairs_hook=_members_of_one_name_each, parse_constant=_no_constant
        )
    except _NotJsonError as error:
        return error_message(PARSE_ERROR, str(error))
    except ValueError:
        return error_message(PARSE_ERROR, "The body is not JSON in UTF-8.")
    if not isinstance(message, dict):
        return error_message(
            INVALID_REQUEST, "The body must be one JSON-RPC message. Batches are not understood."
        )
    problem = _problem(message)
    if problem is None:
        return None
    request_id = message.get("id")
    return error_message(INVALID_REQUEST, problem, request_id if _is_id(request_id) else None)


def _problem(message: dict[str, Any]) -> str | None:
    if message.get("jsonrpc") != _VERSION:
        return 'A message has "jsonrpc": "2.0".'
    if "id" in message and not _is_id(message["id"]):
        return "The id of a message is a text or a whole number."
    if "method" in message:
        # Some clients write null for no parameters.
        is_call = isinstance(message["method"], str) and isinstance(message.get("params"), dict | None)
        return None if is_call else "The method of a message is a text, and its params are an object."
    is_answer = "id" in message and isinstance(message.get("result", message.get("error")), dict)
    return None if is_answer else "A message has a method, or the id of a request and its result or error."


def _is_id(value: object) -> bool:
    return isinstance(value, str | int) and not isinstance(value, bool)


def _members_of_one_name_each(members: list[tuple[str, Any]]) -> dict[str, Any]:
    whole = dict(members)
    if len(whole) != len(members):
        raise _NotJsonError("An object in the body has two members of one name.")
    return whole


def _no_constant(name: str) -> None:
    raise _NotJsonError(f"{name} is not JSON.")
