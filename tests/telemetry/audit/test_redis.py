"""Records in a real Redis stream, and while that Redis dies."""

from __future__ import annotations

import asyncio
import json
from typing import cast

import pytest
import redis

from app.redis_client import connect
from app.telemetry.audit.channel import Channel
from app.telemetry.audit.redis import RedisSink
from app.telemetry.audit.sink import SinkFailedError
from app.telemetry.component import OK
from tests.support.own_redis import OwnRedis
from tests.web.support import until

STREAM = "mcp:audit"


def records(url: str) -> list[int]:
    with redis.Redis.from_url(url) as client:
        entries = cast("list[tuple[bytes, dict[bytes, bytes]]]", client.xrange(STREAM))
    return [json.loads(fields[b"record"]) for _, fields in entries]


async def test_records_are_entries_in_their_order(redis_url: str) -> None:
    sink = RedisSink(connect(redis_url), STREAM, max_records=1000)
    await sink.write([b"1", b"2"])
    await sink.write([b"3"])
    await sink.aclose()
    assert records(redis_url) == [1, 2, 3]


async def test_the_oldest_go_first(redis_url: str) -> None:
    sink = RedisSink(connect(redis_url), STREAM, max_records=100)
    for _ in range(5):
        await sink.write([b"1"] * 100)
    await sink.write([b"2"])
    await sink.aclose()
    kept = records(redis_url)
    assert 100 <= len(kept) < 300
    assert kept[-1] == 2


async def test_a_key_that_is_no_stream_is_a_failure(redis_url: str) -> None:
    with redis.Redis.from_url(redis_url) as client:
        client.set(STREAM, "taken")
    sink = RedisSink(connect(redis_url), STREAM, max_records=100)
    with pytest.raises(SinkFailedError) as failure:
        await sink.write([b"1"])
    await sink.aclose()
    assert failure.value.written == 0


async def test_a_redis_that_does_not_answer_is_a_failure_within_the_deadline() -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    url = f"redis://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    sink = RedisSink(connect(url), STREAM, max_records=100, deadline=0.1)
    async with asyncio.timeout(5):
        with pytest.raises(SinkFailedError, match="no answer"):
            await sink.write([b"1"])
    await sink.aclose()
    server.close()


async def test_records_made_while_redis_is_dead_arrive_when_it_is_back(own_redis: OwnRedis) -> None:
    await until(own_redis.answers)
    channel = Channel(RedisSink(connect(own_redis.url), STREAM, max_records=1000), capacity=1000)
    channel.start()
    channel.put(b"1", reserved=False)
    await until(lambda: records(own_redis.url) == [1])
    own_redis.kill()
    for number in range(2, 51):
        channel.put(b"%d" % number, reserved=False)
    await until(lambda: channel.state().status == "degraded")
    own_redis.start()
    await until(lambda: channel.state() == OK)
    # It kept nothing on disk.
    assert records(own_redis.url) == list(range(2, 51))
    await channel.aclose(5.0)
    assert channel.lost == 0
