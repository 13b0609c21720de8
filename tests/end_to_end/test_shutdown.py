"""SIGTERM: what runs is finished, then the process ends well."""

from __future__ import annotations

import asyncio
import re
import time
from contextlib import AbstractContextManager

import httpx2
import pytest

from app.sandbox.keys import ADMIN_KEY
from tests.end_to_end import wire
from tests.end_to_end.held_portkey import held_portkey
from tests.end_to_end.processes import Running, free_port
from tests.end_to_end.services import JOURNAL, SessionMode, http_service, pointing_at, sandbox_process
from tests.end_to_end.wire import Era, HttpCaller


@pytest.mark.parametrize(
    ("era", "mode"), [("2025", "stateless"), ("2025", "stateful"), ("2026", "stateless")]
)
async def test_a_call_in_flight_is_answered_before_the_process_ends(era: Era, mode: SessionMode) -> None:
    port = free_port()
    with http_service(mode, settings=pointing_at(f"http://127.0.0.1:{port}/v1")) as service:
        async with held_portkey(port) as portkey, httpx2.AsyncClient(trust_env=False) as client:
            caller = HttpCaller(service.mcp_url, era)
            if mode == "stateful":
                await caller.hello(client)
            message = wire.tool_call("get_workspace", {"workspace_id": "ws-finance"}, era)
            call = asyncio.create_task(caller.post(client, message))
            exchange = await portkey.next_exchange()
            service.terminate()
            await refuses_connections(service.port)
            exchange.answer({"id": "ws-finance", "name": "Finance"})
            answer = wire.answer_of(await call)
            assert answer["result"]["structuredContent"]["name"] == "Finance", service.output()
            code = await asyncio.to_thread(service.wait)
        assert code == 0, service.output()
        assert "Traceback" not in service.output()


async def refuses_connections(port: int, within: float = 10.0) -> None:
    """Wait until the service takes no more connections, the sign that it has begun to stop."""
    async with asyncio.timeout(within):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except ConnectionRefusedError:
                return
            writer.close()
            await asyncio.sleep(0.02)  # between two looks; the condition ends the loop


async def test_a_call_whose_client_has_left_is_not_broken_off() -> None:
    port = free_port()
    with http_service("stateful", settings=pointing_at(f"http://127.0.0.1:{port}/v1")) as service:
        async with held_portkey(port) as portkey, httpx2.AsyncClient(trust_env=False) as client:
            caller = HttpCaller(service.mcp_url, "2025")
            await caller.hello(client)
            message = wire.tool_call("create_config", {"name": "Kept", "config": {}}, "2025")
            call = asyncio.create_task(caller.post(client, message))
            exchange = await portkey.next_exchange()
            call.cancel()
            await asyncio.wait([call])
            service.terminate()
            await refuses_connections(service.port)
            with pytest.raises(TimeoutError):
                await exchange.hung_up(1.0)
            exchange.answer({})
            code = await asyncio.to_thread(service.wait)
        assert code == 0, service.output()


# 2 s for each request about workspaces.
LATENCY = "latency=2s;path=/workspaces"
CALLS = 50
TIMEOUT = 8.0
EACH_ITS_CONNECTION = httpx2.Limits(max_connections=CALLS + 5)


@pytest.mark.parametrize("mode", ["stateful", "stateless"])
async def test_fifty_calls_of_both_eras_are_delivered_and_streams_end_properly(mode: SessionMode) -> None:
    with sandbox_process() as sandbox, service_on(sandbox, mode) as service:
        async with httpx2.AsyncClient(trust_env=False, timeout=60, limits=EACH_ITS_CONNECTION) as client:
            await client.put(f"{sandbox.url}/_sandbox/fault", json={"fault": LATENCY})
            hello = HttpCaller(service.mcp_url, "2025")
            await hello.hello(client)
            streams = [asyncio.create_task(listen(client, service))]
            if mode == "stateful":
                streams.append(asyncio.create_task(get_stream(client, hello)))
            calls = [
                asyncio.create_task(slow_call(client, service, hello, number)) for number in range(CALLS)
            ]
            await until_received(sandbox, CALLS)
            service.terminate()
            stopped_at = time.monotonic()
            answers = await asyncio.gather(*calls)
            ends = await asyncio.gather(*streams)
            code = await asyncio.to_thread(service.wait)
        took, output = time.monotonic() - stopped_at, service.output()
    assert [answer["result"]["structuredContent"]["slug"] for answer in answers] == [
        "ws-customer-support"
    ] * CALLS
    assert code == 0, output
    assert took < TIMEOUT, output
    assert "Traceback" not in output
    assert "Task was destroyed" not in output
    listened, *streamed = ends
    assert '"result"' in listened.rsplit("data: ", 1)[1], listened
    for text in streamed:
        assert re.search(r"retry: \d+\r\n\r\n$", text), text


async def test_a_session_that_would_end_with_the_process_is_refused_while_it_stops() -> None:
    delay = {"MCP_SHUTDOWN_DELAY_MS": "3000"}
    with http_service("stateful", settings=delay) as service:
        async with httpx2.AsyncClient(trust_env=False) as client:
            caller = HttpCaller(service.mcp_url, "2025")
            await caller.hello(client)
            service.terminate()
            await not_ready(client, service)
            refused = await HttpCaller(service.mcp_url, "2025").post(client, wire.initialize())
            message = wire.tool_call("list_workspaces", {}, "2025")
            served = await caller.post(client, message)
        assert refused.status_code == 503
        assert refused.json()["error"]["code"] == "stopping"
        assert refused.headers["retry-after"] == "1"
        assert refused.headers["connection"] == "close"
        assert wire.answer_of(served)["result"]["structuredContent"]["data"]
        assert await asyncio.to_thread(service.wait) == 0


def service_on(sandbox: Running, mode: SessionMode) -> AbstractContextManager[Running]:
    settings = pointing_at(f"{sandbox.url}/v1", ADMIN_KEY)
    return http_service(mode, settings=settings | {"MCP_SHUTDOWN_TIMEOUT_MS": str(int(TIMEOUT * 1000))})


async def slow_call(
    client: httpx2.AsyncClient, service: Running, session: HttpCaller, number: int
) -> wire.Message:
    era: Era = "2026" if number % 2 else "2025"
    caller = session if era == "2025" else HttpCaller(service.mcp_url, era)
    message = wire.tool_call("get_workspace", {"workspace_id": "ws-customer-support"}, era, number + 1)
    return wire.answer_of(await caller.post(client, message))


async def get_stream(client: httpx2.AsyncClient, session: HttpCaller) -> str:
    headers = session.headers | {"Accept": "text/event-stream", "MCP-Protocol-Version": wire.VERSIONS["2025"]}
    return (await client.get(session.url, headers=headers)).raise_for_status().text


async def listen(client: httpx2.AsyncClient, service: Running) -> str:
    message = wire.tool_call("", {}, "2026") | {"method": "subscriptions/listen"}
    message["params"] = {"_meta": message["params"]["_meta"], "notifications": {"toolsListChanged": True}}
    headers = HttpCaller(service.mcp_url, "2026").headers | {
        "Accept": "application/json, text/event-stream",
        "MCP-Protocol-Version": wire.VERSIONS["2026"],
        "Mcp-Method": "subscriptions/listen",
    }
    return (await client.post(service.mcp_url, json=message, headers=headers)).raise_for_status().text


async def until_received(sandbox: Running, count: int) -> None:
    async with httpx2.AsyncClient(trust_env=False) as client, asyncio.timeout(20):
        while (await client.get(f"{sandbox.url}{JOURNAL}")).json()["total"] < count:  # noqa: ASYNC110 - as below
            await asyncio.sleep(0.05)  # between two looks; the condition ends the loop


async def not_ready(client: httpx2.AsyncClient, service: Running) -> None:
    async with asyncio.timeout(10):
        while (await client.get(f"{service.url}/ready")).status_code != 503:  # noqa: ASYNC110 - of another process
            await asyncio.sleep(0.02)
