"""What the session manager relies on inside the SDK, and what it changes."""

from __future__ import annotations

import inspect
from typing import Any
from weakref import WeakSet

import pytest
from mcp.server.auth.middleware.bearer_auth import AuthorizationContext
from mcp.server.connection import Connection
from mcp.server.session import ServerSession
from mcp.server.streamable_http import StreamableHTTPServerTransport
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager

from app.protocol.events.memory import MemoryEventLog
from app.protocol.events.session import SessionEvents
from app.protocol.sessions import SessionManager, connection_of
from tests.protocol.stand_in import Backend


def manager(backend: Backend, **options: Any) -> SessionManager:
    given: dict[str, Any] = {
        "event_log": MemoryEventLog(),
        "stateless": False,
        "idle_timeout": None,
        "max_sessions": 1,
        "retry_interval": None,
        "max_body_bytes": 1000,
    }
    return SessionManager(backend.server(), **{**given, **options})


def test_the_sdk_still_has_streamable_http_session_manager_admit_session() -> None:
    assert hasattr(StreamableHTTPSessionManager, "_admit_session"), "the SDK admits sessions elsewhere now"
    method = StreamableHTTPSessionManager._admit_session
    assert list(inspect.signature(method).parameters) == ["self", "requestor"]
    caller = inspect.getsource(StreamableHTTPSessionManager._handle_stateful_request)
    assert "self._admit_session(" in caller, "the SDK does not admit sessions through _admit_session any more"


async def test_the_sdk_still_keeps_open_sessions_in_server_instances(backend: Backend) -> None:
    sessions = manager(backend)
    transport = sessions._admit_session(None)
    assert transport is not None
    assert sessions._server_instances == {transport.mcp_session_id: transport}
    assert sessions.open_sessions == 1
    assert sessions._admit_session(None) is None


async def test_the_sdk_still_keeps_owners_in_session_owners(backend: Backend) -> None:
    sessions = manager(backend, max_sessions=9, max_sessions_per_principal=1)
    ada, bob = (AuthorizationContext(client_id=name, issuer="i", subject=name) for name in ("ada", "bob"))
    transport = sessions._admit_session(ada)
    assert transport is not None
    assert sessions._session_owners == {transport.mcp_session_id: ada}
    assert sessions._admit_session(ada) is None
    assert (sessions.shortage(ada), sessions.shortage(bob), sessions.shortage(None)) == ("share", None, None)


async def test_the_sdk_still_reads_a_transports_events_from_event_store(backend: Backend) -> None:
    assert StreamableHTTPServerTransport("x", event_store=None)._event_store is None
    for method in ("_mint_priming_event", "_replay_events", "connect"):
        source = inspect.getsource(getattr(StreamableHTTPServerTransport, method))
        assert "self._event_store" in source, f"{method} reads events elsewhere now"


async def test_each_session_has_events_of_its_own(backend: Backend) -> None:
    sessions = manager(backend, max_sessions=2)
    first, second = sessions._admit_session(None), sessions._admit_session(None)
    assert first is not None
    assert second is not None
    assert isinstance(first._event_store, SessionEvents)
    assert first._event_store is not second._event_store


@pytest.mark.parametrize("event_log", [None])
async def test_without_an_event_log_nothing_is_kept(backend: Backend, event_log: None) -> None:
    transport = manager(backend, event_log=event_log)._admit_session(None)
    assert transport is not None
    assert transport._event_store is None


async def test_the_sdk_still_keeps_what_outlives_a_request_in_connection() -> None:
    channel: Any = object()
    connection = Connection.for_loop(channel)
    session = ServerSession(channel, connection)
    assert connection_of(session) is connection, "a ServerSession keeps its connection elsewhere now"
    assert connection in WeakSet([connection]), "a connection cannot be kept in mind weakly any more"
