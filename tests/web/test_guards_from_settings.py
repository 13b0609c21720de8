"""What the settings of proxies, hosts, origins and limits do to a service that is built from them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx2
import pytest

from app.service import Service, read_settings
from app.settings import SettingsError

TOKEN = "0123456789abcdef0123456789abcdef"
BEARER = {"MCP_AUTH_MODE": "bearer", "MCP_AUTH_TOKEN": TOKEN}
AUTHORIZED = {"Authorization": f"Bearer {TOKEN}"}


@asynccontextmanager
async def service(**settings: str) -> AsyncIterator[httpx2.AsyncClient]:
    application, readiness = Service(read_settings(settings), tools=[]).application()
    readiness.serving()
    transport = httpx2.ASGITransport(application)
    async with (
        application.router.lifespan_context(application),
        httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client,
    ):
        yield client


def problems_of(**settings: str) -> dict[str, str]:
    with pytest.raises(SettingsError) as caught:
        read_settings(settings)
    return {problem.variable: problem.accepted for problem in caught.value.problems}


async def test_requests_are_limited_unless_switched_off() -> None:
    async with service(RATE_LIMIT_MAX="2") as http:
        assert [(await http.get("/")).status_code for _ in range(3)] == [200, 200, 429]
    async with service(RATE_LIMIT_MAX="2", RATE_LIMIT_ENABLED="false") as http:
        answers = [await http.get("/") for _ in range(3)]
    assert {answer.status_code for answer in answers} == {200}
    assert "RateLimit" not in answers[0].headers


async def test_the_default_is_300_a_minute() -> None:
    async with service() as http:
        assert (await http.get("/")).headers["RateLimit-Policy"] == '"address";q=300;w=60'


@pytest.mark.parametrize(
    ("refill", "retry"), [({}, "30"), ({"RATE_LIMIT_REFILL": "60"}, "1"), ({"RATE_LIMIT_REFILL": "1"}, "60")]
)
async def test_a_window_brings_back_what_the_settings_say(refill: dict[str, str], retry: str) -> None:
    async with service(RATE_LIMIT_MAX="2", **refill) as http:
        answers = [await http.get("/") for _ in range(3)]
    assert answers[2].headers["Retry-After"] == retry


async def test_two_services_with_one_redis_count_together(redis_url: str) -> None:
    shared = {"RATE_LIMIT_STORE": "redis", "RATE_LIMIT_MAX": "2", "RATE_LIMIT_SINGLE_PROCESS": "true"}
    async with (
        service(MCP_REDIS_URL=redis_url, **shared) as one,
        service(MCP_REDIS_URL="redis://127.0.0.1:1", RATE_LIMIT_REDIS_URL=redis_url, **shared) as other,
        service(REDIS_URL=redis_url, RATE_LIMIT_REDIS_KEY_PREFIX="elsewhere", **shared) as stranger,
    ):
        statuses = [(await http.get("/")).status_code for http in (one, other, one, other, stranger)]
    assert statuses == [200, 200, 429, 429, 200]


async def test_without_redis_the_direction_of_the_settings_counts(unused_port: int) -> None:
    settings = {"RATE_LIMIT_STORE": "redis", "REDIS_URL": f"redis://127.0.0.1:{unused_port}"}
    statuses = {}
    for direction in ("local", "open", "closed"):
        async with service(RATE_LIMIT_MAX="1", RATE_LIMIT_ON_REDIS_FAILURE=direction, **settings) as http:
            statuses[direction] = [(await http.get("/")).status_code for _ in range(2)]
    assert statuses == {"local": [200, 429], "open": [200, 200], "closed": [503, 503]}


async def test_a_proxy_is_believed_as_the_settings_say() -> None:
    async with service(RATE_LIMIT_MAX="1", MCP_TRUST_PROXY="true") as http:
        statuses = [
            (await http.get("/", headers={"X-Forwarded-For": client})).status_code
            for client in ("203.0.113.1", "203.0.113.2", "203.0.113.9, 203.0.113.1")
        ]
    assert statuses == [200, 200, 429]


async def test_names_are_checked_with_a_token_too_where_the_settings_ask_for_it() -> None:
    settings = BEARER | {
        "MCP_ALLOWED_HOSTS": "mcp.example.com,*.internal.example.com",
        "MCP_PUBLIC_BASE_URL": "https://public.example.com/mcp-server",
    }
    async with service(**settings) as http:
        statuses = {
            host: (await http.get("/", headers=AUTHORIZED | {"Host": host})).status_code
            for host in (
                "mcp.example.com",
                "a.internal.example.com:3000",
                "public.example.com",
                "localhost",
                "app.example.com",
            )
        }
    assert list(statuses.values()) == [200, 200, 200, 200, 421]


async def test_a_public_url_with_a_path_is_a_name_like_any_other() -> None:
    async with service(MCP_PUBLIC_BASE_URL="https://public.example.com/team") as http:
        response = await http.get("/", headers={"Host": "public.example.com"})
        refused = await http.get("/", headers={"Host": "other.example.com"})
    assert (response.status_code, refused.status_code) == (200, 421)
    assert "MCP_ALLOWED_HOSTS" in refused.json()["error"]["message"]


def test_settings_that_cannot_be_read_are_reported_together() -> None:
    problems = problems_of(
        MCP_TRUST_PROXY="nginx",
        MCP_ALLOWED_HOSTS="mcp.example.com,https://",
        ALLOWED_ORIGINS="https://*.com",
        RATE_LIMIT_STORE="redis",
        RATE_LIMIT_MAX="0",
        RATE_LIMIT_WINDOW_MS="60s",
        RATE_LIMIT_ON_REDIS_FAILURE="panic",
    )
    assert set(problems) == {
        "MCP_TRUST_PROXY",
        "MCP_ALLOWED_HOSTS",
        "ALLOWED_ORIGINS",
        "RATE_LIMIT_REDIS_URL",
        "RATE_LIMIT_MAX",
        "RATE_LIMIT_WINDOW_MS",
        "RATE_LIMIT_ON_REDIS_FAILURE",
    }
    assert "'nginx'" in problems["MCP_TRUST_PROXY"]


def test_true_for_a_proxy_is_accepted_with_a_word_on_what_to_write() -> None:
    warnings = read_settings({"MCP_TRUST_PROXY": "true"}).warnings
    assert len(warnings) == 1
    assert "MCP_TRUST_PROXY=1" in warnings[0]
    assert not read_settings({"MCP_TRUST_PROXY": "1"}).warnings


def test_a_limit_that_is_switched_off_needs_no_redis() -> None:
    read_settings({"RATE_LIMIT_STORE": "redis", "RATE_LIMIT_ENABLED": "false"})


def test_the_password_of_the_redis_for_limits_is_a_secret() -> None:
    settings = read_settings({"RATE_LIMIT_REDIS_URL": "redis://:hunter2@localhost:6379"})
    assert "hunter2" in settings.secret_values()
