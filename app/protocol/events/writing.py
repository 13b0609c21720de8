"""What the MCP SDK sees of the event log: a place to keep the messages of one connection."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import structlog
from mcp.server.streamable_http import GET_STREAM_KEY, EventStore
from mcp_types import JSONRPCError, JSONRPCResponse

from app.protocol.events.log import Event, EventLogError, Stream

if TYPE_CHECKING:
    from mcp.server.streamable_http import EventCallback
    from mcp_types import JSONRPCMessage, RequestId

    from app.protocol.events.log import EventLog

log = structlog.get_logger(__name__)

_MAX_EVENTS: Final = 1000
"""Events of one stream at most; the oldest go first."""

_MAX_BYTES: Final = 8 * 1024 * 1024


@dataclass(slots=True)
class _Open:
    stream: Stream
    request_id: RequestId | None
    number: int = 0
    whole: bool = True
    sizes: deque[int] = field(default_factory=deque)
    bytes: int = 0

    def oldest_within_bounds(self, size: int) -> int:
        """Count an event in, and return the number of the oldest that may stay."""
        self.sizes.append(size)
        self.bytes += size
        while len(self.sizes) > 1 and (len(self.sizes) > _MAX_EVENTS or self.bytes > _MAX_BYTES):
            self.bytes -= self.sizes.popleft()
        return self.number - len(self.sizes) + 1


class StreamWriter(EventStore):
    """Gives each answer of a connection a stream of its own in the log.

    The SDK names streams by JSON-RPC request id, which every session repeats, and some clients repeat within
    one. When the log fails, messages still go out, without an event id; of that stream only the response is
    kept from then on, so that a client that comes back for it still finds it.

    Args:
        event_log: Where the events go.
        owner: Whose they are.
        session: The session they belong to; "" without sessions.
    """

    def __init__(self, event_log: EventLog, owner: str, session: str) -> None:
        self._log = event_log
        self._owner = owner
        self._session = session
        self._expected: dict[str, RequestId] = {}
        self._open: dict[str, _Open] = {}
        self._complete = asyncio.Event()
        self._complete.set()

    def expect(self, request_id: RequestId) -> None:
        """Announce a request, whose id the SDK turns into text."""
        self._expected[str(request_id)] = request_id

    @property
    def complete(self) -> bool:
        """Whether every request that got a stream has its response there."""
        return self._complete.is_set()

    async def completed(self) -> None:
        """Wait until every request that got a stream has its response there."""
        await self._complete.wait()

    async def store_event(self, stream_id: str, message: JSONRPCMessage | None) -> str:
        """Keep a message, or with None the mark that a stream begins. Return its id, "" when it is lost."""
        into = self._open.get(stream_id)
        if into is None or message is None:
            into = _Open(Stream.new(self._owner, self._session), self._expected.pop(stream_id, None))
            self._open[stream_id] = into
            if stream_id != GET_STREAM_KEY:
                self._complete.clear()
        last = isinstance(message, JSONRPCResponse | JSONRPCError)
        try:
            return await self._keep(into, message, last=last)
        finally:
            if last:
                self._end(stream_id, into)

    async def replay_events_after(self, last_event_id: str, send_callback: EventCallback) -> str | None:  # noqa: ARG002
        """Replay nothing: `Resumption` answers who comes back, before the SDK sees the request."""
        return None

    async def _keep(self, into: _Open, message: JSONRPCMessage | None, *, last: bool) -> str:
        if not (into.whole or last):
            return ""
        payload = (
            b"" if message is None else message.model_dump_json(by_alias=True, exclude_unset=True).encode()
        )
        into.number += 1
        event = Event(into.number, payload, last, self._log.writer, into.request_id)
        try:
            await self._log.append(into.stream, event, oldest=into.oldest_within_bounds(len(payload)))
        except EventLogError as error:
            log.debug("event_not_kept", reason=str(error))
            into.whole = False
            if last:
                self._log.owe(into.stream, event)
            return ""
        return into.stream.event_id(event.number)

    def _end(self, stream_id: str, into: _Open) -> None:
        if self._open.get(stream_id) is into:
            del self._open[stream_id]
        if not self._open.keys() - {GET_STREAM_KEY}:
            self._complete.set()
