"""What only a real server shows: connections that close or fall silent."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import httpx2
import pytest
import uvicorn

from app.sandbox.keys import ADMIN_KEY

if TYPE_CHECKING:
    from app.sandbox.application import Sandbox

HEADERS = {"x-portkey-api-key": ADMIN_KEY}


async def _until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 - uvicorn has no event to wait on
            await asyncio.sleep(0.01)


@asynccontextmanager
async def _serving(app: Sandbox, http: str) -> AsyncIterator[tuple[uvicorn.Server, httpx2.AsyncClient]]:
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(app, http=http, log_level="error", lifespan="on", timeout_graceful_shutdown=5)
    server = uvicorn.Server(config)
    running = asyncio.create_task(server.serve(sockets=[listener]))
    await _until(lambda: server.started)
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    async with httpx2.AsyncClient(base_url=url, headers=HEADERS, timeout=10) as client:
        yield server, client
    server.should_exit = True
    async with asyncio.timeout(10):
        await running


async def _receive_stalled(client: httpx2.AsyncClient, received: bytearray) -> None:
    headers = {"x-sandbox-fault": "stall"}
    async with client.stream("GET", "/v1/configs", headers=headers, timeout=0.3) as response:
        assert response.status_code == 200
        assert "content-length" not in response.headers
        async for chunk in response.aiter_raw():
            received += chunk


@pytest.mark.parametrize("http", ["h11", "httptools"])
async def test_drops_and_stalls_on_a_real_connection(
    sandbox: Sandbox, http: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with _serving(sandbox, http) as (server, client):
        for fault in ("drop", "drop_after"):
            with pytest.raises(httpx2.RemoteProtocolError):
                await client.post(
                    "/v1/admin/workspaces", json={"name": fault}, headers={"x-sandbox-fault": fault}
                )
        listed = (await client.get("/v1/admin/workspaces")).json()["data"]
        assert [workspace["name"] for workspace in listed[3:]] == ["drop_after"]

        received = bytearray()
        with pytest.raises(httpx2.ReadTimeout):
            await _receive_stalled(client, received)
        whole = (await client.get("/v1/configs")).content
        assert received == whole[: len(whole) // 2]
        await _until(lambda: not server.server_state.tasks)
    assert caplog.messages == []


async def test_an_empty_answer_can_stall_too(sandbox: Sandbox) -> None:
    async with _serving(sandbox, "h11") as (_, client):
        await client.post("/v1/admin/workspaces", json={"name": "Gone", "slug": "gone"})
        with pytest.raises(httpx2.ReadTimeout):
            await client.request(
                "DELETE",
                "/v1/admin/workspaces/gone",
                json={"name": "Gone"},
                headers={"x-sandbox-fault": "stall"},
                timeout=0.3,
            )
        assert (await client.get("/v1/admin/workspaces/gone")).status_code == 404


async def test_a_client_that_leaves_in_the_middle_of_its_body_does_no_harm(
    sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    async with _serving(sandbox, "h11") as (server, client):
        _, writer = await asyncio.open_connection(str(client.base_url.host), client.base_url.port)
        writer.write(b"POST /v1/configs HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\nhalf")
        await writer.drain()
        await _until(lambda: bool(server.server_state.tasks))
        writer.close()
        await _until(lambda: not server.server_state.tasks)
        entry = (await client.get("/_sandbox/requests")).json()["data"][0]
        assert (entry["path"], entry["status"]) == ("/v1/configs", None)
    assert caplog.messages == []
