from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from redis.asyncio import Redis

from app.protocol.events.log import Event, EventLogError, Stream
from app.protocol.events.redis import RedisEventLog
from app.protocol.sealing import AesSealing
from app.redis_client import Breaker, connect
from tests.protocol.stand_in import until
from tests.support.own_redis import OwnRedis

STREAM = Stream("o", "s", "t" * 22)
KEY = f"{{mcp:event-store:events:{STREAM.address}}}"


LogOf = Callable[..., RedisEventLog]


@pytest.fixture
def client(redis_url: str, connected: Callable[[str], Redis]) -> Redis:
    return connected(redis_url)


@pytest.fixture
def log_of(connected: Callable[[str], Redis]) -> LogOf:
    def make(url: str, client: Redis | None = None, **options: Any) -> RedisEventLog:
        return RedisEventLog(client or connected(url), blocking=connected(url), **options)

    return make


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


async def test_a_stream_has_one_key_with_a_hash_tag_that_expires(
    log_of: LogOf, client: Redis, redis_url: str
) -> None:
    log = log_of(redis_url, client, ttl=100)
    await log.append(STREAM, Event(1, b"x"))
    await log.append(STREAM, Event(2, b"x"))
    assert await client.keys("*") == [KEY.encode()]
    assert 0 < await client.ttl(KEY) <= 100


async def test_what_redis_holds_does_not_tell_the_event_id(
    log_of: LogOf, client: Redis, redis_url: str
) -> None:
    log = log_of(redis_url, client)
    await log.append(STREAM, Event(1, b"message"))
    stored: Any = await client.xrange(KEY)
    assert STREAM.token not in f"{KEY} {stored}"


async def test_an_event_costs_one_round_trip(
    log_of: LogOf, client: Redis, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = log_of(redis_url, client)
    await log.append(Stream.new("o", "warm"), Event(1, b"x"))
    sent: list[int] = []
    pool: Any = client.connection_pool
    connection = await pool.get_connection()
    await pool.release(connection)
    original = connection.send_packed_command

    async def counted(command: Any, *args: Any, **options: Any) -> None:
        sent.append(1)
        await original(command, *args, **options)

    monkeypatch.setattr(connection, "send_packed_command", counted)
    await log.append(STREAM, Event(1, b"x"))
    assert sent == [1]


@pytest.mark.parametrize("bounds", [{"max_events": 20}, {"max_bytes": 20 * 520}])
async def test_what_a_process_keeps_is_bounded(
    log_of: LogOf, client: Redis, redis_url: str, bounds: dict[str, int]
) -> None:
    log = log_of(redis_url, client, **bounds)
    streams = [Stream.new("o", "s") for _ in range(50)]
    for stream in streams:
        await log.append(stream, Event(1, b""), Event(2, b"x"))
    assert await client.dbsize() == 10
    assert await log.read(streams[-1], 1)
    assert await log.read(streams[0], 1) is None


async def test_an_event_sent_twice_is_kept_once(log_of: LogOf, redis_url: str) -> None:
    log = log_of(redis_url)
    async with log.run():
        await log.append(STREAM, Event(1, b"x"))
        await log.append(STREAM, Event(1, b"x"))
        assert await log.read(STREAM, 1) == [Event(1, b"x")]
        await log.append(STREAM, Event(1, b"x"), Event(2, b"y"))
        assert await log.read(STREAM, 1) == [Event(1, b"x"), Event(2, b"y")]


async def test_messages_are_encrypted_and_bound_to_their_place(
    log_of: LogOf, client: Redis, redis_url: str
) -> None:
    sealing = AesSealing([b"1" * 32])
    log = log_of(redis_url, client, sealing=sealing)
    await log.append(STREAM, Event(1, b"secret"))
    await log.append(STREAM, Event(2, b"secret"))
    rows: Any = await client.xrange(KEY)
    assert b"secret" not in b"".join(value for _, fields in rows for value in fields.values())
    # The same bytes at another place, or in another stream, cannot be read.
    await client.xadd(KEY, rows[0][1], id="3-0")
    other = Stream.new("o", "s")
    await client.xadd(f"{{mcp:event-store:events:{other.address}}}", rows[0][1], id="1-0")
    with pytest.raises(EventLogError, match="cannot be read"):
        await log.read(STREAM, 1)
    with pytest.raises(EventLogError, match="cannot be read"):
        await log.read(other, 1)


async def test_keys_can_be_rotated(log_of: LogOf, redis_url: str) -> None:
    old, both, new = (AesSealing(keys) for keys in ([b"1" * 32], [b"2" * 32, b"1" * 32], [b"2" * 32]))
    await log_of(redis_url, sealing=old).append(STREAM, Event(1, b"old"))
    rotating = log_of(redis_url, sealing=both)
    await rotating.append(STREAM, Event(2, b"new"))
    assert [event.message for event in await rotating.read(STREAM, 1) or ()] == [b"old", b"new"]
    after = log_of(redis_url, sealing=new)
    assert [event.message for event in await after.read(STREAM, 2) or ()] == [b"new"]
    with pytest.raises(EventLogError):
        await after.read(STREAM, 1)


async def test_a_redis_that_says_nothing_costs_the_deadline_once(log_of: LogOf) -> None:
    async with silent_server() as port:
        log = log_of(f"redis://127.0.0.1:{port}", deadline=0.2, breaker=Breaker(pause=60))
        began = time.monotonic()
        with pytest.raises(EventLogError, match=r"did not answer within 0\.2 s"):
            await log.append(STREAM, Event(1, b"x"))
        assert 0.2 <= time.monotonic() - began < 2
        assert log.state().status == "failed"
        began = time.monotonic()
        with pytest.raises(EventLogError, match="left alone"):
            await log.append(STREAM, Event(2, b"x"))
        with pytest.raises(EventLogError, match="left alone"):
            await log.read(STREAM, 1)
        assert time.monotonic() - began < 0.15


async def test_a_dead_redis_is_an_error_that_names_no_address(log_of: LogOf, unused_port: int) -> None:
    log = log_of(f"redis://127.0.0.1:{unused_port}")
    with pytest.raises(EventLogError, match=r"failed \(ConnectionError\)") as caught:
        await log.append(STREAM, Event(1, b"x"))
    assert str(unused_port) not in str(caught.value)


async def test_a_cancelled_operation_leaves_no_stale_answer_behind(
    log_of: LogOf, client: Redis, redis_url: str
) -> None:
    log = log_of(redis_url, client)
    await log.append(STREAM, Event(1, b"first"))
    for _ in range(20):
        task = asyncio.create_task(log.read(STREAM, 1))
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert await log.read(STREAM, 1) == [Event(1, b"first")]


async def test_many_events_at_once_wait_for_a_connection(
    log_of: LogOf, client: Redis, redis_url: str
) -> None:
    log = log_of(redis_url, client)
    streams = [Stream.new("o", "s") for _ in range(200)]
    async with asyncio.TaskGroup() as group:
        for stream in streams:
            group.create_task(log.append(stream, Event(1, b"x")))
    assert await client.dbsize() == 200
    assert (await client.info("clients"))["connected_clients"] <= 34


async def test_connections_that_redis_closed_meanwhile_cost_no_event(
    log_of: LogOf, client: Redis, redis_url: str
) -> None:
    log = log_of(redis_url, client)
    await log.append(STREAM, Event(1, b"x"))
    pool: Any = client.connection_pool
    idle = await pool.get_connection()
    await pool.release(idle)
    other = connect(redis_url)
    await other.client_kill_filter(_type="normal", skipme=True)
    await other.aclose()
    await until(lambda: idle._reader is None or idle._reader.at_eof())
    await log.append(STREAM, Event(2, b"x"))
    assert log.state().status == "ok"


async def test_the_end_of_a_stream_is_kept_when_redis_is_back(log_of: LogOf, own_redis: OwnRedis) -> None:
    log = log_of(own_redis.url, deadline=0.3)
    async with log.run():
        last = Event(2, b"last", last=True)
        own_redis.signal(signal.SIGSTOP)
        with pytest.raises(EventLogError):
            await log.append(STREAM, last)
        log.owe(STREAM, last)
        own_redis.signal(signal.SIGCONT)
        await until(lambda: log.state().status == "ok")
        assert await log.later(STREAM, 1, 5) == [last]


async def test_a_process_that_leaves_is_not_alive_any_more(log_of: LogOf, redis_url: str) -> None:
    here, there = log_of(redis_url), log_of(redis_url)
    async with here.run():
        async with there.run():
            async with asyncio.timeout(5):
                while not await here.alive(there.writer):  # noqa: ASYNC110 - Redis says it, nobody else
                    await asyncio.sleep(0.01)
        assert not await here.alive(there.writer)
