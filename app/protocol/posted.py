"""What can be told of a message before the MCP SDK reads it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import orjson
from starlette.requests import Request

if TYPE_CHECKING:
    from starlette.types import Message, Receive, Scope

Kind = Literal["request", "other", "broken"]


@dataclass(frozen=True, slots=True)
class Posted:
    """The message of a POST.

    Attributes:
        body: Its bytes.
        kind: A "request"; a notification or an answer ("other"); or what is no JSON-RPC message ("broken").
        method: The method of a request or a notification; "" for none.
        request_id: The id of a request; None for none.
        params: The parameters, where they are an object.
    """

    body: bytes
    kind: Kind
    method: str = ""
    request_id: str | int | None = None
    params: dict[str, Any] | None = None


async def read_message(scope: Scope, receive: Receive) -> Posted:
    """Read the body of a request.

    Raises:
        starlette.requests.ClientDisconnect: The client left before it had sent all.
    """
    body = await Request(scope, receive).body()
    try:
        message = orjson.loads(body)
    except orjson.JSONDecodeError:
        return Posted(body, "broken")
    if not isinstance(message, dict):
        return Posted(body, "broken")
    method, request_id, params = message.get("method"), message.get("id"), message.get("params")
    fields = params if isinstance(params, dict) else None
    if not isinstance(method, str):
        return Posted(body, "other" if "result" in message or "error" in message else "broken")
    if "id" not in message:
        return Posted(body, "other", method, params=fields)
    if isinstance(request_id, bool) or not isinstance(request_id, str | int):
        return Posted(body, "broken", method)
    return Posted(body, "request", method, request_id, fields)


def replayed(body: bytes, receive: Receive) -> Receive:
    """Return a `receive` that gives a body that was read already, then what comes."""
    given = False

    async def first_the_body() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return first_the_body
