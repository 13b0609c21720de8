"""Word of progress to clients that asked for it with a token."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from app.protocol.short.calls import nobody_asked
from app.protocol.short.reading import is_id

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from app.catalog.toolbox import Progress

_ASKED: Final = "progressToken"
_STEP: Final = 0.001


def is_plain_meta(meta: object) -> bool:
    """Tell whether a `_meta` has nothing in it but a token, a trace, and what is no business of a server."""
    return (
        isinstance(meta, dict)
        and (_ASKED not in meta or is_id(meta[_ASKED]))
        and not any(name.startswith("io.modelcontextprotocol/") for name in meta)
    )


def progress_of(meta: dict[str, Any], tell: Callable[[bytes], Awaitable[None]]) -> Progress:
    """Return where a call gives word of its progress.

    Args:
        meta: The `_meta` of its request.
        tell: Sends the client a message.
    """
    return _Words(meta[_ASKED], tell) if _ASKED in meta else nobody_asked


class _Words:
    """MCP wants each value to be larger than the last."""

    def __init__(self, token: str | int, tell: Callable[[bytes], Awaitable[None]]) -> None:
        self._token = token
        self._tell = tell
        self._last = -1.0

    async def __call__(self, done: float, total: float | None, message: str) -> None:
        self._last = done if done > self._last else self._last + _STEP
        params: dict[str, Any] = {"progressToken": self._token, "progress": self._last}
        if total is not None:
            params["total"] = total
        params["message"] = message
        told = {"jsonrpc": "2.0", "method": "notifications/progress", "params": params}
        await self._tell(json.dumps(told, separators=(",", ":")).encode())
