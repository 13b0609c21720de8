from __future__ import annotations

import asyncio

import pytest
from starlette.exceptions import HTTPException

from app.web.readiness import Readiness
from app.web.upstream_check import UpstreamCheck
from tests.web.support import JSON, RAW_CALL, Mcp, build, client, running


@pytest.mark.parametrize("path", ["/mcp", "/mcp/"])
async def test_mcp_answers_with_and_without_a_slash_and_never_redirects(path: str) -> None:
    async with client(build()) as http:
        response = await http.post(path, json={})
    assert response.status_code == 200
    assert response.json()["received"] == 2


@pytest.mark.parametrize(
    "path", ["/", "/health", "/health/", "/ready", "/ready/", "/auth/info", "/auth/info/"]
)
async def test_get_routes_also_answer_head(path: str) -> None:
    async with client(build()) as http:
        got, head = await http.get(path), await http.head(path)
    assert got.status_code == head.status_code == 200
    assert got.headers["content-type"] == head.headers["content-type"]


async def test_a_head_answer_has_no_body_on_the_wire() -> None:
    async with running(build()) as service:
        answer = await service.exchange(
            b"HEAD /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        )
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200")
    assert body == b""


@pytest.mark.parametrize("path", ["/nowhere", "/mcp/x", "/mcp//", "/MCP", "/%6dcp/x", "/status.css"])
async def test_an_unknown_path_is_a_json_404(path: str) -> None:
    async with client(build()) as http:
        response = await http.post(path, json={})
    assert response.status_code == 404
    error = response.json()["error"]
    assert error["code"] == "not_found"
    assert "/mcp" in error["message"]
    assert error["request_id"] == response.headers["x-request-id"]


@pytest.mark.parametrize("path", ["/health", "/ready", "/auth/info", "/"])
async def test_a_wrong_method_is_a_json_405_that_names_the_right_ones(path: str) -> None:
    async with client(build()) as http:
        response = await http.delete(path)
    assert response.status_code == 405
    assert set(response.headers["allow"].split(", ")) == {"GET", "HEAD"}
    assert response.json()["error"]["code"] == "method_not_allowed"


@pytest.mark.parametrize("method", ["GET", "DELETE", "PUT", "PATCH", "OPTIONS", "HEAD"])
async def test_stateless_mcp_takes_only_post(method: str) -> None:
    async with client(build(session_mode="stateless")) as http:
        response = await http.request(method, "/mcp", headers={"Accept": "text/event-stream"})
    assert response.status_code == 405
    assert response.headers["allow"] == "POST"


@pytest.mark.parametrize(("method", "status"), [("GET", 200), ("DELETE", 200), ("POST", 200), ("PUT", 405)])
async def test_stateful_mcp_takes_get_and_delete_too(method: str, status: int) -> None:
    async with client(build(session_mode="stateful")) as http:
        response = await http.request(method, "/mcp", headers=JSON)
    assert response.status_code == status
    if status == 405:
        assert response.headers["allow"] == "GET, POST, DELETE"


@pytest.mark.parametrize(("store", "arrives"), [("off", False), ("memory", True)])
async def test_last_event_id_only_reaches_mcp_when_events_are_stored(
    store: str,
    arrives: bool,  # noqa: FBT001 - a case
) -> None:
    app = build(session_mode="stateful", event_store_mode=store)
    async with client(app) as http:
        response = await http.get("/mcp", headers={"Last-Event-ID": "7"})
    assert ("last-event-id" in response.json()["headers"]) is arrives


async def test_every_answer_carries_the_security_headers_and_none_names_the_server() -> None:
    async with running(build()) as service, client(build()) as http:
        raw = await service.exchange(b"GET /nowhere HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        answers = [await http.get(path) for path in ("/", "/health", "/nowhere")]
    for response in answers:
        assert response.headers["x-content-type-options"] == "nosniff"
        assert response.headers["x-frame-options"] == "DENY"
        assert response.headers["referrer-policy"] == "no-referrer"
        assert "default-src 'none'" in response.headers["content-security-policy"]
        assert "strict-transport-security" not in response.headers
    assert b"\r\nserver:" not in raw.lower()
    assert b"\r\ndate:" in raw.lower()


async def test_an_unexpected_error_is_a_500_without_internals() -> None:
    async def broken(*_: object) -> None:
        raise RuntimeError("password=hunter2")

    async with client(build(broken)) as http:
        response = await http.post("/mcp", json={}, headers={"X-Request-Id": "call-7"})
    assert response.status_code == 500
    assert response.json()["error"]["code"] == "internal_error"
    assert response.json()["error"]["request_id"] == "call-7"
    assert "hunter2" not in response.text
    assert response.headers["x-content-type-options"] == "nosniff"


async def test_an_error_in_the_middle_of_an_answer_breaks_the_connection_off() -> None:
    async def broken(scope: object, receive: object, send) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"half", "more_body": True})
        raise RuntimeError("later")

    async with running(build(broken)) as service:
        answer = await service.exchange(RAW_CALL)
    assert answer.startswith(b"HTTP/1.1 200")
    assert answer.endswith(b"half\r\n")
    assert b"0\r\n\r\n" not in answer


async def test_the_callers_identity_and_policy_reach_mcp() -> None:
    mcp = Mcp()
    async with client(build(mcp)) as http:
        await http.post("/mcp", json={}, headers={"X-Request-Id": "abc"})
    assert mcp.scope["principal"].id == "anonymous"
    assert mcp.scope["policy"].domains is None
    assert mcp.scope["request_id"] == "abc"
    assert "user" not in mcp.scope


async def test_a_probe_under_way_ends_with_the_application() -> None:
    asked = asyncio.Event()

    async def stuck() -> None:
        asked.set()
        await asyncio.Event().wait()

    readiness = Readiness(upstream=UpstreamCheck(stuck))
    app = build(readiness=readiness)
    async with app.router.lifespan_context(app):
        question = asyncio.create_task(readiness.upstream.verdict())  # type: ignore[union-attr]
        await asked.wait()
    with pytest.raises(asyncio.CancelledError):
        await question


async def test_an_http_error_raised_by_a_handler_keeps_its_status_in_the_one_shape() -> None:
    async def refuses(*_: object) -> None:
        raise HTTPException(409, "internal detail")

    async with client(build(refuses)) as http:
        response = await http.post("/mcp", json={})
    assert response.status_code == 409
    assert response.json()["error"]["code"] == "conflict"
    assert "detail" not in response.text
