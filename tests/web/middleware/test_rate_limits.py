from __future__ import annotations

from typing import Any

import pytest
from starlette.types import Message, Scope

from app.auth.bearer import BearerVerifier
from app.web.middleware.rate_limit_address import FAILED_AUTHENTICATION_TOKENS
from app.web.rate_limits.limits import Limit, RateLimits
from app.web.rate_limits.memory import MemoryStore
from app.web.trusted_proxies import TrustedProxies
from tests.web.support import build, client

ALICE = {"Authorization": "Bearer alice"}
BOB = {"Authorization": "Bearer bob"}
STRANGER = {"Authorization": "Bearer stranger"}


class Clock:
    """Seconds that pass when told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def limits(clock: Clock, capacity: int = 3, window: float = 60.0) -> RateLimits:
    return RateLimits(Limit(capacity, capacity, window), MemoryStore(clock=clock))


def bearer() -> dict[str, Any]:
    return {"auth_mode": "bearer", "verifier": BearerVerifier(["alice", "bob"])}


def via(address: str) -> dict[str, str]:
    return {"X-Forwarded-For": address}


async def test_beyond_the_limit_the_answer_is_429_and_the_wait_it_names_is_enough() -> None:
    clock = Clock()
    async with client(build(rate_limits=limits(clock))) as http:
        statuses = [(await http.post("/mcp", json={})).status_code for _ in range(3)]
        refused = await http.post("/mcp", json={})
        clock.now += int(refused.headers["Retry-After"]) - 0.01
        too_early = await http.post("/mcp", json={})
        clock.now += 0.01
        in_time = await http.post("/mcp", json={})
    assert statuses == [200, 200, 200]
    assert refused.status_code == 429
    assert refused.json()["error"]["code"] == "rate_limited"
    assert "20 seconds" in refused.json()["error"]["message"]
    assert refused.headers["Retry-After"] == "20"
    assert (too_early.status_code, too_early.headers["Retry-After"]) == (429, "1")
    assert in_time.status_code == 200


async def test_each_answer_tells_what_is_left() -> None:
    clock = Clock()
    async with client(build(rate_limits=limits(clock))) as http:
        answers = [await http.get("/auth/info") for _ in range(4)]
    assert {answer.headers["RateLimit-Policy"] for answer in answers} == {'"address";q=3;w=60'}
    assert [answer.headers["RateLimit"] for answer in answers] == [
        '"address";r=2;t=20',
        '"address";r=1;t=40',
        '"address";r=0;t=20',
        '"address";r=0;t=20',
    ]


@pytest.mark.parametrize("path", ["/health", "/ready", "/health/"])
async def test_probes_are_never_limited(path: str) -> None:
    async with client(build(rate_limits=limits(Clock(), capacity=1))) as http:
        answers = [await http.get(path) for _ in range(5)]
    assert {answer.status_code for answer in answers} == {200}
    assert "RateLimit" not in answers[0].headers


@pytest.mark.parametrize("path", ["/mcp", "/", "/auth/info", "/nowhere"])
async def test_every_other_path_counts(path: str) -> None:
    async with client(build(rate_limits=limits(Clock(), capacity=1))) as http:
        await http.get(path)
        assert (await http.get("/")).status_code == 429


@pytest.mark.parametrize(
    ("first", "second", "shared"),
    [
        ("203.0.113.9", "203.0.113.10", False),
        ("203.0.113.9", "::ffff:203.0.113.9", True),
        ("2001:db8:0:ff00::1", "2001:db8:0:ffff::2", True),
        ("2001:db8:0:ff00::1", "2001:db8:0:fe00::1", False),
    ],
)
async def test_an_address_is_one_client_and_so_is_an_ipv6_site(first: str, second: str, shared: bool) -> None:  # noqa: FBT001
    async with client(build(rate_limits=limits(Clock(), capacity=1))) as http:
        await http.get("/", headers=via(first))
        response = await http.get("/", headers=via(second))
    assert response.status_code == (429 if shared else 200)


async def test_a_client_cannot_get_another_bucket_by_naming_another_address() -> None:
    app = build(rate_limits=limits(Clock(), capacity=1), trusted_proxies=TrustedProxies())
    async with client(app) as http:
        await http.get("/", headers=via("203.0.113.9"))
        assert (await http.get("/", headers=via("203.0.113.10"))).status_code == 429


async def test_principals_are_counted_by_themselves_though_they_share_an_address() -> None:
    async with client(build(rate_limits=limits(Clock()), **bearer())) as http:
        of_alice = [await http.post("/mcp", json={}, headers=ALICE) for _ in range(4)]
        of_bob = [await http.post("/mcp", json={}, headers=BOB) for _ in range(3)]
        elsewhere = await http.post("/mcp", json={}, headers=ALICE | via("203.0.113.9"))
        nobody = await http.post("/mcp", json={})
    assert [answer.status_code for answer in of_alice] == [200, 200, 200, 429]
    assert [answer.status_code for answer in of_bob] == [200, 200, 200]
    assert elsewhere.status_code == 429
    assert nobody.status_code == 401
    assert of_alice[0].headers["RateLimit"] == '"principal";r=2;t=20'
    assert of_alice[3].headers["RateLimit-Policy"] == '"principal";q=3;w=60'
    assert of_alice[3].json()["error"]["code"] == "rate_limited"


async def test_guessing_tokens_costs_more_than_calling_without_one() -> None:
    each = 1 + FAILED_AUTHENTICATION_TOKENS
    clock = Clock()
    async with client(build(rate_limits=limits(clock, capacity=2 * each), **bearer())) as http:
        refused = [(await http.post("/mcp", json={}, headers=STRANGER)).status_code for _ in range(3)]
        clock.now += 60
        without = [(await http.post("/mcp", json={})).status_code for _ in range(2 * each + 1)]
    assert refused == [401, 401, 429]
    assert without == [401] * 2 * each + [429]


async def test_a_bucket_smaller_than_the_price_of_a_failure_is_empty_after_it_and_fills_as_ever() -> None:
    clock = Clock()
    async with client(build(rate_limits=limits(clock), **bearer())) as http:
        await http.post("/mcp", json={}, headers=STRANGER)
        refused = await http.post("/mcp", json={}, headers=ALICE)
        clock.now += 20
        later = await http.post("/mcp", json={}, headers=ALICE)
    assert (refused.status_code, refused.headers["Retry-After"], later.status_code) == (429, "20", 200)


async def test_a_page_can_read_how_long_to_wait() -> None:
    origin = {"Origin": "http://localhost:5173"}
    async with client(build(rate_limits=limits(Clock(), capacity=1))) as http:
        await http.get("/", headers=origin)
        refused = await http.get("/", headers=origin)
    assert refused.status_code == 429
    assert refused.headers["Access-Control-Allow-Origin"] == origin["Origin"]
    assert "Retry-After" in refused.headers["Access-Control-Expose-Headers"]


@pytest.mark.parametrize("peer", [None, ("testclient", 0)])
async def test_a_client_without_an_ip_address_is_limited_too(peer: tuple[str, int] | None) -> None:
    app = build(rate_limits=limits(Clock(), capacity=1))
    statuses = []

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    for _ in range(2):
        scope: Scope = {"type": "http", "method": "GET", "path": "/", "headers": [(b"host", b"localhost")]}
        scope.update(client=peer, scheme="http", query_string=b"", server=None, root_path="")
        await app(scope, receive, send)
    assert statuses == [200, 429]
