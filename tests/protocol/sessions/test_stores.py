"""What every session store promises, whatever keeps the records."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from redis.asyncio import Redis

from app.auth.policy import Narrowing
from app.protocol.sealing import AesSealing
from app.protocol.sessions.memory import MemorySessionStore
from app.protocol.sessions.redis import RedisSessionStore
from app.protocol.sessions.redis_bus import RedisBus
from app.protocol.sessions.store import SessionRecord, SessionStore, StoreUnavailableError
from app.redis_client import Breaker

Make = Callable[..., SessionStore]


@pytest.fixture(params=["memory", "redis", "encrypted"])
async def make(request: pytest.FixtureRequest, connected: Callable[[str], Redis]) -> Make:
    sealing = AesSealing([b"k" * 32]) if request.param == "encrypted" else None

    def build(**options: Any) -> SessionStore:
        store: SessionStore
        if request.param == "memory":
            store = MemorySessionStore(**options)
        else:
            client = connected(request.getfixturevalue("redis_url"))
            store = RedisSessionStore(client, bus=RedisBus(client), sealing=sealing, **options)
        return store

    return build


async def test_a_session_is_there_for_its_owner_alone(make: Make) -> None:
    store = make()
    assert await store.open("s", "alice", b"record") is None
    assert await store.touch("s", "alice") == b"record"
    for owner in ("bob", ""):
        assert await store.touch("s", owner) is None
        assert not await store.end("s", owner)
    assert store.count == 1
    assert await store.end("s", "alice")
    assert await store.touch("s", "alice") is None
    assert not await store.end("s", "alice")
    assert store.count == 0


async def test_nobody_in_particular_can_have_sessions(make: Make) -> None:
    store = make(max_per_account=1)
    assert await store.open("a", "", b"a") is None
    assert await store.open("b", "", b"b") is None
    assert await store.touch("b", "") == b"b"
    assert await store.touch("b", "alice") is None


async def test_there_are_so_many_sessions_in_all_and_so_many_of_one_owner(make: Make) -> None:
    store = make(max_sessions=3, max_per_account=2)
    assert await store.open("1", "alice", b"") is None
    assert await store.open("2", "alice", b"") is None
    assert await store.open("3", "alice", b"") == "quota"
    assert await store.open("4", "bob", b"") is None
    assert await store.open("5", "carol", b"") == "full"
    assert await store.end("1", "alice")
    assert await store.open("6", "alice", b"") is None
    assert store.count == 3


async def test_an_unused_session_is_gone_and_makes_room(make: Make) -> None:
    store = make(idle_timeout=0.3, max_sessions=2, max_per_account=1)
    await store.open("used", "alice", b"")
    await store.open("left", "bob", b"")
    for _ in range(5):
        await asyncio.sleep(0.1)  # what is tested is time
        assert await store.touch("used", "alice") == b""
    assert await store.touch("left", "bob") is None
    assert await store.open("new", "bob", b"") is None


def test_a_record_comes_back_as_it_was() -> None:
    for narrowing in (None, Narrowing(), Narrowing(frozenset({"b", "a"}), read_only=True)):
        record = SessionRecord("2025-11-25", {"clientInfo": {"name": "t"}}, narrowing)
        assert SessionRecord.load(record.dump()) == record


async def test_quotas_hold_across_replicas(redis_url: str, connected: Callable[[str], Redis]) -> None:
    clients = [connected(redis_url) for _ in range(3)]
    stores = [RedisSessionStore(client, bus=RedisBus(client), max_per_account=5) for client in clients]
    answers = await asyncio.gather(
        *(
            store.open(f"{number}-{place}", "alice", b"")
            for number in range(10)
            for place, store in enumerate(stores)
        )
    )
    assert answers.count(None) == 5
    assert answers.count("quota") == 25


async def test_redis_holds_no_session_id(redis_url: str, connected: Callable[[str], Redis]) -> None:
    client = connected(redis_url)
    store = RedisSessionStore(client, bus=RedisBus(client))
    await store.open("the-session-id", "alice", b"record")
    keys: Any = sorted(await client.keys("*"))
    assert all(key.startswith(b"{mcp:event-store:sessions}:") for key in keys)
    assert not [key for key in keys if b"the-session-id" in key]
    assert all([await client.ttl(key) > 0 for key in keys])
    await store.end("the-session-id", "alice")
    assert await client.keys("*") == [b"{mcp:event-store:sessions}:bus"]


async def test_a_dead_redis_is_said_within_the_deadline_and_then_at_once(
    unused_port: int, connected: Callable[[str], Redis]
) -> None:
    client = connected(f"redis://127.0.0.1:{unused_port}")
    store = RedisSessionStore(client, bus=RedisBus(client), breaker=Breaker(pause=60))
    for _ in range(2):
        with pytest.raises(StoreUnavailableError):
            await store.touch("s", "alice")
    assert store.state().status == "failed"


async def test_a_record_sealed_with_a_lost_key_is_no_session(
    redis_url: str, connected: Callable[[str], Redis]
) -> None:
    client = connected(redis_url)
    bus = RedisBus(client)
    before = RedisSessionStore(client, bus=bus, sealing=AesSealing([b"1" * 32]))
    after = RedisSessionStore(client, bus=bus, sealing=AesSealing([b"2" * 32]))
    await before.open("s", "alice", b"record")
    assert await after.touch("s", "alice") is None
    assert await before.touch("s", "alice") == b"record"
