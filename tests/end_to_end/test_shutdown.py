"""SIGTERM: what runs is finished, then the process ends well."""

from __future__ import annotations

import asyncio

import httpx2
import pytest

from tests.end_to_end import wire
from tests.end_to_end.held_portkey import held_portkey
from tests.end_to_end.processes import free_port
from tests.end_to_end.services import SessionMode, http_service, pointing_at
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
