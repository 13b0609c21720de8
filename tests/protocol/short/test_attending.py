from __future__ import annotations

import asyncio

import pytest

from app.protocol.short import attending
from app.protocol.short.path import ShortPath
from tests.protocol.short.exchange import Exchange, posted
from tests.protocol.stand_in import Backend, until

CALL = posted("tools/call", {"name": "get_prompt", "arguments": {"name": "slow"}})


@pytest.fixture
async def short(backend: Backend) -> ShortPath:
    server = backend.server()

    async def nobody(*_: object) -> None:
        pytest.fail("this request is for the short path")

    return ShortPath(nobody, server.core)


async def test_a_client_that_leaves_ends_its_call(backend: Backend, short: ShortPath) -> None:
    exchange = Exchange(short, CALL)
    task = asyncio.create_task(exchange.run())
    await backend.started.wait()
    exchange.gone.set()

    await asyncio.wait_for(task, 5)

    assert backend.ended == ["cancelled"]
    assert exchange.sent == []
    assert not task.cancelled()


async def test_a_call_that_is_cancelled_from_outside_stays_cancelled(
    backend: Backend, short: ShortPath
) -> None:
    task = asyncio.create_task(Exchange(short, CALL).run())
    await backend.started.wait()
    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task
    assert backend.ended == ["cancelled"]


async def test_a_slow_call_is_answered_once_it_is_done(backend: Backend, short: ShortPath) -> None:
    before = len(asyncio.all_tasks())
    exchange = Exchange(short, CALL)
    task = asyncio.create_task(exchange.run())
    # The call, and then who looks after the client.
    await until(lambda: len(asyncio.all_tasks()) >= before + 3)
    backend.go_on.set()
    await task

    assert exchange.answer.status == 200
    assert b"waited_for" in exchange.answer.body
    await until(lambda: len(asyncio.all_tasks()) == before)


async def test_a_call_that_takes_long_becomes_a_stream_with_pings(
    backend: Backend, short: ShortPath, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attending, "_PING_INTERVAL", 0.11)
    exchange = Exchange(short, CALL)
    task = asyncio.create_task(exchange.run())
    await until(lambda: len(exchange.sent) >= 3)
    backend.go_on.set()
    await task

    answer = exchange.answer
    assert answer.status == 200
    assert answer.headers[b"content-type"] == b"text/event-stream"
    assert answer.body.startswith(b": ping\r\n\r\n: ping\r\n\r\n")
    last = answer.body.rpartition(b": ping\r\n\r\n")[2]
    assert last.startswith(b'event: message\r\ndata: {"jsonrpc":"2.0","id":1,"result":')
    assert last.endswith(b"}\r\n\r\n")
    assert exchange.sent[-1]["more_body"] is False
