from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis

from app.redis_client import connect
from app.web.rate_limits.limits import Limit, StoreFailedError
from app.web.rate_limits.redis import RedisStore

LIMIT = Limit(capacity=10, refill=10, window=60.0)


@pytest.fixture
async def client(redis_url: str) -> AsyncIterator[Redis]:
    redis = connect(redis_url)
    yield redis
    await redis.aclose()


async def test_a_key_is_hash_tagged_and_goes_when_its_bucket_is_full_again(
    client: Redis, redis_url: str
) -> None:
    store = RedisStore(connect(redis_url), prefix="team", deadline=5)
    for _ in range(3):
        await store.take("bucket", LIMIT)
    assert await client.keys("*") == [b"{team:bucket}"]
    assert 17_000 <= await client.pttl("{team:bucket}") <= 18_001
    await store.add("bucket", LIMIT, 10)
    assert await client.keys("*") == []
    await store.aclose()


async def test_a_long_window_expires_as_well(client: Redis, redis_url: str) -> None:
    store = RedisStore(connect(redis_url), deadline=5)
    longest = Limit(capacity=1_000_000, refill=1, window=86_400.0)
    await store.add("a", longest, -1_000_000)
    assert await client.pttl("{mcp:rate-limit:a}") > 86_000_000_000
    assert not (await store.take("a", longest)).admitted
    await store.aclose()


async def test_a_redis_that_forgot_the_script_gets_it_again(client: Redis, redis_url: str) -> None:
    store = RedisStore(connect(redis_url), deadline=5)
    await store.take("a", LIMIT)
    await client.script_flush()
    assert round((await store.take("a", LIMIT)).tokens) == 8
    await store.aclose()


async def test_a_clock_that_was_set_back_stops_nothing(client: Redis, redis_url: str) -> None:
    store = RedisStore(connect(redis_url), deadline=5)
    ahead = str(time.time() * 1000 + 3_600_000)
    await client.hset("{mcp:rate-limit:a}", mapping={"tokens": "0", "at": ahead})
    fast = Limit(capacity=10, refill=1000, window=1.0)
    assert not (await store.take("a", fast)).admitted
    async with asyncio.timeout(5):
        while not (await store.take("a", fast)).admitted:
            pass
    await store.aclose()


@pytest.mark.parametrize("steps", range(8))
async def test_a_cancelled_request_is_cancelled_whatever_redis_is_doing(redis_url: str, steps: int) -> None:
    store = RedisStore(connect(redis_url), deadline=5)
    await store.take("a", LIMIT)
    request = asyncio.create_task(store.take("a", LIMIT))
    for _ in range(steps):
        await asyncio.sleep(0)
    if not request.done():
        request.cancel()
        with pytest.raises(asyncio.CancelledError):
            await request
    await store.aclose()


async def test_a_redis_that_says_nothing_fails_at_the_deadline() -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    store = RedisStore(connect(f"redis://127.0.0.1:{port}"), deadline=0.2)
    started = time.monotonic()
    with pytest.raises(StoreFailedError, match=r"no answer within 0\.2 s"):
        await store.take("a", LIMIT)
    assert time.monotonic() - started < 0.9
    await store.aclose()
    server.close()


async def test_a_dead_redis_is_an_error_that_names_no_address(unused_port: int) -> None:
    store = RedisStore(connect(f"redis://:secret@127.0.0.1:{unused_port}"))
    with pytest.raises(StoreFailedError) as raised:
        await store.add("a", LIMIT, 1)
    assert str(raised.value) == "ConnectionError"
    await store.aclose()
