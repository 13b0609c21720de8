"""Sentinels and a cluster, with the stores that must work on them."""

from __future__ import annotations

import asyncio
import contextlib
import random
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
from redis.asyncio import Redis

from app.protocol.events.log import Event, Stream
from app.protocol.events.redis import RedisEventLog
from app.protocol.sessions.bus import Word
from app.protocol.sessions.redis import RedisSessionStore
from app.protocol.sessions.redis_bus import RedisBus
from app.redis_client import connect
from app.web.rate_limits.limits import Limit
from app.web.rate_limits.redis import RedisStore
from tests.end_to_end.processes import free_port
from tests.protocol.stand_in import until
from tests.support.own_redis import OwnRedis, redis_program

SLOTS = 16384
NODES = 3


def started(port: int, folder: Path, *arguments: str) -> subprocess.Popen[bytes]:
    folder.mkdir()
    common = ["--bind", "127.0.0.1", "--port", str(port), "--dir", str(folder)]
    with (folder / "redis.log").open("wb") as log:
        return subprocess.Popen([redis_program(), *arguments, *common], stdout=log, stderr=log)


def wait_for(port: int) -> Any:
    client: Any = redis.Redis(port=port, socket_timeout=5)
    for _ in range(500):
        try:
            client.ping()
        except redis.RedisError:
            subprocess.run(["sleep", "0.02"], check=True)
        else:
            return client
    raise AssertionError(f"no Redis on {port}")


def port_with_a_bus() -> int:
    """A free port whose node can have its bus where nodes have it: 10,000 above."""
    for _ in range(100):
        port = random.randint(20_000, 32_000)  # noqa: S311 - below those that the system hands out
        with (
            contextlib.suppress(OSError),
            socket.create_server(("127.0.0.1", port)),
            socket.create_server(("127.0.0.1", port + 10_000)),
        ):
            return port
    raise AssertionError("no two ports")


@pytest.fixture
def cluster_url(tmp_path: Path) -> Iterator[str]:
    ports = [port_with_a_bus() for _ in range(NODES)]
    nodes = [started(port, tmp_path / str(port), "--cluster-enabled", "yes", "--save", "") for port in ports]
    try:
        clients = [wait_for(port) for port in ports]
        for number, client in enumerate(clients):
            first, last = number * SLOTS // NODES, (number + 1) * SLOTS // NODES - 1
            client.cluster("ADDSLOTS", *range(first, last + 1))
            client.cluster("SET-CONFIG-EPOCH", number + 1)
        for port in ports[1:]:
            clients[0].cluster("MEET", "127.0.0.1", port)
        for client in clients:
            for _ in range(500):
                if client.cluster("INFO")["cluster_state"] == "ok":
                    break
                subprocess.run(["sleep", "0.02"], check=True)
            client.close()
        yield "redis+cluster://" + ",".join(f"127.0.0.1:{port}" for port in ports[:2])
    finally:
        for node in nodes:
            node.kill()
            node.wait(10)


@pytest.fixture
def sentinel_url(own_redis: OwnRedis, tmp_path: Path) -> Iterator[str]:
    port = free_port()
    folder = tmp_path / "sentinel"
    configuration = tmp_path / "sentinel.conf"
    configuration.write_text(f"sentinel monitor main 127.0.0.1 {own_redis.port} 1\n")
    folder.mkdir()
    with (folder / "redis.log").open("wb") as log:
        arguments = ["--sentinel", "--bind", "127.0.0.1", "--port", str(port), "--dir", str(folder)]
        process = subprocess.Popen([redis_program(), str(configuration), *arguments], stdout=log, stderr=log)
    try:
        wait_for(port).close()
        yield f"redis+sentinel://127.0.0.1:{port}/main/0"
    finally:
        process.kill()
        process.wait(10)


@pytest.fixture(params=["sentinel_url", "cluster_url"])
def url(request: pytest.FixtureRequest) -> str:
    found: str = request.getfixturevalue(request.param)
    return found


async def test_sessions_events_and_the_bus_work_there(url: str) -> None:
    heard: list[Word] = []

    async def hear(word: Word) -> None:
        heard.append(word)

    clients: list[Redis] = [connect(url) for _ in range(6)]
    here, there = RedisBus(clients[0], deadline=5), RedisBus(clients[1], deadline=5)
    store = RedisSessionStore(clients[2], bus=here, deadline=5, max_per_account=2)
    log = RedisEventLog(clients[3], blocking=clients[4])
    limits = RedisStore(clients[5], deadline=5)
    assert (await limits.take("bucket", Limit(capacity=2, refill=2, window=60))).admitted
    async with log.run(), there.listening(hear):
        assert await store.open("s", "alice", b"record") is None
        assert await store.touch("s", "alice") == b"record"
        assert await store.open("t", "alice", b"record") is None
        assert await store.open("u", "alice", b"record") == "quota"
        streams = [Stream.new("alice", "s") for _ in range(20)]
        for stream in streams:
            await log.append(stream, Event(1, b"first"))
        waiting = asyncio.create_task(log.later(streams[0], 1, 5))
        last = Event(2, b"last", last=True)
        await log.append(streams[0], last)
        assert await waiting == [last]
        for stream in streams:
            found = await log.read(stream, 1)
            assert found is not None
            assert found[0] == Event(1, b"first")
        async with asyncio.timeout(5):
            while not await log.alive(log.writer):  # noqa: ASYNC110 - Redis says it, nobody else
                await asyncio.sleep(0.01)
        await asyncio.sleep(0.2)  # until the other bus knows where it begins
        await here.tell(Word("message", "s", b"body"))
        assert await store.end("s", "alice")
        await until(lambda: len(heard) == 2)
    assert heard[0] == Word("message", "s", b"body")
    assert heard[1].kind == "ended"
    for client in (clients[0], clients[2], clients[5]):
        await client.aclose()
