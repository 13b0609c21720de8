"""Tells which requests are plain: those of which nothing needs the SDK."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

import orjson

if TYPE_CHECKING:
    from collections.abc import Container

    from starlette.types import Message, Receive, Scope

VERSION: Final = "2026-07-28"
CALL: Final = "tools/call"

_VERSION_HEADER: Final = VERSION.encode()
_LARGEST_BODY: Final = 256 * 1024
"""Reading a larger one takes so long that the SDK's share no longer counts."""
_LONGEST_ACCEPT: Final = 256
_REQUEST: Final = {"jsonrpc", "id", "method", "params"}
_PARAMS: Final = {
    CALL: ({"name", "_meta"}, {"name", "arguments", "_meta"}),
    "tools/list": ({"_meta"}, {"cursor", "_meta"}),
    "server/discover": ({"_meta"}, {"_meta"}),
}
"""What the parameters of a method must have, and may have."""
_INT64: Final = 2**63


@dataclass(frozen=True, slots=True)
class PlainRequest:
    """A request with nothing unusual about it.

    Attributes:
        request_id: Its id.
        method: "tools/call", "tools/list" or "server/discover".
        params: Its parameters, of which `_meta` is still to be checked.
    """

    request_id: str | int
    method: str
    params: dict[str, Any]


def plain_headers(
    scope: Scope,
    versions: Container[bytes | None] = frozenset({_VERSION_HEADER}),
    unusual: frozenset[bytes] = frozenset({b"mcp-session-id"}),
) -> dict[bytes, bytes] | None:
    """Return the headers of a POST that has each header once; None for any other.

    Args:
        scope: The request.
        versions: What may stand in the header for the version; None for nothing.
        unusual: Headers that there may not be.
    """
    if scope["method"] != "POST":
        return None
    headers: dict[bytes, bytes] = dict(scope["headers"])
    if headers.get(b"mcp-protocol-version") not in versions or not _are_plain(headers, scope, unusual):
        return None
    return headers


def _are_plain(headers: dict[bytes, bytes], scope: Scope, unusual: frozenset[bytes]) -> bool:
    return not (
        len(headers) != len(scope["headers"])
        or not unusual.isdisjoint(headers)
        or not headers.get(b"content-type", b"").lower().startswith(b"application/json")
        or not _accepts_both(headers.get(b"accept", b"")[:_LONGEST_ACCEPT])
    )


def plain_request(headers: dict[bytes, bytes], first: Message) -> PlainRequest | None:
    """Return the request in a body that came in one piece, or None when it is not plain."""
    message = read(first)
    if message is None or message.keys() != _REQUEST or not _is_plain(message, headers):
        return None
    return PlainRequest(message["id"], message["method"], message["params"])


def read(first: Message) -> dict[str, Any] | None:
    """Return the JSON-RPC message in a body that came in one piece; None when there is something about it."""
    body: bytes = first.get("body", b"")
    if first["type"] != "http.request" or first.get("more_body", False) or len(body) > _LARGEST_BODY:
        return None
    try:
        message = orjson.loads(body)
        if orjson.dumps(message) != body:
            # White space, or two members of one name, or a number that cannot be held.
            message = _decode(body.decode())
    except (ValueError, TypeError, RecursionError):
        return None
    return message if isinstance(message, dict) and message.get("jsonrpc") == "2.0" else None


def replayed(first: Message, receive: Receive) -> Receive:
    """Return a `receive` that gives a message that was read already, then what comes."""
    pending: Final = [first]

    async def replay() -> Message:
        return pending.pop() if pending else await receive()

    return replay


def _is_plain(message: dict[str, Any], headers: dict[bytes, bytes]) -> bool:
    method, params = message["method"], message["params"]
    known = _PARAMS.get(method) if isinstance(method, str) else None
    return (
        known is not None
        and isinstance(params, dict)
        and known[0] <= params.keys() <= known[1]
        and headers.get(b"mcp-method") == method.encode()
        and is_id(message["id"])
        and isinstance(params.get("cursor", ""), str)
        and (method != CALL or _is_call(params, headers))
    )


def is_id(value: object) -> bool:
    """Tell whether the id of a request is one that JSON holds without loss."""
    if isinstance(value, int):
        return not isinstance(value, bool) and -_INT64 <= value < _INT64
    return isinstance(value, str)


def _is_call(params: dict[str, Any], headers: dict[bytes, bytes]) -> bool:
    name = params["name"]
    return (
        isinstance(name, str)
        # The names of tools are ASCII; one in Base64 is left to the SDK.
        and name.isascii()
        and headers.get(b"mcp-name") == name.encode()
        and not name.startswith("=?")
        and isinstance(params.get("arguments", {}), dict)
        and not any(header.startswith(b"mcp-param-") for header in headers)
    )


@lru_cache(64)
def _accepts_both(accept: bytes) -> bool:
    types = {part.split(b";")[0].strip().lower() for part in accept.split(b",")}
    return {b"application/json", b"text/event-stream"} <= types


def _members_of_one_name_each(members: list[tuple[str, Any]]) -> dict[str, Any]:
    whole = dict(members)
    if len(whole) != len(members):
        raise ValueError
    return whole


def _no_constant(name: str) -> None:
    raise ValueError(name)


_decode: Final = json.JSONDecoder(
    object_pairs_hook=_members_of_one_name_each, parse_constant=_no_constant
).decode
