"""A call of a tool, from what was read of it to the JSON of its answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast

import orjson

from app.protocol.auditing import TRACE_CONTEXT, Sender, client_from_agent, trace_context
from app.protocol.errors import failed
from app.protocol.short.reading import CALL

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import Scope

    from app.catalog.results import Outcome
    from app.protocol.auditing import Client
    from app.protocol.calling import Call, ToolCalls

_TOLD: Final = frozenset({b"user-agent", *(name.encode() for name in TRACE_CONTEXT)})


def sender_of(
    scope: Scope, version: str, client: Client | None, meta: dict[str, Any], session: str | None = None
) -> Sender:
    """Return the sender of a request.

    Args:
        scope: The request.
        version: The MCP version it is of.
        client: What the client calls itself; None for what its User-Agent says.
        meta: The `_meta` of the request.
        session: A digest of its session's id; None for none.
    """
    told = {name.decode(): value.decode("latin-1") for name, value in scope["headers"] if name in _TOLD}
    return Sender(
        client or client_from_agent(told.get("user-agent", "")),
        version,
        session,
        trace_context(meta, told),
    )


async def perform(
    calls: ToolCalls, call: Call, start: bytes, write: Callable[[Outcome], bytes]
) -> tuple[int, bytes]:
    """Make a call of which nobody is asked before; return the HTTP status and the JSON of the answer.

    Args:
        calls: Makes it.
        call: The call.
        start: The JSON up to the result.
        write: Turns what it comes to into the JSON from the result on.
    """
    try:
        return 200, start + write(cast("Outcome", await calls.perform(call)))
    except Exception:  # noqa: BLE001 - `failed` logs it
        error = failed(CALL, call.caller.reference)
    told = {"code": error.code, "message": error.message, "data": error.data}
    return 200, start.removesuffix(b'"result":') + b'"error":' + orjson.dumps(told) + b"}"


async def nobody_asked(_done: float, _total: float | None, _message: str) -> None:
    """Take word of progress that no client waits for."""
