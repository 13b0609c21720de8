"""A client that goes away in the middle of a call: what the service then does about Portkey."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator

import httpx2
import pytest

from tests.end_to_end import wire
from tests.end_to_end.held_portkey import HeldPortkey, held_portkey
from tests.end_to_end.processes import Running, free_port
from tests.end_to_end.services import http_service, pointing_at
from tests.end_to_end.wire import Era, HttpCaller, Message

WITHIN = 1.0
WORKSPACE = {"id": "ws-finance", "name": "Finance"}


@pytest.fixture(scope="module")
def portkey_port() -> int:
    return free_port()


@pytest.fixture
async def portkey(portkey_port: int) -> AsyncIterator[HeldPortkey]:
    async with held_portkey(portkey_port) as held:
        yield held


@pytest.fixture(scope="module")
def stateless_in_front(portkey_port: int) -> Iterator[Running]:
    settings = {**pointing_at(f"http://127.0.0.1:{portkey_port}/v1"), "MCP_EVENT_STORE": "off"}
    with http_service("stateless", settings=settings) as service:
        yield service


@pytest.fixture(scope="module")
def resumable_in_front(portkey_port: int) -> Iterator[Running]:
    with http_service("stateless", settings=pointing_at(f"http://127.0.0.1:{portkey_port}/v1")) as service:
        yield service


@pytest.fixture(scope="module")
def stateful_in_front(portkey_port: int) -> Iterator[Running]:
    settings = {**pointing_at(f"http://127.0.0.1:{portkey_port}/v1"), "MCP_EVENT_STORE": "memory"}
    with http_service("stateful", settings=settings) as service:
        yield service


def call_in(era: Era) -> Message:
    return wire.tool_call("get_workspace", {"workspace_id": "ws-finance"}, era)


@pytest.mark.parametrize("era", ["2025", "2026"])
async def test_a_dropped_connection_cancels_the_request_to_portkey(
    stateless_in_front: Running, portkey: HeldPortkey, era: Era
) -> None:
    caller = HttpCaller(stateless_in_front.mcp_url, era)
    _, writer = await asyncio.open_connection("127.0.0.1", stateless_in_front.port)
    writer.write(caller.raw(call_in(era)))
    exchange = await portkey.next_exchange()
    gone = time.monotonic()
    writer.close()
    assert await exchange.hung_up(WITHIN + 1) - gone < WITHIN


async def test_a_cancelled_notification_cancels_the_request_to_portkey(
    stateful_in_front: Running, portkey: HeldPortkey
) -> None:
    caller = HttpCaller(stateful_in_front.mcp_url, "2025")
    async with httpx2.AsyncClient(trust_env=False) as client:
        await caller.hello(client)
        call = asyncio.create_task(caller.post(client, call_in("2025")))
        exchange = await portkey.next_exchange()
        cancelled = time.monotonic()
        notification = {
            "method": "notifications/cancelled",
            "params": {"requestId": 7, "reason": "no longer needed"},
        }
        await caller.post(client, {"jsonrpc": "2.0", **notification})
        assert await exchange.hung_up(WITHIN + 1) - cancelled < WITHIN
        call.cancel()
        await asyncio.wait([call])


@pytest.mark.parametrize("mode", ["stateful", "stateless"])
async def test_a_call_goes_on_and_its_answer_waits_for_the_client_that_comes_back(
    portkey: HeldPortkey, mode: str, request: pytest.FixtureRequest
) -> None:
    service = request.getfixturevalue("stateful_in_front" if mode == "stateful" else "resumable_in_front")
    caller = HttpCaller(service.mcp_url, "2025")
    async with httpx2.AsyncClient(trust_env=False, timeout=wire.ANSWER_WITHIN) as client:
        await caller.hello(client)
        message = call_in("2025")
        headers = caller.for_message(message)
        async with client.stream("POST", caller.url, json=message, headers=headers) as response:
            last_event = await anext(line async for line in response.aiter_lines() if line.startswith("id:"))
            exchange = await portkey.next_exchange()
        with pytest.raises(TimeoutError):
            await exchange.hung_up(WITHIN)
        exchange.answer(WORKSPACE)
        resume = {**caller.headers, "Accept": "text/event-stream", "Last-Event-ID": last_event[3:].strip()}
        async with client.stream("GET", caller.url, headers=resume) as stream:
            lines = (
                line async for line in stream.aiter_lines() if line.startswith("data:") and '"id":7' in line
            )
            assert "Finance" in await anext(lines)
