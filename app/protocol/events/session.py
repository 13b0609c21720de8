"""One session's view of an event log, in the form that the MCP SDK asks for."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Final

import structlog
from mcp.server.streamable_http import EventMessage, EventStore
from mcp_types import JSONRPCError, JSONRPCMessage, JSONRPCResponse, jsonrpc_message_adapter

from app.protocol.events.log import MAX_ID_LENGTH, EventLogError

if TYPE_CHECKING:
    from mcp.server.streamable_http import EventCallback

    from app.protocol.events.log import EventLog

log = structlog.get_logger(__name__)

_MAX_BROKEN: Final = 256


class SessionEvents(EventStore):
    """The events of one session. The SDK names streams by JSON-RPC request id, which every session repeats.

    When the log fails, messages still go out, without an event id: that stream cannot be resumed from there
    on, and the log is not asked about it again.
    """

    def __init__(self, event_log: EventLog, session: str) -> None:
        self._log = event_log
        self._session = session
        self._broken: OrderedDict[str, bool] = OrderedDict()
        """Streams with an event that was not kept; True when that was the last one."""

    async def store_event(self, stream_id: str, message: JSONRPCMessage | None) -> str:
        """Keep a message, or with None the mark that a stream begins. Return its id, "" when it is lost."""
        if stream_id in self._broken:
            self._break(stream_id, ended=_ends_stream(message))
            return ""
        payload = (
            b"" if message is None else message.model_dump_json(by_alias=True, exclude_unset=True).encode()
        )
        try:
            return await self._log.append(self._session, stream_id, payload)
        except EventLogError as error:
            log.warning("event_not_kept", reason=str(error))
            self._break(stream_id, ended=_ends_stream(message))
            return ""

    async def replay_events_after(self, last_event_id: str, send_callback: EventCallback) -> str | None:
        """Send what the stream's client missed.

        Return the stream to follow from here on, or None when it ended, is unknown, or cannot be read: the
        SDK then ends the response instead of holding it open.
        """
        if len(last_event_id) > MAX_ID_LENGTH:
            return None
        try:
            position = await self._log.find(self._session, last_event_id)
            if position is None:
                return None
            ended = bool(position.message) and _ends_stream(_decode(position.message))
            async for event in self._log.after(position):
                if event.message:
                    message = _decode(event.message)
                    await send_callback(EventMessage(message, event.id))
                    ended = _ends_stream(message)
        except EventLogError as error:
            log.warning("events_not_replayed", reason=str(error))
            return None
        return None if ended or self._broken.get(position.stream) else position.stream

    def _break(self, stream_id: str, *, ended: bool) -> None:
        self._broken[stream_id] = ended
        while len(self._broken) > _MAX_BROKEN:
            self._broken.popitem(last=False)


def _decode(payload: bytes) -> JSONRPCMessage:
    return jsonrpc_message_adapter.validate_json(payload, by_name=False)


def _ends_stream(message: JSONRPCMessage | None) -> bool:
    return isinstance(message, JSONRPCResponse | JSONRPCError)
