from __future__ import annotations

import pytest

from app.auth.bearer import BearerVerifier
from app.web.allow_list import AllowList
from tests.web.support import build, client

APP = "https://app.example.com"
ALLOWED = AllowList.parse([APP, "https://*.tools.example.com"])
PREFLIGHT = {
    "Origin": APP,
    "Access-Control-Request-Method": "POST",
    "Access-Control-Request-Headers": "authorization, Mcp-Param-Region, x-evil, mcp-{x}",
}


def words(header: str) -> set[str]:
    return {word.strip().lower() for word in header.split(",")}


async def test_a_welcome_page_may_read_the_answer_and_the_headers_that_mcp_needs() -> None:
    async with client(build(allowed_origins=ALLOWED)) as http:
        response = await http.post("/mcp", json={}, headers={"Origin": APP})
    assert response.headers["Access-Control-Allow-Origin"] == APP
    assert "Access-Control-Allow-Credentials" not in response.headers
    assert words(response.headers["Access-Control-Expose-Headers"]) == {
        "mcp-session-id",
        "mcp-protocol-version",
        "www-authenticate",
        "retry-after",
        "x-request-id",
        "ratelimit",
        "ratelimit-policy",
    }


@pytest.mark.parametrize("origin", ["https://a.tools.example.com", "https://a.b.tools.example.com", APP])
async def test_exactly_the_origin_that_called_is_named(origin: str) -> None:
    async with client(build(allowed_origins=ALLOWED)) as http:
        response = await http.get("/", headers={"Origin": origin})
    assert (response.status_code, response.headers["Access-Control-Allow-Origin"]) == (200, origin)


async def test_with_a_star_each_origin_is_named_and_never_a_star() -> None:
    async with client(build(allowed_origins=AllowList.parse(["*"]))) as http:
        response = await http.get("/", headers={"Origin": "https://any.test"})
        null = await http.get("/", headers={"Origin": "null"})
    assert response.headers["Access-Control-Allow-Origin"] == "https://any.test"
    assert null.status_code == 403
    assert "Access-Control-Allow-Origin" not in null.headers


@pytest.mark.parametrize(
    "origin", ["https://evil.test", "https://tools.example.com", "null", "http://app.example.com"]
)
@pytest.mark.parametrize("method", ["GET", "OPTIONS"])
async def test_a_foreign_page_learns_nothing(origin: str, method: str) -> None:
    async with client(build(allowed_origins=ALLOWED)) as http:
        response = await http.request(method, "/", headers=PREFLIGHT | {"Origin": origin})
    assert response.status_code == 403
    assert "Access-Control-Allow-Origin" not in response.headers
    assert response.headers["Vary"] == "Origin"


async def test_two_origins_are_named_in_no_answer() -> None:
    async with client(build(allowed_origins=ALLOWED)) as http:
        response = await http.get("/", headers=[("Origin", APP), ("Origin", "https://evil.test")])
    assert "Access-Control-Allow-Origin" not in response.headers


@pytest.mark.parametrize("path", ["/", "/mcp", "/health", "/nowhere"])
async def test_caches_are_told_that_the_origin_matters(path: str) -> None:
    async with client(build()) as http:
        assert "Origin" in (await http.get(path)).headers["Vary"]


@pytest.mark.parametrize("path", ["/mcp", "/mcp/", "/auth/info", "/nowhere"])
async def test_a_preflight_needs_no_token_and_says_what_a_page_may_send(path: str) -> None:
    app = build(allowed_origins=ALLOWED, auth_mode="bearer", verifier=BearerVerifier(["token"]))
    async with client(app) as http:
        response = await http.options(path, headers=PREFLIGHT)
    assert (response.status_code, response.content) == (204, b"")
    assert response.headers["Access-Control-Allow-Origin"] == APP
    assert response.headers["Access-Control-Allow-Methods"] == "GET, POST, DELETE, OPTIONS"
    assert int(response.headers["Access-Control-Max-Age"]) >= 600
    assert words(response.headers["Vary"]) == {
        "origin",
        "access-control-request-method",
        "access-control-request-headers",
    }
    assert words(response.headers["Access-Control-Allow-Headers"]) == {
        "authorization",
        "content-type",
        "accept",
        "last-event-id",
        "x-request-id",
        "mcp-session-id",
        "mcp-protocol-version",
        "mcp-method",
        "mcp-name",
        "x-portkey-api-key",
        "mcp-param-region",
    }


async def test_a_preflight_for_a_foreign_host_name_is_refused() -> None:
    async with client(build(allowed_origins=ALLOWED)) as http:
        response = await http.options("/mcp", headers=PREFLIGHT | {"Host": "evil.test"})
    assert response.status_code == 421


@pytest.mark.parametrize("missing", ["Origin", "Access-Control-Request-Method"])
async def test_options_that_are_no_preflight_are_an_unknown_method(missing: str) -> None:
    headers = {name: value for name, value in PREFLIGHT.items() if name == "Origin" and name != missing}
    async with client(build(allowed_origins=ALLOWED)) as http:
        assert (await http.options("/mcp", headers=headers)).status_code == 405


async def broken(*_: object) -> None:
    raise RuntimeError


@pytest.mark.parametrize(
    ("status", "method", "path", "headers"),
    [
        (401, "POST", "/mcp", {}),
        (404, "GET", "/nowhere", {}),
        (405, "PUT", "/mcp", {"Authorization": "Bearer token"}),
        (413, "POST", "/mcp", {"Authorization": "Bearer token", "Content-Type": "application/json"}),
        (415, "POST", "/mcp", {"Authorization": "Bearer token"}),
        (421, "GET", "/", {"Host": "evil.test"}),
    ],
)
async def test_a_page_can_read_errors_too(
    status: int, method: str, path: str, headers: dict[str, str]
) -> None:
    app = build(
        allowed_origins=ALLOWED,
        auth_mode="bearer",
        verifier=BearerVerifier(["token"]),
        max_request_bytes=10,
    )
    async with client(app) as http:
        content = b"x" * 100 if method == "POST" else None
        response = await http.request(method, path, content=content, headers={"Origin": APP, **headers})
    assert response.status_code == status
    assert response.headers["Access-Control-Allow-Origin"] == APP


async def test_a_page_can_read_that_something_went_wrong() -> None:
    async with client(build(broken, allowed_origins=ALLOWED)) as http:
        response = await http.post("/mcp", json={}, headers={"Origin": APP})
    assert (response.status_code, response.headers["Access-Control-Allow-Origin"]) == (500, APP)
