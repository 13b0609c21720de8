"""Traces as a collector receives them from a service that was called."""

from __future__ import annotations

import io
import json
import sys
import time

import pytest

from app.sandbox.keys import ADMIN_KEY
from app.service import read_settings
from app.settings import SettingsError
from app.telemetry.logging import configure_logging
from tests.end_to_end.recorded_portkey import recorded_portkey
from tests.end_to_end.services import pointing_at
from tests.telemetry.tracing.collector import attributes, collector
from tests.test_service import call, client_of

TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = "b7ad6b7169203331"
TRACEPARENT = f"00-{TRACE}-{PARENT}-01"
PLANTED = "planted-0123456789abcdef"


async def test_a_call_and_its_requests_to_portkey_are_one_trace_with_the_clients() -> None:
    with collector() as collected:
        async with client_of(OTEL_EXPORTER_OTLP_ENDPOINT=collected.url) as client:
            client.headers["traceparent"] = TRACEPARENT
            await call(client, "tools/call", {"name": "list_configs", "arguments": {}})
    tool, portkey = collected.named("tools/call list_configs"), collected.named("GET /configs")
    assert tool.trace_id.hex() == portkey.trace_id.hex() == TRACE
    assert tool.parent_span_id.hex() == PARENT
    assert portkey.parent_span_id == tool.span_id
    assert attributes(tool)["gen_ai.tool.name"] == "list_configs"
    assert attributes(tool)["portkey_admin_mcp.outcome"] == "succeeded"
    assert attributes(portkey) == {
        "http.request.method": "GET",
        "url.template": "/configs",
        "http.response.status_code": 200,
    }
    assert collected.resources[0]["service.name"] == "portkey-admin-mcp"
    assert set(collected.paths) == {"/v1/traces"}


async def test_the_context_in_meta_counts_before_that_in_the_headers() -> None:
    other = f"00-{'1' * 32}-{'2' * 16}-01"
    with collector() as collected:
        async with client_of(OTEL_EXPORTER_OTLP_ENDPOINT=collected.url) as client:
            client.headers["traceparent"] = other
            await call(
                client,
                "tools/call",
                {"name": "list_configs", "arguments": {}, "_meta": {"traceparent": TRACEPARENT}},
            )
    assert {span.trace_id.hex() for span in collected.spans} == {TRACE}


async def test_neither_arguments_nor_made_up_names_are_in_a_span() -> None:
    with collector() as collected:
        async with client_of(OTEL_EXPORTER_OTLP_ENDPOINT=collected.url) as client:
            await call(client, "tools/call", {"name": "get_config", "arguments": {"slug": PLANTED}})
            await call(client, "tools/call", {"name": PLANTED, "arguments": {}})
    assert PLANTED.encode() not in collected.raw
    failed = collected.named("tools/call get_config")
    assert attributes(failed)["error.type"] == "failed"
    assert attributes(collected.named("tools/call"))["portkey_admin_mcp.outcome"] == "denied"


@pytest.mark.parametrize("wanted", [True, False])
async def test_portkey_gets_the_trace_only_when_it_is_to(wanted: bool) -> None:  # noqa: FBT001 - a table
    with collector() as collected:
        async with recorded_portkey() as portkey:
            settings = {
                **pointing_at(portkey.url, ADMIN_KEY),
                "OTEL_EXPORTER_OTLP_ENDPOINT": collected.url,
                "MCP_TRACE_PORTKEY": str(wanted),
            }
            async with client_of(**settings) as client:
                await call(client, "tools/call", {"name": "list_configs", "arguments": {}})
    sent = portkey.requests[-1].traceparent
    span = collected.named("GET /configs")
    assert sent.rpartition("-")[0] == (f"00-{span.trace_id.hex()}-{span.span_id.hex()}" if wanted else "")


async def test_the_log_has_the_ids_of_the_trace() -> None:
    stream = io.StringIO()
    configure_logging(level="debug", format="json", stream=stream)
    with collector() as collected:
        async with client_of(OTEL_EXPORTER_OTLP_ENDPOINT=collected.url) as client:
            await call(client, "tools/call", {"name": "list_configs", "arguments": {}})
    entries = [json.loads(line) for line in stream.getvalue().splitlines()]
    span = collected.named("tools/call list_configs")
    for message in ("portkey request", "tool_call"):
        entry = next(entry for entry in entries if entry["message"] == message)
        assert (entry["trace_id"], entry["span_id"]) == (span.trace_id.hex(), span.span_id.hex())


async def test_a_collector_that_is_away_holds_nobody_up(unused_port: int) -> None:
    started = time.monotonic()
    async with client_of(OTEL_EXPORTER_OTLP_ENDPOINT=f"http://127.0.0.1:{unused_port}") as client:
        reply = await call(client, "tools/call", {"name": "list_configs", "arguments": {}})
        assert "error" not in reply
    assert time.monotonic() - started < 20


def test_what_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.http", None)
    with pytest.raises(SettingsError, match=r"portkey-admin-mcp\[otel\]"):
        read_settings({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://localhost:4318"})


def test_metrics_cannot_have_the_port_of_the_service() -> None:
    with pytest.raises(SettingsError, match="port of the service"):
        read_settings({"MCP_METRICS_PORT": "3000"})
