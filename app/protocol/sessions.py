"""Sessions of the 2025 era. The only file that touches private parts of the MCP SDK.

What it relies on, in mcp 2.3 (a contract test fails by name when one of these changes):

- `StreamableHTTPSessionManager._admit_session(requestor)` makes a session's transport, or returns None when
  there are too many;
- `StreamableHTTPSessionManager._server_instances` maps the id of each open session to its transport;
- `StreamableHTTPSessionManager._session_owners` maps the id of each open session that has an owner to it;
- `StreamableHTTPServerTransport._event_store` is where a transport keeps events, replaceable before its first
  request;
- `ServerSession._connection` is the connection of a request's session, which outlives the request.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from mcp.server.streamable_http_manager import StreamableHTTPSessionManager

from app.protocol.events.session import SessionEvents

if TYPE_CHECKING:
    from mcp.server.auth.middleware.bearer_auth import AuthorizationContext
    from mcp.server.connection import Connection
    from mcp.server.lowlevel import Server
    from mcp.server.session import ServerSession
    from mcp.server.streamable_http import StreamableHTTPServerTransport

    from app.protocol.events.log import EventLog

Shortage = Literal["sessions", "share"]


class SessionManager(StreamableHTTPSessionManager):
    """The SDK's manager, with two differences.

    A session reads and writes only its own events: the SDK hands one event store to all sessions and names
    streams by request id alone, so a session could replay the answers of another. And one caller has a share
    of the sessions, so that nobody can take them all.
    """

    def __init__(
        self,
        server: Server[Any],
        *,
        event_log: EventLog | None,
        stateless: bool,
        idle_timeout: float | None,
        max_sessions: int | None,
        max_sessions_per_principal: int | None = None,
        retry_interval: int | None,
        max_body_bytes: int,
    ) -> None:
        super().__init__(
            server,
            json_response=False,
            stateless=stateless,
            retry_interval=retry_interval,
            session_idle_timeout=idle_timeout,
            max_request_body_size=max_body_bytes,
            max_sessions=max_sessions,
        )
        self._event_log = event_log
        self._share = max_sessions_per_principal

    @property
    def open_sessions(self) -> int:
        """How many sessions are open in this process."""
        return len(self._server_instances)

    def shortage(self, caller: AuthorizationContext | None) -> Shortage | None:
        """Tell what `caller` lacks to open a session; None for nothing. Who is anonymous has no share."""
        if self.max_sessions is not None and self.open_sessions >= self.max_sessions:
            return "sessions"
        if caller is None or self._share is None:
            return None
        # The id of the principal (see `app.auth.session_owner`): all its Portkey keys count together.
        own = sum(owner["client_id"] == caller["client_id"] for owner in self._session_owners.values())
        return "share" if own >= self._share else None

    def transport_of(self, session_id: str) -> object | None:
        """Return what stands for an open session as long as it is open, or None."""
        return self._server_instances.get(session_id)

    def _admit_session(self, requestor: AuthorizationContext | None) -> StreamableHTTPServerTransport | None:
        if self.shortage(requestor) is not None:
            return None
        transport = super()._admit_session(requestor)
        if transport is not None and self._event_log is not None and transport.mcp_session_id is not None:
            events = SessionEvents(self._event_log, transport.mcp_session_id)
            transport._event_store = events  # noqa: SLF001 - as said above
        return transport


def connection_of(session: ServerSession) -> Connection:
    """Return what lasts as long as the session that a request belongs to."""
    return session._connection  # noqa: SLF001 - as said above
