"""Plain requests of the 2025 revisions within a session, and those that open one."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

import orjson
from starlette.responses import Response

from app.protocol.answers import accepted
from app.protocol.calling import Call
from app.protocol.owner import owner_of
from app.protocol.selections import bind, chosen
from app.protocol.sessions.store import SessionRecord
from app.protocol.short.calls import perform, sender_of
from app.protocol.short.handshakes import INITIALIZE, handshake
from app.protocol.short.messages import (
    LIST,
    PING,
    PONG,
    VERSIONS,
    cancelled,
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
    from collections.abc import Awaitable

    from starlette.types import ASGIApp, Receive, Scope, Send

    from app.protocol.core import Core
    from app.protocol.events.log import EventLog
    from app.protocol.sessions.here import SessionHere, SessionsHere

_UNUSUAL: Final = frozenset({b"mcp-method", b"mcp-name", b"last-event-id"})
_SILENT_VERSION: Final = "2025-03-26"
"""What a request without a version is taken for."""
_CANCELLED: Final = b',"error":{"code":-32800,"message":"Request cancelled"}}'


class ShortSessions:
    """Answers plain `tools/call`, `tools/list`, `ping` and `initialize` itself, and hands all others on.

    Args:
        app: Serves the others, in the same sessions.
        core: What answers.
        sessions: The sessions.
        event_log: Where events are kept for resumption; None for no resumption.
    """

    def __init__(self, app: ASGIApp, core: Core, sessions: SessionsHere, event_log: EventLog | None) -> None:
        self._app = app
        self._core = core
        self._sessions = sessions
        self._event_log = event_log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["method"] == "DELETE":
            await self._end(scope, receive, send)
            return
        headers = plain_headers(scope, VERSIONS, _UNUSUAL)
        if headers is None:
            await self._app(scope, receive, send)
            return
        first = await receive()
        message = read(first)
        session = headers.get(b"mcp-session-id")
        if message is None:
            served = False
        elif session is None:
            served = await self._open(scope, receive, send, message)
        elif "id" not in message:
            served = await self._take_in(scope, receive, send, message, session.decode("latin-1"))
        else:
            version = headers.get(b"mcp-protocol-version", b"").decode() or _SILENT_VERSION
            served = await self._serve(scope, receive, send, message, session.decode("latin-1"), version)
        if not served:
            await self._app(scope, replayed(first, receive), send)

    async def _open(self, scope: Scope, receive: Receive, send: Send, message: dict[str, Any]) -> bool:
        """Open a session unless there is anything unusual about that; tell whether the client is answered."""
        if not is_request(message) or message["method"] != INITIALIZE:
            return False
        asked, start = handshake(message.get("params")), start_of_answer(message["id"])
        if asked is None or start is None:
            return False
        policy = self._core.callers.of_scope(scope).policy
        found = self._core.stored.find(policy, asked.version, INITIALIZE, asked.version)
        if found is None:
            return False
        record = SessionRecord(asked.version, asked.params, chosen(scope))
        here = await self._sessions.begin(owner_of(scope), record)
        if isinstance(here, Response):
            await here(scope, receive, send)
        else:
            stream = self._stream(here, message["id"], asked.version)
            await stream.send(send, start + found.json + b"}")
        return True

    async def _end(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers: dict[bytes, bytes] = dict(scope["headers"])
        session = headers.get(b"mcp-session-id")
        if (
            session is None
            or len(headers) != len(scope["headers"])
            or headers.get(b"mcp-protocol-version") not in VERSIONS
        ):
            await self._app(scope, receive, send)
            return
        here = await self._sessions.find(session.decode("latin-1"), owner_of(scope))
        answer = here if isinstance(here, Response) else await self._sessions.dismiss(here)
        await answer(scope, receive, send)

    async def _serve(
        self,
        scope: Scope,
        receive: Receive,
        send: Send,
        message: dict[str, Any],
        session_id: str,
        version: str,
    ) -> bool:
        """Answer a request within a session unless it is not plain; tell whether it is answered."""
        start = start_of_answer(message["id"]) if _is_plain(message) else None
        if start is None:
            return False
        here = await self._sessions.find(session_id, owner_of(scope))
        if isinstance(here, Response):
            await here(scope, receive, send)
            return True
        bind(scope, here.record.narrowing)
        method = message["method"]
        if method == CALL:
            return await self._call(scope, receive, send, message, start, here, version)
        result = PONG if method == PING else self._list(scope, message, here)
        if result is None:
            return False
        await self._stream(here, message["id"], version).send(send, start + result + b"}")
        return True

    async def _take_in(
        self, scope: Scope, receive: Receive, send: Send, message: dict[str, Any], session_id: str
    ) -> bool:
        """Take in a message that needs no answer unless it is not plain; tell whether it is taken in."""
        is_end = cancelled(message)
        if not is_end and not says_initialized(message):
            return False
        try:
            body = orjson.dumps(message)
        except TypeError:
            # Half of a surrogate pair, which has no form in UTF-8.
            return False
        here = await self._sessions.find(session_id, owner_of(scope))
        if isinstance(here, Response):
            await here(scope, receive, send)
            return True
        refusal = None
        if is_end:
            if here.live is not None:
                # It may be for a call that runs there.
                return False
            refusal = await self._sessions.pass_on(here, body)
            here.cancel(message["params"]["requestId"])
        await (refusal or accepted(session_id))(scope, receive, send)
        return True

    def _list(self, scope: Scope, message: dict[str, Any], here: SessionHere) -> bytes | None:
        policy = self._core.callers.of_scope(scope).policy
        cursor: str | None = message.get("params", {}).get("cursor")
        found = self._core.stored.find(policy, here.record.version, LIST, cursor)
        return None if found is None else found.json

    async def _call(
        self,
        scope: Scope,
        receive: Receive,
        send: Send,
        message: dict[str, Any],
        start: bytes,
        here: SessionHere,
        version: str,
    ) -> bool:
        params, request_id = message["params"], message["id"]
        caller = self._core.callers.of_scope(scope)
        if not self._core.calls.runs_unasked(caller, params["name"]):
            return False
        meta = params.get("_meta", {})
        sender = sender_of(scope, here.record.version, here.client, meta, here.digest)
        attendant = _Attendant(receive, send, self._stream(here, request_id, version), here, request_id)
        progress = progress_of(meta, attendant.tell)
        call = Call(caller, sender, params["name"], params.get("arguments", {}), progress)
        await attendant.serve(perform(self._core.calls, call, start, end_of_answer))
        return True

    def _stream(self, here: SessionHere, request_id: str | int, version: str) -> AnswerStream:
        if self._event_log is None:
            return AnswerStream(here.session_id)
        return KeptStream(
            self._event_log, here.owner, here.session_id, request_id, marked=version >= RESUMABLE_SINCE
        )


class _Attendant(StreamAttendant):
    """A call in a session goes on without its client, until it is cancelled or the session ends."""

    def __init__(
        self,
        receive: Receive,
        send: Send,
        stream: AnswerStream,
        here: SessionHere,
        request_id: str | int,
    ) -> None:
        super().__init__(receive, send, stream)
        self._here = here
        self._request_id = request_id
        self._works = False
        self._instead: bytes | None = None

    async def serve(self, work: Awaitable[tuple[int, bytes]]) -> None:
        """Do the work in this task and send what it returns, or what it is ended with."""
        self._here.began(self._request_id, self)
        await super().serve(self._unless_ended(work))

    def cancel(self) -> None:
        """End the work: its client does not want the answer any more, and is told so in place of it."""
        self._end(b'{"jsonrpc":"2.0","id":' + orjson.dumps(self._request_id) + _CANCELLED)

    def abandon(self) -> None:
        """End the work, and the stream without a response: the session is over."""
        self._end(b"")

    def _end(self, instead: bytes) -> None:
        if self._works and self._instead is None and self._own_task is not None:
            self._instead = instead
            self._own_task.cancel()

    async def _unless_ended(self, work: Awaitable[tuple[int, bytes]]) -> tuple[int, bytes]:
        self._works = True
        try:
            status, answer = await work
        except asyncio.CancelledError:
            # Only of its own cancellation may it make something else.
            if self._instead is None or self._own_task is None or self._own_task.uncancel() > 0:
                raise
            return 200, self._instead
        finally:
            self._works = False
        if self._instead is not None and self._own_task is not None:
            # The work did not let itself be ended.
            self._own_task.uncancel()
            return status, self._instead
        return status, answer

    def _goes_on(self) -> bool:
        return True

    def _over(self) -> None:
        self._here.over(self._request_id, self)


def _is_plain(message: dict[str, Any]) -> bool:
    method, params = message.get("method"), message.get("params", {})
    return is_request(message) and (
        (method == CALL and is_call(params))
        or (method == LIST and is_list(params))
        or (method == PING and params == {})
    )
