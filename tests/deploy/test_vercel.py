"""The Vercel function, driven as the platform does: cold, warm, thawed, with a lifespan and without one."""

from __future__ import annotations

import asyncio
import json
import runpy
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest

from app.serverless.on_demand import OnDemandApplication
from app.serverless.vercel import settings_environment, vercel_application
from app.settings import SettingsError, load_settings
from app.web import paths
from tests.auth.clerk.stand_in import running_clerk
from tests.support.own_redis import OwnRedis
from tests.web.support import until

ROOT = Path(__file__).parents[2]
CONFIG = json.loads((ROOT / "vercel.json").read_text(encoding="utf-8"))
TOKEN = "a-token-of-the-vercel-tests-0123"
# Those the product description recommends, but for the key: the tools work on the sandbox.
RECOMMENDED = {
    "MCP_SESSION_MODE": "stateless",
    "MCP_EVENT_STORE": "redis",
    "MCP_REDIS_URL": "redis://localhost:6379",
    "MCP_AUTH_MODE": "bearer",
    "MCP_AUTH_TOKEN": TOKEN,
    "ALLOWED_ORIGINS": "https://your-app-domain",
    "MCP_TRUST_PROXY": "true",
    "MCP_READY_CHECK_MODE": "portkey",
}
HEADERS = {
    "Authorization": f"Bearer {TOKEN}",
    "Accept": "application/json, text/event-stream",
    "X-Forwarded-For": "203.0.113.9",
}
LIST = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
TEN_MINUTES = 600.0


class Clock:
    """A wall clock that the test moves."""

    def __init__(self) -> None:
        self.now = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now


@asynccontextmanager
async def platform(application: OnDemandApplication) -> AsyncIterator[httpx2.AsyncClient]:
    transport = httpx2.ASGITransport(app=application)
    async with httpx2.AsyncClient(
        transport=transport, base_url="https://mcp.example.app", headers=HEADERS
    ) as client:
        yield client


async def tools_of(client: httpx2.AsyncClient) -> httpx2.Response:
    return await client.post("/mcp", json=LIST)


def function(clock: Clock, **settings: str) -> tuple[OnDemandApplication, list[int]]:
    """The function with a clock of its own, and a list that grows with each application it builds."""
    built: list[int] = []
    original = vercel_application(RECOMMENDED | settings)._build

    def build() -> Any:
        built.append(len(built))
        return original()

    return OnDemandApplication(build, clock=clock), built


def test_the_rewrites_lead_every_path_of_the_service_to_the_function_and_no_other() -> None:
    served = {
        spelling
        for path in (paths.STATUS, paths.MCP, paths.HEALTH, paths.READY, paths.AUTH_INFO)
        for spelling in paths.spellings(path)
    }

    assert {rewrite["source"] for rewrite in CONFIG["rewrites"]} == served | paths.METADATA
    assert {rewrite["destination"] for rewrite in CONFIG["rewrites"]} == {"/api/index"}
    assert CONFIG["functions"]["api/index.py"]["maxDuration"] == 300


def test_nothing_of_the_repository_is_served_as_a_file() -> None:
    public = ROOT / CONFIG["outputDirectory"]

    assert [file.name for file in public.iterdir()] == ["robots.txt"]


def test_the_entry_is_what_the_platform_looks_for(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in RECOMMENDED.items():
        monkeypatch.setenv(name, value)
    module = runpy.run_path(str(ROOT / "api" / "index.py"))

    assert isinstance(module["app"], OnDemandApplication)
    assert not {"handler", "Handler"} & set(module)


async def test_cold_then_warm_without_a_lifespan() -> None:
    application, built = function(Clock())
    async with platform(application) as client:
        # Two at once, the first that this process sees.
        cold = await asyncio.gather(tools_of(client), tools_of(client))
        warm = await client.get("/auth/info")

    assert [answer.status_code for answer in cold] == [200, 200]
    assert '"list_workspaces"' in cold[0].text
    assert warm.json()["mode"] == "bearer"
    assert built == [0]


def test_each_request_may_have_an_event_loop_of_its_own() -> None:
    application, _ = function(Clock())

    async def one_request() -> int:
        async with platform(application) as client:
            return (await tools_of(client)).status_code

    assert [asyncio.run(one_request()) for _ in range(3)] == [200, 200, 200]


async def test_thawed_after_ten_minutes_with_redis_restarted_in_between(own_redis: OwnRedis) -> None:
    clock = Clock()
    application, built = function(clock, RATE_LIMIT_STORE="redis", MCP_REDIS_URL=own_redis.url)
    await until(own_redis.answers)
    async with platform(application) as client:
        before = await tools_of(client)
        own_redis.kill()
        own_redis.start()
        await until(own_redis.answers)
        clock.now += TEN_MINUTES
        thawed = await tools_of(client)
        ready = (await client.get("/ready")).json()

    assert (before.status_code, thawed.status_code) == (200, 200)
    assert built == [0, 1]
    assert ready["components"]["rate_limits"] == {"status": "ok"}


async def test_thawed_it_refuses_a_key_that_the_issuer_has_withdrawn_meanwhile() -> None:
    clock = Clock()
    async with running_clerk() as clerk:
        application, _ = function(
            clock, MCP_AUTH_MODE="clerk", CLERK_ISSUER=clerk.issuer, CLERK_AUDIENCE="https://mcp.test/mcp"
        )
        old = {"Authorization": f"Bearer {clerk.access_token()}"}
        async with platform(application) as client:
            before = await client.post("/mcp", json=LIST, headers=old)
            clerk.rotate("key-2", keep=0)
            clock.now += TEN_MINUTES
            thawed = await client.post("/mcp", json=LIST, headers=old)
            new = {"Authorization": f"Bearer {clerk.access_token()}"}
            renewed = await client.post("/mcp", json=LIST, headers=new)

    assert [answer.status_code for answer in (before, thawed, renewed)] == [200, 401, 200]


@pytest.mark.parametrize("moved", [30.0, -30.0])
async def test_a_short_pause_keeps_what_is_there(moved: float) -> None:
    clock = Clock()
    application, built = function(clock)
    async with platform(application) as client:
        await tools_of(client)
        clock.now += moved
        await tools_of(client)

    assert built == [0]


async def test_a_clock_that_jumps_back_starts_anew_too() -> None:
    clock = Clock()
    application, built = function(clock)
    async with platform(application) as client:
        await tools_of(client)
        clock.now -= TEN_MINUTES
        assert (await tools_of(client)).status_code == 200

    assert built == [0, 1]


async def test_a_platform_that_runs_a_lifespan_has_it_answered_and_closed() -> None:
    application, built = function(Clock())
    told: list[str] = []
    messages: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    async def send(message: Any) -> None:
        told.append(message["type"])

    messages.put_nowait({"type": "lifespan.startup"})
    lifespan = asyncio.create_task(application({"type": "lifespan"}, messages.get, send))
    await until(lambda: told == ["lifespan.startup.complete"])
    assert built == []
    async with platform(application) as client:
        assert (await tools_of(client)).status_code == 200
    messages.put_nowait({"type": "lifespan.shutdown"})
    await lifespan

    assert told[-1] == "lifespan.shutdown.complete"


@pytest.mark.parametrize("host", ["", "127.0.0.1"])
async def test_without_authentication_it_stays_closed(host: str, capsys: pytest.CaptureFixture[str]) -> None:
    application = vercel_application({"MCP_HOST": host})
    async with platform(application) as client:
        answers = [await tools_of(client), await client.get("/health")]

    assert [answer.status_code for answer in answers] == [503, 503]
    assert answers[0].json()["error"]["code"] == "not_configured"
    log = capsys.readouterr().err
    assert log.count("everybody who reaches this address is an admin") == 1


async def test_an_application_that_could_not_start_is_tried_again() -> None:
    attempts: list[int] = []
    working = vercel_application(RECOMMENDED)._build

    def build() -> Any:
        attempts.append(1)
        application, readiness = working()
        if len(attempts) == 1:

            @asynccontextmanager
            async def broken(_application: object) -> AsyncIterator[None]:
                raise OSError("not yet")
                yield

            application.router.lifespan_context = broken
        return application, readiness

    async with platform(OnDemandApplication(build)) as client:
        with pytest.raises(OSError, match="not yet"):
            await tools_of(client)
        assert (await tools_of(client)).status_code == 200


def test_what_the_product_description_recommends_is_accepted() -> None:
    settings = load_settings(settings_environment(RECOMMENDED | {"PORTKEY_API_KEY": "pk-0123456789"}))

    assert settings.session_mode == "stateless"
    with pytest.raises(SettingsError):
        load_settings(settings_environment({"MCP_AUTH_MODE": "none"}))


@pytest.mark.parametrize(
    ("platform_says", "base_url"),
    [
        ({"VERCEL_ENV": "production", "VERCEL_PROJECT_PRODUCTION_URL": "mcp.example.app"}, "mcp.example.app"),
        ({"VERCEL_ENV": "preview", "VERCEL_PROJECT_PRODUCTION_URL": "mcp.example.app"}, "one-2.vercel.app"),
        ({"MCP_PUBLIC_BASE_URL": "https://mine.example.com"}, "mine.example.com"),
    ],
)
def test_it_tells_clients_the_address_of_the_deployment(platform_says: dict[str, str], base_url: str) -> None:
    settings = settings_environment({"VERCEL_URL": "one-2.vercel.app"} | platform_says)

    assert settings["MCP_PUBLIC_BASE_URL"] == f"https://{base_url}"
