from __future__ import annotations

import asyncio

import pytest

from app.redis_client import Breaker, RedisUnavailableError


async def fail(breaker: Breaker) -> None:
    async with breaker.attempt(10):
        raise OSError("gone")


async def work(breaker: Breaker) -> None:
    async with breaker.attempt(10):
        pass


async def test_after_a_failure_redis_is_left_alone_then_tried_by_one() -> None:
    now = 0.0
    breaker = Breaker(pause=1, clock=lambda: now)
    with pytest.raises(RedisUnavailableError, match=r"failed \(OSError\)"):
        await fail(breaker)
    assert not breaker.closed
    now = 0.9
    with pytest.raises(RedisUnavailableError, match="left alone"):
        await work(breaker)
    now = 1.0
    async with breaker.attempt(10):
        with pytest.raises(RedisUnavailableError, match="left alone"):
            await work(breaker)
    assert breaker.closed
    await work(breaker)


async def test_what_takes_too_long_failed() -> None:
    breaker = Breaker()

    async def stay() -> None:
        async with breaker.attempt(0.01):
            await asyncio.sleep(5)

    with pytest.raises(RedisUnavailableError, match=r"did not answer within 0\.01 s"):
        await stay()
    assert not breaker.closed


async def test_a_late_failure_of_what_began_before_redis_worked_changes_nothing() -> None:
    now = 0.0
    breaker = Breaker(clock=lambda: now)

    async def late() -> None:
        nonlocal now
        async with breaker.attempt(10):
            now = 1.0
            await work(breaker)
            raise OSError("late")

    with pytest.raises(RedisUnavailableError):
        await late()
    assert breaker.closed


async def test_a_cancelled_attempt_says_nothing_of_redis() -> None:
    breaker = Breaker()

    async def stay() -> None:
        async with breaker.attempt(10):
            await asyncio.sleep(5)

    task = asyncio.create_task(stay())
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])
    assert breaker.closed
