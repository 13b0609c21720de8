"""The tools of a session: the selection of the request that opened it, whatever later URLs say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from weakref import WeakKeyDictionary

from starlette.datastructures import Headers

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import Message, Scope, Send

    from app.auth.policy import Narrowing, Policy

_SESSION: Final = "mcp-session-id"


class SessionSelections:
    """Remembers the narrowing of each open session, and forgets it with the session.

    Args:
        transport_of: Finds what stands for an open session, by its id.
    """

    def __init__(self, transport_of: Callable[[str], object | None]) -> None:
        self._transport_of = transport_of
        self._chosen: WeakKeyDictionary[object, Narrowing] = WeakKeyDictionary()

    def bind(self, scope: Scope, send: Send) -> Send:
        """Give a request of a session the session's policy; remember the choice of one that opens a session.

        Returns:
            What to send the answer with.
        """
        granted: Policy | None = scope.get("granted_policy")
        if granted is None:
            return send
        session_id = Headers(scope=scope).get(_SESSION)
        if session_id is None:
            return self._watching(scope["narrowing"], send)
        transport = self._transport_of(session_id)
        narrowing = None if transport is None else self._chosen.get(transport)
        if narrowing is not None:
            scope["policy"] = granted.narrowed(narrowing)
        return send

    def _watching(self, narrowing: Narrowing, send: Send) -> Send:
        async def watching(message: Message) -> None:
            if message["type"] == "http.response.start":
                session_id = Headers(raw=message["headers"]).get(_SESSION)
                transport = None if session_id is None else self._transport_of(session_id)
                if transport is not None:
                    self._chosen.setdefault(transport, narrowing)
            await send(message)

        return watching
