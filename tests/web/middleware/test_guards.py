from __future__ import annotations

import pytest
from structlog.testing import capture_logs

from app.web.allow_list import AllowList
from tests.web.support import build, client

LISTED = AllowList.parse(["https://app.example.com"])


async def test_a_request_without_an_origin_is_fine() -> None:
    async with client(build()) as http:
        assert (await http.post("/mcp", json={})).status_code == 200


@pytest.mark.parametrize("origin", ["http://localhost:5173", "http://127.0.0.1", "https://[::1]:8443"])
async def test_a_local_page_may_call_by_default(origin: str) -> None:
    async with client(build()) as http:
        assert (await http.post("/mcp", json={}, headers={"Origin": origin})).status_code == 200


@pytest.mark.parametrize("origin", ["https://evil.test", "null", "", "garbage", "http://localhost.evil.test"])
@pytest.mark.parametrize("path", ["/mcp", "/mcp/", "/", "/auth/info", "/nowhere"])
async def test_a_foreign_page_is_refused_everywhere(origin: str, path: str) -> None:
    async with client(build()) as http:
        response = await http.post(path, json={}, headers={"Origin": origin})
    assert response.status_code == 403
    assert response.json()["error"]["code"] == "origin_not_allowed"


async def test_one_good_origin_does_not_hide_a_bad_one() -> None:
    headers = [("Origin", "http://localhost"), ("Origin", "https://evil.test")]
    async with client(build()) as http:
        assert (await http.get("/", headers=headers)).status_code == 403


async def test_a_configured_origin_may_call() -> None:
    async with client(build(allowed_origins=LISTED)) as http:
        good = await http.get("/", headers={"Origin": "https://app.example.com"})
        bad = await http.get("/", headers={"Origin": "http://localhost"})
    assert (good.status_code, bad.status_code) == (200, 403)


@pytest.mark.parametrize(
    "host", ["evil.example.com", "evil.example.com:3000", "localhost.evil.test", "a@localhost"]
)
async def test_a_rebound_host_name_is_misdirected(host: str) -> None:
    async with client(build()) as http:
        response = await http.post("/mcp", json={}, headers={"Host": host})
    assert response.status_code == 421
    assert response.json()["error"]["code"] == "host_not_allowed"


@pytest.mark.parametrize("host", ["localhost", "localhost:3000", "127.0.0.1:3000", "[::1]:3000"])
async def test_loopback_host_names_are_answered(host: str) -> None:
    async with client(build(allowed_hosts=LISTED)) as http:
        assert (await http.get("/", headers={"Host": host})).status_code == 200


async def test_the_origin_is_judged_before_the_host() -> None:
    headers = {"Host": "evil.example.com", "Origin": "http://evil.example.com"}
    async with client(build()) as http:
        assert (await http.post("/mcp", json={}, headers=headers)).status_code == 403


async def test_two_hosts_are_refused() -> None:
    async with client(build()) as http:
        response = await http.get("/", headers=[("Host", "localhost"), ("Host", "localhost")])
    assert response.status_code == 421


async def test_without_a_host_list_any_name_is_answered() -> None:
    async with client(build(allowed_hosts=None)) as http:
        assert (await http.get("/", headers={"Host": "mcp.example.com"})).status_code == 200


@pytest.mark.parametrize("path", ["/health", "/ready"])
async def test_probes_are_answered_under_any_name(path: str) -> None:
    headers = {"Host": "10.0.0.7:3000", "Origin": "https://evil.test"}
    async with client(build()) as http:
        assert (await http.get(path, headers=headers)).status_code == 200


async def test_a_refusal_is_logged_bounded_and_in_plain_characters() -> None:
    with capture_logs() as logs:
        async with client(build()) as http:
            await http.get("/", headers=[(b"Origin", b"https://\xff" + b"x" * 500)])
            await http.get("/", headers={"Host": "evil.test"})
    refused = {line["event"]: line for line in logs}
    assert len(refused["origin_refused"]["origin"]) < 120
    assert refused["origin_refused"]["origin"].isascii()
    assert refused["host_refused"]["host"] == "'evil.test'"
