from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from app.protocol.detached_places import DetachedPlaces
from app.protocol.events.log import Stream
from app.protocol.events.memory import MemoryEventLog
from app.protocol.short.stateless import ShortStateless
from tests.protocol.short.exchange import Exchange, posted_of_2025
from tests.protocol.stand_in import Backend, HttpHandler, until

PARAMS = {"name": "get_prompt", "arguments": {"name": "slow"}}


@pytest.fixture
def event_log() -> MemoryEventLog:
    return MemoryEventLog()


@pytest.fixture
async def short(backend: Backend, event_log: MemoryEventLog) -> AsyncIterator[ShortStateless]:
    server = backend.server()
    handler = HttpHandler(server, stateless=True, event_log=event_log)

    async def nobody(*_: object) -> None:
        pytest.fail("this request is for the short path")

    async with handler.run():
        yield ShortStateless(nobody, server.core, event_log, handler.stores.detached)


def detached_of(short: ShortStateless) -> DetachedPlaces:
    detached = short._detached
    assert detached is not None
    return detached


async def test_a_call_goes_on_without_its_client_and_can_be_fetched(
    backend: Backend, short: ShortStateless, event_log: MemoryEventLog
) -> None:
    exchange = Exchange(short, posted_of_2025("tools/call", PARAMS))
    task = asyncio.create_task(exchange.run())
    await until(lambda: len(exchange.sent) == 2)  # the stream has begun, and its first event named it
    exchange.gone.set()
    await until(lambda: detached_of(short).count == 1)
    backend.go_on.set()
    await task

    token = exchange.sent[1]["body"].removeprefix(b"id: ").partition(b".")[0].decode()
    kept = await event_log.read(Stream("", "", token), 1)
    assert kept is not None
    assert [event.number for event in kept] == [1, 2]
    assert b"waited_for" in kept[1].message
    assert kept[1].last
    assert backend.ended == ["finished"]
    assert detached_of(short).count == 0


@pytest.mark.parametrize(("version", "most"), [("2025-06-18", 256), ("2025-11-25", 0)])
async def test_a_call_that_cannot_be_fetched_ends_with_its_client(
    backend: Backend, short: ShortStateless, version: str, most: int
) -> None:
    detached_of(short)._most = most
    exchange = Exchange(short, posted_of_2025("tools/call", PARAMS, version))
    task = asyncio.create_task(exchange.run())
    await until(lambda: len(exchange.sent) == 2)
    exchange.gone.set()
    await asyncio.wait_for(task, 5)

    assert backend.ended == ["cancelled"]


async def test_a_detached_call_that_takes_too_long_is_cancelled(
    backend: Backend, short: ShortStateless
) -> None:
    detached_of(short)._longest = 0.05
    exchange = Exchange(short, posted_of_2025("tools/call", PARAMS))
    task = asyncio.create_task(exchange.run())
    await until(lambda: len(exchange.sent) == 2)
    exchange.gone.set()
    await asyncio.wait_for(task, 5)

    assert backend.ended == ["cancelled"]
    assert detached_of(short).count == 0
