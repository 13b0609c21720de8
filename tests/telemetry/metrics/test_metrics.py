"""Metrics as Prometheus reads them from a service that was called."""

from __future__ import annotations

import timeit
from collections.abc import Mapping
from types import SimpleNamespace

import httpx2
import pytest
from prometheus_client.parser import text_string_to_metric_families

from app.service import Service, read_settings
from app.telemetry.component import ComponentState
from app.telemetry.metrics.families import FAMILIES, family_of
from app.telemetry.metrics.metrics import PREFIX, Metrics
from app.telemetry.metrics.observing import MeasuredCalls
from app.web.metrics import MetricsEndpoint, metrics_listener
from tests.end_to_end.services import TOKEN, http_service
from tests.test_service import call, client_of

SECRET = "metrics-token-0123456789abcdef"
READS = {"MCP_METRICS_TOKEN": SECRET}
AUTHORIZED = {"Authorization": f"Bearer {SECRET}"}


def samples(text: str) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def value(text: str, name: str, **labels: str) -> float:
    """Add up the samples of a metric that have these labels."""
    wanted = labels.items()
    found = [
        number
        for (each, having), number in samples(text).items()
        if each == f"{PREFIX}_{name}" and wanted <= having
    ]
    assert found, f"no {name} with {labels} in\n{text}"
    return sum(found)


async def scraped(client: httpx2.AsyncClient) -> str:
    answer = await client.get("/metrics", headers=AUTHORIZED)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    return answer.text


async def test_a_call_is_counted_by_tool_risk_outcome_and_client() -> None:
    async with client_of(**READS) as client:
        client.headers["User-Agent"] = "claude-code/2.0.1"
        await call(client, "tools/call", {"name": "list_configs", "arguments": {}})
        await call(client, "tools/call", {"name": "get_config", "arguments": {"slug": "none-such"}})
        await call(client, "tools/call", {"name": "no_such_tool", "arguments": {}})
        text = await scraped(client)
    ok = {"tool": "list_configs", "risk": "read", "outcome": "succeeded", "client": "claude"}
    assert value(text, "tool_calls_total", **ok) == 1
    assert value(text, "tool_calls_total", tool="get_config", outcome="failed") == 1
    assert value(text, "tool_calls_total", tool="other", outcome="denied") == 1
    assert "no_such_tool" not in text
    assert value(text, "tool_call_duration_seconds_count", tool="list_configs") == 1
    assert value(text, "portkey_request_duration_seconds_count", method="GET", outcome="2xx") == 1
    assert value(text, "portkey_request_duration_seconds_count", method="GET", outcome="4xx") == 1
    whole = value(text, "tool_call_duration_seconds_sum")
    portkey = value(text, "portkey_request_duration_seconds_sum")
    assert 0 < value(text, "tool_call_own_duration_seconds_sum") <= whole - portkey
    assert value(text, "build_info", backend="sandbox") == 1
    assert value(text, "ready") == 1
    assert "process_resident_memory_bytes" in text


async def test_refusals_have_their_reason() -> None:
    settings = {**READS, "MCP_AUTH_MODE": "bearer", "MCP_AUTH_TOKEN": TOKEN}
    async with client_of(**settings) as client:
        await client.post("/mcp", json={})
        await client.post("/mcp", headers={"Authorization": "Bearer x"}, json={})
        await client.get("/nothing/here")
        await client.delete("/health/")
        text = await scraped(client)
    assert value(text, "authentication_failures_total", reason="no_token") == 1
    assert value(text, "authentication_failures_total", reason="invalid_token") == 1
    assert value(text, "http_refusals_total", code="unauthorized") == 2
    assert value(text, "http_requests_total", route="/mcp", status="4xx") == 2
    assert value(text, "http_requests_total", route="other", status="4xx") == 1
    assert value(text, "http_requests_total", route="/health", status="4xx") == 1
    assert "nothing" not in text


async def test_a_limit_by_caller_is_told_from_one_by_address() -> None:
    limits = {"RATE_LIMIT_MAX": "12", "RATE_LIMIT_WINDOW_MS": "86400000"}
    settings = {"MCP_AUTH_MODE": "bearer", "MCP_AUTH_TOKEN": TOKEN, **limits, **READS}
    service = Service(read_settings(settings))
    application, readiness = service.application()
    readiness.serving()
    async with (
        application.router.lifespan_context(application),
        httpx2.AsyncClient(
            transport=httpx2.ASGITransport(application), base_url="http://127.0.0.1"
        ) as client,
    ):
        headers = {"Authorization": f"Bearer {TOKEN}"}
        while (await client.post("/mcp", headers=headers, json={})).status_code != 429:
            pass
        while (await client.get("/")).status_code != 429:
            pass
    assert service._telemetry.metrics is not None
    text = service._telemetry.metrics.render().decode()
    assert value(text, "rate_limit_refusals_total", policy="principal") == 1
    assert value(text, "rate_limit_refusals_total", policy="address") == 1


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic eA=="}])
async def test_without_its_token_nobody_reads_them(headers: Mapping[str, str]) -> None:
    async with client_of(**READS) as client:
        answer = await client.get("/metrics", headers=headers)
    assert answer.status_code == 401
    assert PREFIX not in answer.text
    assert SECRET not in answer.text


async def test_only_get_reads_them() -> None:
    async with client_of(**READS) as client:
        answer = await client.post("/metrics", headers=AUTHORIZED)
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET")


async def test_they_are_off_unless_asked_for() -> None:
    async with client_of() as client:
        assert (await client.get("/metrics")).status_code == 404


async def test_a_port_of_its_own_serves_nothing_else() -> None:
    metrics = Metrics(version="1", backend="sandbox")
    app = MetricsEndpoint(metrics, None)
    async with (
        metrics_listener(app, host="127.0.0.1", port=0) as port,
        httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client,
    ):
        assert f"{PREFIX}_build_info" in (await client.get("/metrics")).text
        assert (await client.get("/mcp")).status_code == 404


def test_a_process_serves_them_on_their_own_port_and_stops_cleanly(unused_port: int) -> None:
    with http_service("stateful", token=TOKEN, settings={"MCP_METRICS_PORT": str(unused_port)}) as service:
        answer = httpx2.get(f"http://127.0.0.1:{unused_port}/metrics", trust_env=False)
        assert value(answer.text, "sessions") == 0
        assert httpx2.get(f"{service.url}/metrics", trust_env=False).status_code == 404
        service.terminate()
        assert service.wait() == 0


def test_states_and_losses_are_read_when_somebody_asks() -> None:
    state = ComponentState("ok")
    lost = {"file": 0}
    metrics = Metrics(version="1", backend="portkey")
    metrics.reads(components=lambda: {"audit": state}, ready=lambda: False, lost_records=lambda: lost)
    text = metrics.render().decode()
    assert value(text, "component_state", component="audit", status="ok") == 1
    assert value(text, "audit_records_lost_total", sink="file") == 0
    state, lost["file"] = ComponentState("failed", "it does not work"), 3
    for _ in range(2):
        text = metrics.render().decode()
        assert value(text, "component_state", component="audit", status="failed") == 1
        assert value(text, "component_state", component="audit", status="ok") == 0
        assert value(text, "audit_records_lost_total", sink="file") == 3
    assert value(text, "ready") == 0


@pytest.mark.parametrize(
    ("name", "family"),
    [
        ("claude-ai", "claude"),
        ("Cursor", "cursor"),
        ("Visual Studio Code", "vscode"),
        ("openai-mcp", "chatgpt"),
        ("mcp-inspector", "inspector"),
        ("python-httpx", "sdk"),
        ("x" * 10_000, "other"),
        (None, "none"),
    ],
)
def test_clients_belong_to_a_family(name: str | None, family: str) -> None:
    assert family_of(name) == family
    assert family in FAMILIES


def test_a_call_costs_microseconds() -> None:
    observe = MeasuredCalls(Metrics(version="1", backend="sandbox"))
    one = SimpleNamespace(
        tool="list_configs",
        risk="read",
        outcome="succeeded",
        client=SimpleNamespace(name="claude-ai"),
        seconds=0.02,
        portkey_seconds=0.019,
    )

    def count() -> None:
        observe(one)()

    best = min(timeit.repeat(count, number=2000, repeat=5)) / 2000
    # 3 us where this was written; the bound only catches a mistake of another order.
    assert best < 50e-6
