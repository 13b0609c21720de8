"""What requests of the 2025 revisions have in common, and the JSON of their answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import orjson

from app.protocol.sessions.here import CANCELLED
from app.protocol.short.progress import is_plain_meta
from app.protocol.short.reading import is_id
from app.protocol.vocabulary import HANDSHAKE_VERSIONS

if TYPE_CHECKING:
    from app.catalog.results import Outcome

INITIALIZED: Final = "notifications/initialized"
LIST: Final = "tools/list"
PING: Final = "ping"
PONG: Final = b"{}"
"""The result of a ping."""
VERSIONS: Final = frozenset([*(version.encode() for version in HANDSHAKE_VERSIONS), None])
"""What the header says of the version; older clients say nothing."""

_REQUEST: Final = {"jsonrpc", "id", "method"}


def is_request(message: dict[str, Any]) -> bool:
    """Tell whether a message is a request with nothing unusual about it beside method and parameters."""
    return _REQUEST <= message.keys() <= _REQUEST | {"params"} and is_id(message["id"])


def says_initialized(message: dict[str, Any]) -> bool:
    """Tell whether a message is a client's plain word that it has read the answer to `initialize`."""
    return (
        message.get("method") == INITIALIZED
        and message.get("params", {}) == {}
        and message.keys() <= {"jsonrpc", "method", "params"}
    )


def cancelled(message: dict[str, Any]) -> bool:
    """Tell whether a message is a client's plain word that it does not want an answer any more."""
    params = message.get("params")
    return (
        message.get("method") == CANCELLED
        and message.keys() == {"jsonrpc", "method", "params"}
        and isinstance(params, dict)
        and {"requestId"} <= params.keys() <= {"requestId", "reason"}
        and is_id(params["requestId"])
        and isinstance(params.get("reason", ""), str)
    )


def is_call(params: object) -> bool:
    """Tell whether these are the parameters of a call with nothing unusual about it."""
    return (
        isinstance(params, dict)
        and {"name"} <= params.keys() <= {"name", "arguments", "_meta"}
        and isinstance(params["name"], str)
        and isinstance(params.get("arguments", {}), dict)
        and is_plain_meta(params.get("_meta", {}))
    )


def is_list(params: object) -> bool:
    """Tell whether these are the parameters of a plain request for a list."""
    return (
        isinstance(params, dict)
        and params.keys() <= {"cursor"}
        and isinstance(params.get("cursor"), str | None)
    )


def start_of_answer(request_id: object) -> bytes | None:
    """Return the JSON of the answer to a request, up to the result; None when its id cannot be written."""
    try:
        return b'{"jsonrpc":"2.0","id":' + orjson.dumps(request_id) + b',"result":'
    except TypeError:
        # Half of a surrogate pair, which has no form in UTF-8.
        return None


def end_of_answer(outcome: Outcome, members: bytes = b"", end: bytes = b"}}") -> bytes:
    """Return the JSON of the answer to a call, from its result on.

    Args:
        outcome: What it came to.
        members: Members of the result that its revision wants besides, each with a comma before it.
        end: The end of the result and of the answer, with members in the same form before it.
    """
    # The text is the JSON of the data, so it stands for both.
    return b"".join(
        (
            b'{"content":[{"text":',
            orjson.dumps(outcome.text),
            b',"type":"text"}],"isError":',
            b"true" if outcome.is_error else b"false",
            members,
            b',"structuredContent":',
            outcome.text.encode(),
            end,
        )
    )
