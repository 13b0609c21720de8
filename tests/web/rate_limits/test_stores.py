"""What every store of buckets does, in this process or in Redis."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

import pytest

from app.redis_client import connect
from app.web.rate_limits.limits import Limit, RateLimitStore
from app.web.rate_limits.memory import MemoryStore
from app.web.rate_limits.redis import RedisStore

# Nothing to speak of comes back while a test runs.
SLOW = Limit(capacity=3, refill=3, window=3600.0)


@pytest.fixture(params=["memory", "redis"])
async def store(request: pytest.FixtureRequest) -> AsyncIterator[RateLimitStore]:
    if request.param == "memory":
        chosen: RateLimitStore = MemoryStore()
    else:
        chosen = RedisStore(connect(request.getfixturevalue("redis_url")), deadline=5)
    yield chosen
    await chosen.aclose()


async def test_a_bucket_is_full_at_first_and_then_runs_out(store: RateLimitStore) -> None:
    verdicts = [await store.take("a", SLOW) for _ in range(5)]
    assert [verdict.admitted for verdict in verdicts] == [True, True, True, False, False]
    assert [round(verdict.tokens) for verdict in verdicts] == [2, 1, 0, 0, 0]
    assert 1190 <= verdicts[-1].retry_after(SLOW) <= 1200


async def test_buckets_do_not_touch_each_other(store: RateLimitStore) -> None:
    for _ in range(3):
        await store.take("a", SLOW)
    assert not (await store.take("a", SLOW)).admitted
    assert (await store.take("b", SLOW)).admitted


async def test_tokens_come_back_in_fractions(store: RateLimitStore) -> None:
    limit = Limit(capacity=1, refill=1, window=0.3)
    await store.take("a", limit)
    started = time.monotonic()
    async with asyncio.timeout(10):
        # Asked all the time: what comes back between two questions must not get lost.
        while not (await store.take("a", limit)).admitted:  # noqa: ASYNC110
            await asyncio.sleep(0.002)
    assert 0.28 <= time.monotonic() - started <= 0.6


async def test_what_was_taken_can_be_given_back_but_no_more(store: RateLimitStore) -> None:
    await store.take("a", SLOW)
    await store.add("a", SLOW, 1)
    await store.add("a", SLOW, 50)
    assert round((await store.take("a", SLOW)).tokens) == 2


async def test_more_than_there_is_can_be_charged_and_leaves_nothing(store: RateLimitStore) -> None:
    await store.add("a", SLOW, -50)
    verdict = await store.take("a", SLOW)
    assert not verdict.admitted
    assert 1190 <= verdict.retry_after(SLOW) <= 1200


async def test_many_at_once_get_exactly_what_there_is(store: RateLimitStore) -> None:
    limit = Limit(capacity=50, refill=1, window=3600.0)
    verdicts = await asyncio.gather(*(store.take("a", limit) for _ in range(200)))
    assert sum(verdict.admitted for verdict in verdicts) == 50
