"""Changes reach the listeners of every replica, and Redis may come and go."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from app.protocol.changes.events import Change, PromptsListChanged, ResourceUpdated, ToolsListChanged
from app.protocol.changes.redis import RedisBus
from app.redis_client import connect
from app.telemetry.component import OK
from tests.protocol.stand_in import until
from tests.support.own_redis import OwnRedis

GAP = (ToolsListChanged(), PromptsListChanged())


class Replica:
    """A bus, and what its listener heard."""

    def __init__(self, bus: RedisBus) -> None:
        self.bus = bus
        self.heard: list[Change] = []
        self.unsubscribe = bus.subscribe(self.heard.append)


@asynccontextmanager
async def replicas(url: str, count: int = 2) -> AsyncIterator[list[Replica]]:
    async with connect(url) as redis:
        buses = [
            RedisBus(redis, prefix="test", after_gap=GAP, deadline=0.5, pause=0.05, quiet=0.1)
            for _ in range(count)
        ]
        running = [bus.run() for bus in buses]
        for one in running:
            await one.__aenter__()
        try:
            yield [Replica(bus) for bus in buses]
        finally:
            for one in running:
                await one.__aexit__(None, None, None)


async def test_every_replica_hears_of_a_change_once(redis_url: str) -> None:
    async with replicas(redis_url, 3) as (one, two, three):
        await until(lambda: all(replica.bus.state() == OK for replica in (one, two, three)))
        events: list[Change] = [
            ToolsListChanged(),
            ResourceUpdated("portkey-admin://guide"),
            PromptsListChanged(),
        ]
        for event in events:
            await one.bus.publish(event)
        await until(lambda: len(two.heard) == len(three.heard) == 3)
        assert one.heard == two.heard == three.heard == events


async def test_what_is_not_ours_is_passed_over(redis_url: str) -> None:
    async with replicas(redis_url) as (one, two), connect(redis_url) as stranger:
        await until(lambda: one.bus.state() == OK == two.bus.state())
        for data in (b"", b"\xff", b"[1]", b'{"kind": ["tools"]}', b'{"kind": "secrets"}', b'{"from": 1}'):
            await stranger.publish("test:changes", data)
        await one.bus.publish(ToolsListChanged())
        await until(lambda: bool(two.heard))
        assert two.heard == [ToolsListChanged()]


async def test_without_redis_a_replica_tells_its_own_listeners(unused_port: int) -> None:
    async with replicas(f"redis://127.0.0.1:{unused_port}") as (one, two):
        async with asyncio.timeout(2):
            await one.bus.publish(ToolsListChanged())
        assert one.heard == [ToolsListChanged()]
        assert two.heard == []
        assert one.bus.state().status == "degraded"


async def test_after_a_gap_listeners_are_told_that_all_may_have_changed(own_redis: OwnRedis) -> None:
    await until(own_redis.answers)
    async with replicas(own_redis.url) as (one, two):
        await until(lambda: one.bus.state() == OK == two.bus.state())
        own_redis.kill()
        await until(lambda: one.bus.state() != OK != two.bus.state())
        await one.bus.publish(ToolsListChanged())
        assert (one.heard, two.heard) == ([ToolsListChanged()], [])

        own_redis.start()
        await until(lambda: len(two.heard) == len(GAP))
        assert two.heard == list(GAP)
        assert one.bus.state() == OK == two.bus.state()


async def test_a_frozen_redis_holds_nobody_up_and_is_noticed(own_redis: OwnRedis) -> None:
    await until(own_redis.answers)
    async with replicas(own_redis.url, 1) as (one,):
        await until(lambda: one.bus.state() == OK)
        own_redis.signal(signal.SIGSTOP)
        try:
            async with asyncio.timeout(2):
                await one.bus.publish(ToolsListChanged())
            assert one.heard == [ToolsListChanged()]
            await until(lambda: one.bus.state() != OK)
        finally:
            own_redis.signal(signal.SIGCONT)
        await until(lambda: one.bus.state() == OK)


async def test_a_listener_that_left_hears_nothing(redis_url: str) -> None:
    async with replicas(redis_url, 1) as (one,):
        one.unsubscribe()
        await one.bus.publish(ToolsListChanged())
        assert one.heard == []
