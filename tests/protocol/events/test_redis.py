from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from redis.asyncio import Redis

from app.protocol.events.log import EventLogError, Position
from app.protocol.events.redis import RedisEventLog
from app.redis_client import connect
from tests.protocol.stand_in import until


@pytest.fixture
async def client(redis_url: str) -> AsyncIterator[Redis]:
    redis = connect(redis_url)
    yield redis
    await redis.aclose()


@asynccontextmanager
async def silent_server() -> AsyncIterator[int]:
    """A server that takes connections and never says anything."""
    gone = asyncio.Event()

    async def hold(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await gone.wait()
        writer.close()

    server = await asyncio.start_server(hold, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        gone.set()
        server.close()
        await server.wait_closed()


async def test_a_session_has_one_key_with_a_hash_tag_that_expires(client: Redis) -> None:
    log = RedisEventLog(client, prefix="p", ttl=100)
    await log.append("s", "1", b"x")
    await log.append("s", "2", b"x")
    keys: Any = await client.keys("*")
    assert keys == [b"{p:s}"]
    assert 0 < await client.ttl("{p:s}") <= 100


async def test_an_event_costs_one_round_trip(client: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    log = RedisEventLog(client)
    await log.append("warm", "1", b"x")
    sent: list[int] = []
    pool: Any = client.connection_pool
    connection = await pool.get_connection()
    await pool.release(connection)
    original = connection.send_packed_command

    async def counted(command: Any, *args: Any, **options: Any) -> None:
        sent.append(1)
        await original(command, *args, **options)

    monkeypatch.setattr(connection, "send_packed_command", counted)
    await log.append("s", "1", b"x")
    assert sent == [1]


async def test_a_sessions_events_are_bounded(client: Redis) -> None:
    log = RedisEventLog(client, max_events=100)
    for _ in range(500):
        await log.append("s", "1", b"x")
    assert 100 <= await client.xlen("{mcp:event-store:s}") < 300


async def test_the_place_of_an_event_is_not_enough_to_read_it(client: Redis) -> None:
    log = RedisEventLog(client)
    event_id = await log.append("s", "1", b"x")
    place = event_id.partition(".")[0]
    assert await log.find("s", f"{place}.{'A' * 22}") is None
    assert await log.find("s", event_id) is not None


async def test_a_redis_that_says_nothing_costs_the_deadline_once() -> None:
    async with silent_server() as port:
        log = RedisEventLog(connect(f"redis://127.0.0.1:{port}"), deadline=0.2, pause=60)
        began = time.monotonic()
        with pytest.raises(EventLogError, match=r"did not answer within 0\.2 s"):
            await log.append("s", "1", b"x")
        assert 0.2 <= time.monotonic() - began < 2
        began = time.monotonic()
        with pytest.raises(EventLogError, match="left alone"):
            await log.append("s", "1", b"x")
        with pytest.raises(EventLogError, match="left alone"):
            await log.find("s", "1-1." + "A" * 22)
        assert time.monotonic() - began < 0.15
        await log.aclose()


async def test_a_dead_redis_is_an_error_that_names_no_address(unused_port: int) -> None:
    log = RedisEventLog(connect(f"redis://127.0.0.1:{unused_port}"), deadline=5)
    with pytest.raises(EventLogError, match=r"failed \(ConnectionError\)") as caught:
        await log.append("s", "1", b"x")
    assert str(unused_port) not in str(caught.value)
    with pytest.raises(EventLogError):
        _ = [event async for event in log.after(Position("s", "1", "1-1", b""))]
    await log.aclose()


async def test_the_log_is_asked_again_after_the_pause(redis_url: str, unused_port: int) -> None:
    now = 0.0
    log = RedisEventLog(connect(f"redis://127.0.0.1:{unused_port}"), pause=5, clock=lambda: now)
    with pytest.raises(EventLogError):
        await log.append("s", "1", b"x")
    working = connect(redis_url)
    log._client, broken = working, log._client
    await broken.aclose()
    now = 4.9
    with pytest.raises(EventLogError, match="left alone"):
        await log.append("s", "1", b"x")
    now = 5.0
    assert await log.append("s", "1", b"x")
    await log.aclose()


async def test_a_cancelled_operation_leaves_no_stale_answer_behind(client: Redis) -> None:
    log = RedisEventLog(client)
    first = await log.append("s", "1", b"first")
    for _ in range(20):
        task = asyncio.create_task(log.find("s", first))
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    position = await log.find("s", first)
    assert position is not None
    assert position.message == b"first"


async def test_many_events_at_once_wait_for_a_connection(client: Redis) -> None:
    log = RedisEventLog(client)
    async with asyncio.TaskGroup() as group:
        for number in range(200):
            group.create_task(log.append(f"s{number % 3}", "1", b"x"))
    assert sum([await client.xlen(f"{{mcp:event-store:s{number}}}") for number in range(3)]) == 200
    assert (await client.info("clients"))["connected_clients"] <= 33


async def test_connections_that_redis_closed_meanwhile_cost_no_event(client: Redis, redis_url: str) -> None:
    log = RedisEventLog(client)
    await log.append("s", "1", b"x")
    pool: Any = client.connection_pool
    idle = await pool.get_connection()
    await pool.release(idle)
    other = connect(redis_url)
    await other.client_kill_filter(_type="normal", skipme=True)
    await other.aclose()
    await until(lambda: idle._reader is None or idle._reader.at_eof())
    assert await log.append("s", "1", b"x")
