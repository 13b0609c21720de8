"""Plain requests of the 2025 revisions, where there are no sessions: each answer is a stream of its own."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

import orjson
from mcp_types import InitializeRequestParams
from mcp_types.methods import validate_client_request
from mcp_types.version import HANDSHAKE_PROTOCOL_VERSIONS
from pydantic import ValidationError

from app.protocol.calling import Call
from app.protocol.detached import RESUMABLE_SINCE
from app.protocol.events.log import Event, EventLogError, Stream
from app.protocol.owner import owner_of
from app.protocol.sessions.live import RETRY_MS
from app.protocol.short.attending import STREAM_HEADERS, Attendant, event
from app.protocol.short.calls import nobody_asked, perform, sender_of
from app.protocol.short.reading import CALL, is_id, plain_headers, read, replayed

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import ASGIApp, Receive, Scope, Send

    from app.catalog.results import Outcome
    from app.protocol.admin_server import AdminServer
    from app.protocol.detached import DetachedCalls, WithoutSessions
    from app.protocol.events.log import EventLog

INITIALIZE: Final = "initialize"

_VERSIONS: Final = frozenset(version.encode() for version in HANDSHAKE_PROTOCOL_VERSIONS)
_LIST: Final = "tools/list"
_REQUEST: Final = {"jsonrpc", "id", "method"}
_LARGEST_HANDSHAKE: Final = 4096
_OWN_HEADERS: Final = frozenset({b"mcp-method", b"mcp-name", b"last-event-id"})


class ShortStateless:
    """Answers plain `tools/call`, `tools/list` and `initialize` itself, and hands all others on.

    Args:
        app: Serves the others.
        server: The same server that `app` serves.
        parts: What the answers need.
    """

    def __init__(self, app: ASGIApp, server: AdminServer, parts: WithoutSessions) -> None:
        self._app = app
        self._core = server.core
        self._event_log = parts.event_log
        self._detached = parts.detached

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        headers = plain_headers(scope, _VERSIONS | {None})
        if headers is None or not _OWN_HEADERS.isdisjoint(headers):
            await self._app(scope, receive, send)
            return
        first = await receive()
        message = read(first)
        if message is None or not await self._serve(scope, receive, send, message):
            await self._app(scope, replayed(first, receive), send)

    async def _serve(self, scope: Scope, receive: Receive, send: Send, message: dict[str, Any]) -> bool:
        """Answer a request unless it turns out not to be plain; tell whether it is answered."""
        if not _REQUEST <= message.keys() <= _REQUEST | {"params"} or not is_id(message["id"]):
            return False
        method, params = message["method"], message.get("params", {})
        version = dict(scope["headers"]).get(b"mcp-protocol-version", b"").decode()
        cursor: object = None
        if method == INITIALIZE:
            version = _handshake(params) or ""
            cursor = version
        elif method == _LIST and isinstance(params, dict) and params.keys() <= {"cursor"}:
            cursor = params.get("cursor")
        elif method == CALL and version and _is_call(params):
            return await self._call(scope, receive, send, message, version)
        else:
            return False
        if not version or not isinstance(cursor, str | None):
            return False
        policy = self._core.callers.of_scope(scope).policy
        found = self._core.stored.find(policy, version, method, cursor)
        start = _start(message)
        if found is None or start is None:
            return False
        stream = self._stream(scope, message, version)
        opening = b"" if stream is None else await stream.opening()
        answer = start + found.json + b"}"
        closing = event(answer) if stream is None else await stream.closing(answer)
        await send({"type": "http.response.start", "status": 200, "headers": STREAM_HEADERS})
        await send({"type": "http.response.body", "body": opening + closing, "more_body": False})
        return True

    async def _call(
        self, scope: Scope, receive: Receive, send: Send, message: dict[str, Any], version: str
    ) -> bool:
        params, start = message["params"], _start(message)
        caller = self._core.callers.of_scope(scope)
        if start is None or not self._core.calls.runs_unasked(caller, params["name"]):
            return False
        sender = sender_of(scope, version, None, {})
        call = Call(caller, sender, params["name"], params.get("arguments", {}), nobody_asked)
        stream = self._stream(scope, message, version)
        attendant = _StreamAttendant(receive, send, stream, self._detached)
        await attendant.serve(perform(self._core.calls, call, start, _result))
        return True

    def _stream(self, scope: Scope, message: dict[str, Any], version: str) -> _KeptStream | None:
        if self._event_log is None or version < RESUMABLE_SINCE:
            return None
        return _KeptStream(self._event_log, owner_of(scope), message["id"])


class _KeptStream:
    """An answer in the event log: the mark that it begins, and the response."""

    def __init__(self, event_log: EventLog, owner: str, request_id: str | int) -> None:
        self._log = event_log
        self._stream = Stream.new(owner, "")
        self._request_id = request_id

    async def opening(self) -> bytes:
        """Keep the mark; return the event that names it."""
        event_id = await self._keep(Event(1, b"", False, self._log.writer, self._request_id))  # noqa: FBT003
        return f"id: {event_id}\r\ndata: \r\nretry: {RETRY_MS}\r\n\r\n".encode()

    async def closing(self, answer: bytes) -> bytes:
        """Keep the response; return its event."""
        last = Event(2, answer, True, self._log.writer, self._request_id)  # noqa: FBT003
        return event(answer, await self._keep(last))

    async def _keep(self, kept: Event) -> str:
        try:
            await self._log.append(self._stream, kept)
        except EventLogError:
            if kept.last:
                self._log.owe(self._stream, kept)
            return ""
        return self._stream.event_id(kept.number)


class _StreamAttendant(Attendant):
    """Answers with a stream. One that can be resumed goes on without its client once it has begun."""

    def __init__(
        self, receive: Receive, send: Send, stream: _KeptStream | None, detached: DetachedCalls | None
    ) -> None:
        super().__init__(receive, send)
        self._stream = stream
        self._detached = detached if stream is not None else None
        self._end: Callable[[], None] | None = None

    async def _begin(self) -> None:
        opening = b"" if self._stream is None else await self._stream.opening()
        await self._start_stream()
        await self._send({"type": "http.response.body", "body": opening, "more_body": True})

    async def _finish(self, status: int, body: bytes) -> None:
        opening = b""
        if not self._is_stream:
            opening = b"" if self._stream is None else await self._stream.opening()
        closing = event(body) if self._stream is None else await self._stream.closing(body)
        if not self._is_stream:
            await self._send({"type": "http.response.start", "status": status, "headers": STREAM_HEADERS})
        await self._send({"type": "http.response.body", "body": opening + closing, "more_body": False})

    def _goes_on(self) -> bool:
        if self._detached is not None and self._is_stream:
            self._end = self._detached.take(self._abandon)
        return self._end is not None

    def _over(self) -> None:
        if self._end is not None:
            self._end()


def _start(message: dict[str, Any]) -> bytes | None:
    try:
        return b'{"jsonrpc":"2.0","id":' + orjson.dumps(message["id"]) + b',"result":'
    except TypeError:
        # Half of a surrogate pair, which has no form in UTF-8.
        return None


def _is_call(params: object) -> bool:
    return (
        isinstance(params, dict)
        and {"name"} <= params.keys() <= {"name", "arguments"}
        and isinstance(params["name"], str)
        and isinstance(params.get("arguments", {}), dict)
    )


def _handshake(params: object) -> str | None:
    """Return the version that a plain handshake asks for and gets."""
    try:
        written = orjson.dumps(params)
    except TypeError:
        return None
    return _checked_handshake(written) if len(written) <= _LARGEST_HANDSHAKE else None


@lru_cache(256)
def _checked_handshake(written: bytes) -> str | None:
    params = orjson.loads(written)
    if not isinstance(params, dict) or "_meta" in params:
        return None
    version = params.get("protocolVersion")
    if version not in HANDSHAKE_PROTOCOL_VERSIONS:
        return None
    try:
        for each in HANDSHAKE_PROTOCOL_VERSIONS:
            validate_client_request(INITIALIZE, each, params)
        InitializeRequestParams.model_validate(params, by_name=False)
    except ValidationError:
        return None
    return str(version)


def _result(outcome: Outcome) -> bytes:
    # The text is the JSON of the data, so it stands for both.
    return b"".join(
        (
            b'{"content":[{"text":',
            orjson.dumps(outcome.text),
            b',"type":"text"}],"isError":',
            b"true" if outcome.is_error else b"false",
            b',"structuredContent":',
            outcome.text.encode(),
            b"}}",
        )
    )
