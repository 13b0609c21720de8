"""The limit of several processes, and of one whose Redis dies under it."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

import httpx2
import pytest

from app.auth.bearer import BearerVerifier
from app.redis_client import connect
from app.web.rate_limits.failover import Direction, FailoverStore
from app.web.rate_limits.limits import Limit, RateLimits
from app.web.rate_limits.memory import MemoryStore
from app.web.rate_limits.redis import RedisStore
from tests.end_to_end.services import TOKEN, http_service
from tests.support.own_redis import OwnRedis
from tests.web.support import build, client, until

# A burst that a busy machine still sends in full, and a limit that it goes beyond.
CAPACITY = 100
WINDOW_SECONDS = 3.0
WINDOWS = int(os.environ.get("RATE_LIMIT_WINDOWS", "2"))
"""20 make it a minute: RATE_LIMIT_WINDOWS=20 make test ARGS=tests/web/rate_limits."""


async def connected(stack: AsyncExitStack, url: str) -> httpx2.AsyncClient:
    """Return a client that has its connection; a probe counts for no limit."""
    http = httpx2.AsyncClient(
        base_url=url, trust_env=False, headers={"Authorization": f"Bearer {TOKEN}"}, verify=False
    )
    await stack.enter_async_context(http)
    await http.get("/health")
    return http


async def hammer(http: httpx2.AsyncClient, until_time: float) -> Counter[int]:
    """Call as fast as one connection can, with a PUT: it is refused right behind the limit."""
    statuses: Counter[int] = Counter()
    while time.monotonic() < until_time:
        statuses[(await http.put("/mcp")).status_code] += 1
    return statuses


async def test_three_processes_admit_together_what_one_limit_allows(redis_url: str) -> None:
    settings = {
        "RATE_LIMIT_STORE": "redis",
        "RATE_LIMIT_REDIS_URL": redis_url,
        "RATE_LIMIT_MAX": str(CAPACITY),
        "RATE_LIMIT_WINDOW_MS": str(round(WINDOW_SECONDS * 1000)),
        "LOG_LEVEL": "warning",
    }
    async with AsyncExitStack() as stack:
        services = [stack.enter_context(http_service(token=TOKEN, settings=settings)) for _ in range(3)]
        clients = [await connected(stack, service.url) for service in services for _ in range(2)]
        started = time.monotonic()
        end = started + WINDOWS * WINDOW_SECONDS
        counts = await asyncio.gather(*(hammer(http, end) for http in clients))
        seconds = time.monotonic() - started
        logs = "".join(service.output() for service in services)
    statuses = sum(counts, Counter())
    assert set(statuses) == {405, 429}
    assert "rate_limit_store_failed" not in logs
    expected = CAPACITY + seconds * CAPACITY / WINDOW_SECONDS
    assert statuses[405] == pytest.approx(expected, rel=0.01)


@dataclass
class Callers:
    """Call all the time, and remember the statuses, and the longest wait for an answer."""

    http: httpx2.AsyncClient
    statuses: Counter[int] = field(default_factory=Counter)
    longest: float = 0.0

    async def call(self) -> None:
        while True:
            started = time.monotonic()
            status = (await self.http.put("/mcp")).status_code
            self.longest = max(self.longest, time.monotonic() - started)
            self.statuses[status] += 1
            await asyncio.sleep(0.005)

    async def phase(self, over: Callable[[Counter[int]], object]) -> Counter[int]:
        """Wait until what was answered in this phase is enough; return it."""
        before = self.statuses.copy()
        await until(lambda: over(self.statuses - before))
        return self.statuses - before


@asynccontextmanager
async def called_all_the_time(url: str, direction: Direction) -> AsyncIterator[tuple[Callers, FailoverStore]]:
    """Four callers of a service with one token each, and room for 40 requests in an hour."""
    store = FailoverStore(RedisStore(connect(url)), local=MemoryStore(), direction=direction)
    limits = RateLimits(Limit(capacity=40, refill=40, window=3600.0), store)
    app = build(auth_mode="bearer", verifier=BearerVerifier([TOKEN]), rate_limits=limits)
    async with client(app, {"Authorization": f"Bearer {TOKEN}"}) as http:
        callers = Callers(http)
        tasks = [asyncio.create_task(callers.call()) for _ in range(4)]
        try:
            yield callers, store
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await store.aclose()


@pytest.mark.parametrize("outage", ["killed", "frozen"])
@pytest.mark.parametrize("direction", ["local", "open", "closed"])
async def test_when_redis_dies_no_request_waits_a_second_and_the_direction_is_kept(
    own_redis: OwnRedis, direction: Direction, outage: str
) -> None:
    await until(own_redis.answers)
    async with called_all_the_time(own_redis.url, direction) as (callers, store):
        before = await callers.phase(lambda seen: seen[429] > 20)
        if outage == "killed":
            own_redis.kill()
        else:
            own_redis.signal(signal.SIGSTOP)
        await until(lambda: store.decided_without)
        during = await callers.phase(lambda seen: store.failures > 2 and seen.total() > 100)
        if outage == "killed":
            own_redis.start()
        else:
            own_redis.signal(signal.SIGCONT)
        # Whoever came first after a pause has found out; what follows is Redis's word again.
        await until(lambda: not store._down)
        decided_without = store.decided_without
        await callers.phase(lambda seen: seen.total() > 20 and seen[429])
        assert store.decided_without == decided_without
    assert before[405] == 40
    assert callers.longest < 1.0
    allowed = {"local": {405, 429}, "open": {405}, "closed": {503}}[direction]
    assert set(during) - {429} <= allowed
    if direction == "local":
        # The buckets of this process were full; a few were taken from before the phase began.
        assert 30 <= during[405] <= 40
    elif direction == "open":
        assert during[405] > 90
    else:
        assert during[503] > 90
