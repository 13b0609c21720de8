"""The MCP SDK's side of a session: the only file that takes the SDK's session apart.

What it relies on, in mcp 2.3 (a contract test fails by name when one of these changes); nearly all of it is
public by name, and none of it documented for this use:

- `StreamableHTTPServerTransport(mcp_session_id=, event_store=, retry_interval=)`, its `connect()`,
  `handle_request(scope, receive, send)` and `terminate()`;
- `JSONRPCDispatcher(read, write, transport_builder=, inline_methods=)`: `run(on_request, on_notify)` awaits
  each handler through the callbacks it is given, and `send_raw_request` takes the id of a question from
  `opts["request_id"]`;
- `Connection.for_loop(dispatcher, session_id=, protocol_version_hint=)` whose `client_params` and
  `initialized` may be set, and `Connection.from_envelope(version, None, None)`;
- `serve_connection(server, dispatcher, connection=, lifespan_state=)`;
- `ServerSession._connection`, the one private name: the connection of a request's session.
"""

from __future__ import annotations

import asyncio
import secrets
from typing import TYPE_CHECKING, Any

import structlog
from mcp.server.connection import Connection
from mcp.server.runner import serve_connection
from mcp.server.streamable_http import StreamableHTTPServerTransport
from mcp.shared.jsonrpc_dispatcher import JSONRPCDispatcher
from mcp.shared.transport_context import TransportContext
from mcp_types import InitializeRequestParams

from app.protocol.vocabulary import RETRY_MS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mcp.server.lowlevel import Server
    from mcp.server.session import ServerSession
    from mcp.shared.dispatcher import CallOptions, DispatchContext, OnNotify, OnRequest
    from mcp_types import RequestId
    from starlette.types import Receive, Scope, Send

    from app.protocol.events.writing import StreamWriter
    from app.protocol.sessions.store import SessionRecord

log = structlog.get_logger(__name__)


class LiveSession:
    """A session, or one request without a session, as the SDK serves it in this process.

    `serve` runs as long as it is live; `handle` answers requests meanwhile.

    Args:
        server: The MCP server.
        session_id: The id that its answers carry; None for one request without a session.
        record: What is known of a session that is open already.
        version: The protocol version of a request without a session.
        events: Keeps what it sends; None for not keeping it.
        connected: Told of its connection.
    """

    def __init__(
        self,
        server: Server[Any],
        *,
        session_id: str | None,
        record: SessionRecord | None = None,
        version: str | None = None,
        events: StreamWriter | None = None,
        connected: Callable[[Connection], None] = lambda _connection: None,
    ) -> None:
        self._server = server
        self._connected = connected
        self._session_id = session_id
        self._record = record
        self._version = version
        self._events = events
        self._transport = StreamableHTTPServerTransport(
            session_id, event_store=events, retry_interval=RETRY_MS
        )
        self._dispatcher: _Dispatcher | None = None
        self._connection: Connection | None = None
        self._started = asyncio.Event()
        self._ended = asyncio.Event()
        self._requests = 0

    @property
    def initialized(self) -> bool:
        """Whether an `initialize` succeeded."""
        return self._connection is not None and self._connection.initialize_accepted

    @property
    def ended(self) -> bool:
        """Whether it takes no more requests."""
        return self._ended.is_set()

    @property
    def in_use(self) -> bool:
        """Whether a request is being answered, a stream is open, or a call is running with nobody there."""
        return self._requests > 0 or self.calls > 0 or not (self._events is None or self._events.complete)

    @property
    def calls(self) -> int:
        """How many handlers are running."""
        return 0 if self._dispatcher is None else self._dispatcher.running

    async def settled(self) -> None:
        """Wait until no handler is running, and what they answered is kept."""
        if self._dispatcher is not None:
            await self._dispatcher.settled.wait()
        if self._events is not None:
            await self._events.completed()

    async def serve(self) -> None:
        """Serve until `close` is called. Never raises."""
        try:
            async with self._transport.connect() as (read, write):
                builder = _cannot_ask if self._session_id is None else None
                self._dispatcher = _Dispatcher(
                    read, write, transport_builder=builder, inline_methods=frozenset({"initialize"})
                )
                self._connection = self._connect(self._dispatcher)
                self._connected(self._connection)
                self._started.set()
                await serve_connection(
                    self._server, self._dispatcher, connection=self._connection, lifespan_state={}
                )
        except Exception:
            log.exception("session_crashed")
        finally:
            self._ended.set()
            self._started.set()

    async def handle(self, scope: Scope, receive: Receive, send: Send, request_id: RequestId | None) -> None:
        """Answer one HTTP request, whose message is a request with that id, or is none."""
        self._requests += 1
        try:
            await self._started.wait()
            if self._events is not None and request_id is not None:
                self._events.expect(request_id)
            await self._transport.handle_request(scope, receive, send)
        finally:
            self._requests -= 1

    async def deliver(self, body: bytes) -> None:
        """Take in a message that reached another replica: an answer to a question, or a notification."""
        headers = [
            (b"content-type", b"application/json"),
            (b"accept", b"application/json, text/event-stream"),
        ]
        if self._session_id is not None:
            headers.append((b"mcp-session-id", self._session_id.encode()))
        scope = {"type": "http", "method": "POST", "path": "/", "query_string": b"", "headers": headers}

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(_message: object) -> None:
            return

        await self.handle(scope, receive, send, None)

    async def close(self) -> None:
        """End it, with the streams that are open and the calls that are running."""
        self._ended.set()
        await self._started.wait()
        await self._transport.terminate()

    def _connect(self, dispatcher: _Dispatcher) -> Connection:
        if self._session_id is None:
            # As the SDK does without sessions: born ready, and nothing is known of the client.
            return Connection.from_envelope(self._version or "", None, None)
        if self._record is None:
            return Connection.for_loop(dispatcher, session_id=self._session_id)
        connection = Connection.for_loop(
            dispatcher, session_id=self._session_id, protocol_version_hint=self._record.version
        )
        connection.client_params = InitializeRequestParams.model_validate(self._record.params, by_name=False)
        connection.initialized.set()
        return connection


def connection_of(session: ServerSession) -> Connection:
    """Return what lasts as long as a session is live here, of a request that belongs to it."""
    return session._connection  # noqa: SLF001 - as said above


def _cannot_ask(_metadata: object) -> TransportContext:
    return TransportContext(kind="streamable-http", can_send_request=False)


class _Dispatcher(JSONRPCDispatcher[TransportContext]):
    """The SDK's dispatcher, which also counts running handlers, and gives questions ids that nobody guesses.

    The SDK counts questions from 1 in each connection. A session that is live in two processes would have two
    questions of one id, and the answer to one would be taken for the other's.
    """

    def __init__(self, *args: Any, **options: Any) -> None:  # noqa: ANN401 - as the SDK's
        super().__init__(*args, **options)
        self.running = 0
        self.settled = asyncio.Event()
        self.settled.set()

    async def run(
        self,
        on_request: OnRequest,
        on_notify: OnNotify,
        *args: Any,  # noqa: ANN401 - as the SDK's
        **options: Any,  # noqa: ANN401
    ) -> None:
        """Run as the SDK does, with each request counted while it is handled."""

        async def counted(
            context: DispatchContext[TransportContext], method: str, params: Mapping[str, Any] | None
        ) -> dict[str, Any]:
            self.running += 1
            self.settled.clear()
            try:
                return await on_request(context, method, params)
            finally:
                self.running -= 1
                if not self.running:
                    self.settled.set()

        await super().run(counted, on_notify, *args, **options)

    async def send_raw_request(
        self,
        method: str,
        params: Mapping[str, Any] | None,
        opts: CallOptions | None = None,
        **related: Any,  # noqa: ANN401 - as the SDK's
    ) -> dict[str, Any]:
        """Ask the client something under an id that is used once."""
        named: CallOptions = {"request_id": f"q-{secrets.token_urlsafe(16)}", **(opts or {})}
        return await super().send_raw_request(method, params, named, **related)
