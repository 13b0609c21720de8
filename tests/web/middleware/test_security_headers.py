"""Which headers protect browsers and caches, on every kind of answer."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from app.auth.bearer import BearerVerifier
from app.web.discovery import Discovery
from app.web.readiness import Readiness
from tests.web.support import JSON, OPTIONS, Mcp, build, client, running
from tests.web.test_metadata import ISSUER, Metadata, Tokens

CLERK: dict[str, Any] = {
    "auth_mode": "clerk",
    "verifier": Tokens(),
    "discovery": Discovery(
        issuer=ISSUER, scopes=("portkey:read",), server_metadata=Metadata({"issuer": ISSUER})
    ),
}
CALLER = {**JSON, "Authorization": "Bearer portkey:read"}
NO_STORE = "no-store"
ANSWERS: list[tuple[str, str, dict[str, str], int, str]] = [
    # method, path, headers, status, Cache-Control
    ("GET", "/", {}, 200, NO_STORE),
    ("HEAD", "/", {}, 200, NO_STORE),
    ("POST", "/", {}, 405, NO_STORE),
    ("GET", "/status.js", {}, 200, "public, max-age=86400"),
    ("POST", "/status.js", {}, 405, NO_STORE),
    ("GET", "/health", {}, 200, NO_STORE),
    ("GET", "/ready", {}, 200, NO_STORE),
    ("DELETE", "/ready", {}, 405, NO_STORE),
    ("GET", "/auth/info", {}, 200, NO_STORE),
    ("POST", "/mcp", CALLER, 200, NO_STORE),
    ("POST", "/mcp", JSON, 401, NO_STORE),
    ("POST", "/mcp", {"Authorization": "Bearer stranger"}, 403, NO_STORE),
    ("POST", "/mcp", {"Authorization": "Bearer unchecked"}, 503, NO_STORE),
    ("PUT", "/mcp", CALLER, 405, NO_STORE),
    ("POST", "/mcp?tools=nothing", CALLER, 400, NO_STORE),
    ("POST", "/mcp", {**CALLER, "Content-Type": "text/plain"}, 415, NO_STORE),
    ("POST", "/mcp", {**CALLER, "Origin": "https://evil.test"}, 403, NO_STORE),
    ("POST", "/mcp", {**CALLER, "Host": "evil.test"}, 421, NO_STORE),
    (
        "OPTIONS",
        "/mcp",
        {"Origin": "http://localhost:5173", "Access-Control-Request-Method": "POST"},
        204,
        NO_STORE,
    ),
    ("GET", "/.well-known/oauth-protected-resource", {}, 200, "public, max-age=3600"),
    ("GET", "/.well-known/oauth-protected-resource/mcp", {}, 200, "public, max-age=3600"),
    ("GET", "/.well-known/oauth-authorization-server", {}, 200, "public, max-age=600"),
    ("POST", "/.well-known/oauth-authorization-server", {}, 405, NO_STORE),
    ("GET", "/.well-known/openid-configuration", {}, 404, NO_STORE),
    ("GET", "/nowhere", {}, 404, NO_STORE),
    ("POST", "/favicon.ico", {}, 404, NO_STORE),
]


@pytest.mark.parametrize(
    ("method", "path", "headers", "status", "cache"),
    ANSWERS,
    ids=[f"{method} {path} {status}" for method, path, _, status, _ in ANSWERS],
)
async def test_every_answer_says_what_browsers_and_caches_may_do_with_it(
    method: str, path: str, headers: dict[str, str], status: int, cache: str
) -> None:
    async with client(build(**CLERK)) as http:
        answer = await http.request(
            method, path, headers=headers, content=b"{}" if method == "POST" else None
        )
    assert answer.status_code == status
    assert answer.headers["cache-control"] == cache
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["x-frame-options"] == "DENY"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cross-origin-opener-policy"] == "same-origin"
    policy = answer.headers["content-security-policy"]
    for directive in (
        "default-src 'none'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    ):
        assert directive in policy
    assert "unsafe" not in policy
    assert ("script-src" in policy) is (path == "/" and status == 200)
    open_to_all = "well-known/oauth" in path
    assert answer.headers["cross-origin-resource-policy"] == (
        "cross-origin" if open_to_all else "same-origin"
    )
    assert "server" not in answer.headers


async def test_a_process_that_is_not_ready_says_it_to_no_cache() -> None:
    async with client(build(readiness=Readiness())) as http:
        answer = await http.get("/ready")
    assert (answer.status_code, answer.headers["cache-control"]) == (503, NO_STORE)


async def test_an_answer_that_sets_a_header_itself_keeps_it() -> None:
    async def stream(scope: object, receive: object, send) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
        headers = [(b"content-type", b"text/event-stream"), (b"cache-control", b"no-cache, no-transform")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b""})

    async with client(build(stream)) as http:
        answer = await http.post("/mcp", json={})
    assert answer.headers.get_list("cache-control") == ["no-cache, no-transform"]


@pytest.mark.parametrize("request_line", [b"nonsense\r\n\r\n", b"GET / HTTP/1.1\r\nbad header\r\n\r\n"])
async def test_what_is_no_request_at_all_gets_an_answer_that_nobody_keeps(request_line: bytes) -> None:
    async with running(build(Mcp())) as service:
        answer = (await service.exchange(request_line)).lower()
    assert answer.startswith(b"http/1.1 400")
    assert b"\r\ncache-control: no-store\r\n" in answer
    assert b"\r\nx-content-type-options: nosniff\r\n" in answer


async def test_a_bearer_token_is_not_told_to_anybody() -> None:
    options = replace(OPTIONS, auth_mode="bearer", verifier=BearerVerifier(["s3cret-s3cret"]))
    app = build(auth_mode=options.auth_mode, verifier=options.verifier)
    async with client(app) as http:
        for path in ("/", "/status.js", "/health", "/ready", "/auth/info", "/nowhere"):
            answer = await http.get(path, headers={"Authorization": "Bearer s3cret-s3cret"})
            assert "s3cret" not in answer.text
            assert "s3cret" not in str(answer.headers)
