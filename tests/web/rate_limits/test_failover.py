from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass, field
from typing import Any

import pytest
from structlog.testing import capture_logs

from app.web.rate_limits.failover import Direction, FailoverStore
from app.web.rate_limits.limits import Limit, RateLimits, StoreFailedError, UndecidedError, Verdict
from app.web.rate_limits.memory import MemoryStore
from app.web.readiness import Readiness
from tests.web.support import build, client, until

LIMIT = Limit(capacity=2, refill=2, window=3600.0)


@dataclass
class Shared:
    """A store that is up or down when told to be, and counts the questions."""

    up: bool = True
    asked: int = 0
    hold: asyncio.Event | None = None
    buckets: MemoryStore = field(default_factory=MemoryStore)

    async def take(self, bucket: str, limit: Limit) -> Verdict:
        await self._answer()
        return await self.buckets.take(bucket, limit)

    async def add(self, bucket: str, limit: Limit, tokens: int) -> None:
        await self._answer()
        await self.buckets.add(bucket, limit, tokens)

    async def aclose(self) -> None:
        await self.buckets.aclose()

    async def _answer(self) -> None:
        self.asked += 1
        if self.hold is not None:
            await self.hold.wait()
        if not self.up:
            raise StoreFailedError("no answer")


@dataclass
class Clock:
    now: float = 0.0

    def __call__(self) -> float:
        return self.now


def failover(shared: Shared, clock: Clock, direction: Direction = "local") -> FailoverStore:
    return FailoverStore(shared, local=MemoryStore(), direction=direction, pause=1.0, clock=clock)


async def test_while_it_is_up_the_shared_store_alone_decides() -> None:
    shared = Shared()
    store = failover(shared, Clock())
    assert [(await store.take("a", LIMIT)).admitted for _ in range(3)] == [True, True, False]
    await store.add("a", LIMIT, 1)
    assert (await store.take("a", LIMIT)).admitted
    assert (store.failures, store.decided_without) == (0, 0)


async def test_during_an_outage_it_is_asked_once_a_pause_and_local_buckets_decide() -> None:
    shared, clock = Shared(up=False), Clock()
    store = failover(shared, clock)
    assert [(await store.take("a", LIMIT)).admitted for _ in range(3)] == [True, True, False]
    await store.add("a", LIMIT, 1)
    assert (await store.take("a", LIMIT)).admitted
    assert shared.asked == 1
    clock.now += 1
    await store.add("a", LIMIT, -2)
    assert shared.asked == 2
    assert (store.failures, store.decided_without) == (2, 4)


async def test_while_one_request_tries_the_others_do_not_wait_for_it() -> None:
    shared, clock = Shared(up=False), Clock()
    store = failover(shared, clock)
    await store.take("a", LIMIT)
    clock.now += 1
    shared.hold = asyncio.Event()
    trial = asyncio.create_task(store.take("b", LIMIT))
    await until(lambda: shared.asked == 2)
    async with asyncio.timeout(10):
        assert (await store.take("b", LIMIT)).admitted
        shared.hold.set()
        await trial
    assert shared.asked == 2


async def test_the_beginning_and_the_end_of_an_outage_are_logged_once_and_counted() -> None:
    shared, clock = Shared(up=False), Clock()
    store = failover(shared, clock)
    with capture_logs() as logs:
        for _ in range(3):
            await store.take("a", LIMIT)
            clock.now += 1
        shared.up = True
        for _ in range(3):
            await store.take("b", LIMIT)
    assert [(line["event"], line["log_level"]) for line in logs] == [
        ("rate_limit_store_failed", "warning"),
        ("rate_limit_store_recovered", "warning"),
    ]
    assert (logs[0]["reason"], logs[0]["direction"]) == ("no answer", "local")
    assert logs[1]["decided_without"] == 3


@pytest.mark.parametrize(
    ("direction", "status"), [("local", "degraded"), ("open", "degraded"), ("closed", "failed")]
)
async def test_ready_tells_of_an_outage_and_of_its_end(direction: Direction, status: str) -> None:
    shared, clock = Shared(up=False), Clock()
    store = failover(shared, clock, direction)
    readiness = Readiness(components={"rate_limits": store.state})
    readiness.serving()
    async with client(build(readiness=readiness)) as http:

        async def told() -> Any:
            return (await http.get("/ready")).json()["components"]["rate_limits"]

        assert await told() == {"status": "ok"}
        with contextlib.suppress(UndecidedError):
            await store.take("a", LIMIT)
        outage = await told()
        assert outage["status"] == status
        assert "redis" in outage["reason"]
        shared.up = True
        clock.now += 1
        await store.take("a", LIMIT)
        assert await told() == {"status": "ok"}


async def test_open_admits_everything() -> None:
    store = failover(Shared(up=False), Clock(), "open")
    assert all([(await store.take("a", LIMIT)).admitted for _ in range(10)])
    await store.add("a", LIMIT, -2)


async def test_closed_decides_nothing() -> None:
    store = failover(Shared(up=False), Clock(), "closed")
    with pytest.raises(UndecidedError):
        await store.take("a", LIMIT)
    await store.add("a", LIMIT, -2)
    await store.aclose()


async def test_closed_is_503_for_callers_and_nothing_for_probes() -> None:
    limits = RateLimits(LIMIT, failover(Shared(up=False), Clock(), "closed"))
    async with client(build(rate_limits=limits)) as http:
        refused = await http.post("/mcp", json={})
        healthy = await http.get("/health")
    assert (refused.status_code, healthy.status_code) == (503, 200)
    assert refused.json()["error"]["code"] == "rate_limit_unavailable"
    assert refused.headers["Retry-After"] == "1"
