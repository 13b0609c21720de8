"""Plain requests of the 2025 revisions, where there are no sessions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from app.protocol.answers import accepted
from app.protocol.calling import Call
from app.protocol.owner import owner_of
from app.protocol.short.calls import perform, sender_of
from app.protocol.short.handshakes import INITIALIZE, handshake
from app.protocol.short.messages import (
    LIST,
    PING,
    PONG,
    VERSIONS,
    end_of_answer,
    is_call,
    is_list,
    is_request,
    says_initialized,
    start_of_answer,
)
from app.protocol.short.progress import progress_of
from app.protocol.short.reading import CALL, plain_headers, read, replayed
from app.protocol.short.streams import AnswerStream, KeptStream, StreamAttendant
from app.protocol.vocabulary import RESUMABLE_SINCE

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import ASGIApp, Receive, Scope, Send

    from app.protocol.core import Core
    from app.protocol.detached_places import DetachedPlaces
    from app.protocol.events.log import EventLog

_UNUSUAL: Final = frozenset({b"mcp-session-id", b"mcp-method", b"mcp-name", b"last-event-id"})
_AS_IT_IS: Final = AnswerStream()


class ShortStateless:
    """Answers plain `tools/call`, `tools/list`, `ping` and `initialize` itself, and hands all others on.

    Args:
        app: Serves the others.
        core: What answers.
        event_log: Where events are kept for resumption; None for no resumption.
        detached: Places for calls that go on without their client; None for none.
    """

    def __init__(
        self, app: ASGIApp, core: Core, event_log: EventLog | None, detached: DetachedPlaces | None
    ) -> None:
        self._app = app
        self._core = core
        self._event_log = event_log
        self._detached = detached

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        headers = plain_headers(scope, VERSIONS, _UNUSUAL)
        if headers is None:
            await self._app(scope, receive, send)
            return
        first = await receive()
        message = read(first)
        version = headers.get(b"mcp-protocol-version", b"").decode()
        if message is None or not await self._serve(scope, receive, send, message, version):
            await self._app(scope, replayed(first, receive), send)

    async def _serve(
        self, scope: Scope, receive: Receive, send: Send, message: dict[str, Any], version: str
    ) -> bool:
        """Answer a message unless it turns out not to be plain; tell whether it is answered."""
        if not is_request(message):
            is_plain = says_initialized(message)
            if is_plain:
                await accepted()(scope, receive, send)
            return is_plain
        method, params = message["method"], message.get("params", {})
        if method == CALL:
            return is_call(params) and await self._call(scope, receive, send, message, version)
        if method == INITIALIZE:
            asked = handshake(params)
            version = "" if asked is None else asked.version
        result = self._result(scope, method, params, version) if version else None
        start = start_of_answer(message["id"])
        if result is None or start is None:
            return False
        await self._stream(scope, message, version).send(send, start + result + b"}")
        return True

    def _result(self, scope: Scope, method: object, params: Any, version: str) -> bytes | None:  # noqa: ANN401 - as read
        cursor: str | None
        if method == PING and params == {}:
            return PONG
        if method == INITIALIZE:
            cursor = version
        elif method == LIST and is_list(params):
            cursor = params.get("cursor")
        else:
            return None
        policy = self._core.callers.of_scope(scope).policy
        found = self._core.stored.find(policy, version, str(method), cursor)
        return None if found is None else found.json

    async def _call(
        self, scope: Scope, receive: Receive, send: Send, message: dict[str, Any], version: str
    ) -> bool:
        params, start = message["params"], start_of_answer(message["id"])
        caller = self._core.callers.of_scope(scope)
        if not version or start is None or not self._core.calls.runs_unasked(caller, params["name"]):
            return False
        meta = params.get("_meta", {})
        sender = sender_of(scope, version, None, meta)
        stream = self._stream(scope, message, version)
        detached = self._detached if isinstance(stream, KeptStream) else None
        attendant = _Attendant(receive, send, stream, detached)
        progress = progress_of(meta, attendant.tell)
        call = Call(caller, sender, params["name"], params.get("arguments", {}), progress)
        await attendant.serve(perform(self._core.calls, call, start, end_of_answer))
        return True

    def _stream(self, scope: Scope, message: dict[str, Any], version: str) -> AnswerStream:
        if self._event_log is None or version < RESUMABLE_SINCE:
            return _AS_IT_IS
        return KeptStream(self._event_log, owner_of(scope), "", message["id"])


class _Attendant(StreamAttendant):
    """A stream that can be resumed goes on without its client once it has begun."""

    def __init__(
        self, receive: Receive, send: Send, stream: AnswerStream, detached: DetachedPlaces | None
    ) -> None:
        super().__init__(receive, send, stream)
        self._detached = detached
        self._end: Callable[[], None] | None = None

    def _goes_on(self) -> bool:
        if self._detached is not None and self._is_stream:
            self._end = self._detached.take(self._abandon)
        return self._end is not None

    def _over(self) -> None:
        if self._end is not None:
            self._end()
