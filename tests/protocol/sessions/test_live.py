"""What a live session relies on inside the SDK, part by part, so that a change of the SDK fails by name."""

from __future__ import annotations

import inspect
from typing import Any
from weakref import WeakSet

from mcp.server import runner
from mcp.server.connection import Connection
from mcp.server.session import ServerSession
from mcp.server.streamable_http import GET_STREAM_KEY, EventStore, StreamableHTTPServerTransport
from mcp.shared.jsonrpc_dispatcher import JSONRPCDispatcher

from app.protocol.sessions.live import connection_of


def parameters(function: Any) -> list[str]:
    return list(inspect.signature(function).parameters)


def test_the_sdk_still_has_a_transport_that_takes_an_event_store() -> None:
    assert {"mcp_session_id", "event_store", "retry_interval"} <= set(
        parameters(StreamableHTTPServerTransport)
    )
    assert parameters(StreamableHTTPServerTransport.handle_request) == ["self", "scope", "receive", "send"]
    assert parameters(StreamableHTTPServerTransport.connect) == ["self"]
    assert parameters(StreamableHTTPServerTransport.terminate) == ["self"]


def test_the_sdk_still_names_streams_by_request_id_and_one_without() -> None:
    assert parameters(EventStore.store_event) == ["self", "stream_id", "message"]
    source = inspect.getsource(StreamableHTTPServerTransport)
    assert "request_id = str(message.id)" in source
    assert GET_STREAM_KEY == "_GET_stream"


def test_the_sdk_still_handles_requests_through_the_callback_given_to_run() -> None:
    assert parameters(JSONRPCDispatcher.run)[:3] == ["self", "on_request", "on_notify"]
    assert "await on_request(dctx, req.method, req.params)" in inspect.getsource(JSONRPCDispatcher)


def test_the_sdk_still_takes_the_id_of_a_question_from_its_options() -> None:
    assert parameters(JSONRPCDispatcher.send_raw_request)[:4] == ["self", "method", "params", "opts"]
    assert 'opts.get("request_id")' in inspect.getsource(JSONRPCDispatcher.send_raw_request)


def test_the_sdk_still_makes_connections_that_can_be_filled_in() -> None:
    assert {"session_id", "protocol_version_hint"} <= set(parameters(Connection.for_loop))
    assert parameters(Connection.from_envelope)[:3] == [
        "protocol_version",
        "client_info",
        "client_capabilities",
    ]
    assert isinstance(Connection.client_params, property)
    assert Connection.client_params.fset is not None


def test_the_sdk_still_serves_a_connection_over_any_dispatcher() -> None:
    names = parameters(runner.serve_connection)
    assert names[:2] == ["server", "dispatcher"]
    assert {"connection", "lifespan_state"} <= set(names)


async def test_the_sdk_still_keeps_what_outlives_a_request_in_connection() -> None:
    channel: Any = object()
    connection = Connection.for_loop(channel)
    session = ServerSession(channel, connection)
    assert connection_of(session) is connection, "a ServerSession keeps its connection elsewhere now"
    assert connection in WeakSet([connection]), "a connection cannot be kept in mind weakly any more"
