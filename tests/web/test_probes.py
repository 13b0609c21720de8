from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

import pytest

from app.auth.bearer import BearerVerifier
from app.telemetry.component import OK, ComponentState, Status
from app.web.readiness import Readiness
from app.web.upstream_check import ProbeFailedError, UpstreamCheck
from tests.web.support import build, client


def serving(probe: Callable[[], Awaitable[None]] | None = None, sessions: int = 0) -> Readiness:
    upstream = UpstreamCheck(probe) if probe else None
    readiness = Readiness(session_count=lambda: sessions, upstream=upstream)
    readiness.serving()
    return readiness


async def get(path: str, readiness: Readiness | None = None, **options: Any) -> tuple[int, dict[str, Any]]:
    async with client(build(readiness=readiness, **options)) as http:
        response = await http.get(path)
    assert response.headers["cache-control"] == "no-store"
    assert response.headers["content-type"] == "application/json"
    return response.status_code, response.json()


async def test_health_tells_that_the_process_lives_and_which_version_it_is() -> None:
    status, body = await get("/health")
    assert status == 200
    assert body["status"] == "ok"
    assert body["version"] == "1.2.3"
    assert body["uptime"] >= 0
    assert datetime.fromisoformat(body["timestamp"]).tzinfo is not None
    assert body["timestamp"].endswith("Z")


async def test_health_stays_ok_while_draining() -> None:
    readiness = serving()
    readiness.draining()
    assert (await get("/health", readiness))[0] == 200


async def test_ready_reports_modes_and_sessions() -> None:
    status, body = await get(
        "/ready", serving(sessions=7), session_mode="stateful", event_store_mode="memory"
    )
    assert status == 200
    del body["timestamp"]
    assert body == {
        "status": "ready",
        "sessionMode": "stateful",
        "eventStoreMode": "memory",
        "sessions": 7,
        "components": {},
        "check": "local",
    }


async def test_ready_names_the_parts_that_do_less_than_they_should_and_stays_ready() -> None:
    readiness = Readiness(
        components={"audit": lambda: OK, "rate_limits": lambda: ComponentState("failed", "no answer")}
    )
    readiness.serving()
    status, body = await get("/ready", readiness)
    assert status == 200
    assert body["components"] == {
        "audit": {"status": "ok"},
        "rate_limits": {"status": "failed", "reason": "no answer"},
    }


@pytest.mark.parametrize(("state", "status"), [("ok", 200), ("degraded", 200), ("failed", 503)])
async def test_ready_wants_no_traffic_while_a_required_part_has_failed(state: Status, status: int) -> None:
    readiness = Readiness(components={"audit": lambda: ComponentState(state)}, required=["audit"])
    readiness.serving()
    answered, body = await get("/ready", readiness)
    assert answered == status
    assert body["components"] == {"audit": {"status": state}}
    assert body.get("reason") == (None if status == 200 else "component_failed")


async def test_a_process_that_does_not_serve_yet_is_not_ready() -> None:
    status, body = await get("/ready", Readiness())
    assert (status, body["status"], body["reason"]) == (503, "not_ready", "starting")


async def test_a_draining_process_is_not_ready_and_never_becomes_so_again() -> None:
    readiness = serving()
    readiness.draining()
    readiness.serving()
    status, body = await get("/ready", readiness)
    assert (status, body["status"], body["reason"]) == (503, "not_ready", "draining")


async def test_ready_asks_portkey_when_told_to() -> None:
    async def answers() -> None:
        pass

    readiness = serving(answers)
    status, first = await get("/ready", readiness)
    _, second = await get("/ready", readiness)
    assert status == 200
    assert first["portkey"]["status"] == "ok"
    assert first["portkey"]["latency_ms"] >= 0
    assert (first["portkey"]["cached"], second["portkey"]["cached"]) == (False, True)
    assert "check" not in first


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (ProbeFailedError("no_api_key"), "no_api_key"),
        (RuntimeError("GET https://10.0.0.7?key=secret"), "error"),
    ],
)
async def test_portkey_in_trouble_is_not_ready_with_one_word_for_the_reason(
    error: Exception, reason: str
) -> None:
    async def fails() -> None:
        raise error

    status, body = await get("/ready", serving(fails))
    assert (status, body["status"]) == (503, "not_ready")
    assert body["portkey"]["status"] == "error"
    assert body["portkey"]["reason"] == reason
    assert "10.0.0.7" not in str(body)


async def test_a_process_that_begins_to_drain_while_it_asks_is_not_ready() -> None:
    async def answers() -> None:
        readiness.draining()

    readiness = serving(answers)
    assert (await get("/ready", readiness))[0] == 503


async def test_auth_info_tells_how_to_connect() -> None:
    _, body = await get(
        "/auth/info", auth_mode="bearer", verifier=BearerVerifier(["s3cret"]), backend="sandbox"
    )
    assert body == {
        "mode": "bearer",
        "sessionMode": "stateless",
        "eventStoreMode": "off",
        "mcpEndpoint": "http://127.0.0.1:3000/mcp",
        "backend": "sandbox",
        "clerk": {"issuerConfigured": False, "jwksConfigured": False, "audienceConfigured": False},
        "tls": {"enabled": False, "protocol": "http"},
    }


async def test_auth_info_tells_of_tls() -> None:
    _, body = await get("/auth/info", tls=True)
    assert body["tls"] == {"enabled": True, "protocol": "https"}


@pytest.mark.parametrize("path", ["/auth/info", "/"])
async def test_the_advertised_address_never_comes_from_the_host_header(path: str) -> None:
    async with client(build(allowed_hosts=None, base_url="https://mcp.example.com")) as http:
        response = await http.get(path, headers={"Host": "evil.test", "X-Forwarded-Host": "evil.test"})
    assert "https://mcp.example.com/mcp" in response.text
    assert "evil.test" not in response.text
