"""Several processes at one port."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from app.sandbox.keys import ADMIN_KEY
from tests.end_to_end.processes import Running, command, environment
from tests.end_to_end.services import http_service, pointing_at, sandbox_process
from tests.web.support import until

WORKERS = 3


@pytest.fixture
def service(redis_url: str) -> Iterator[Running]:
    settings = {"MCP_WORKERS": str(WORKERS), "MCP_REDIS_URL": redis_url, "RATE_LIMIT_ENABLED": "false"}
    with (
        sandbox_process() as sandbox,
        http_service(
            "stateful", settings={**settings, **pointing_at(f"{sandbox.url}/v1", ADMIN_KEY)}
        ) as started,
    ):
        yield started


async def all_serve(service: Running) -> set[int]:
    """Wait until each worker says that it has started; return their processes."""
    await until(lambda: service.output().count('"message":"started"') >= WORKERS)
    return workers_of(service)


def workers_of(service: Running) -> set[int]:
    """The processes that the service has started."""
    children = Path(f"/proc/{service.process.pid}/task/{service.process.pid}/children")
    return {int(pid) for pid in children.read_text().split()}


def alive(pids: set[int]) -> set[int]:
    return {pid for pid in pids if Path(f"/proc/{pid}").exists()}


pytestmark = pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="needs /proc to see processes")


async def initialize(http: httpx2.AsyncClient) -> str:
    params = {
        "protocolVersion": "2025-11-25",
        "capabilities": {},
        "clientInfo": {"name": "t", "version": "1"},
    }
    answer = await http.post(
        "/mcp", json={"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": params}
    )
    assert answer.status_code == 200, answer.text
    session: str = answer.headers["mcp-session-id"]
    return session


def client(service: Running) -> httpx2.AsyncClient:
    """A client whose every request is a connection of its own."""
    headers = {"Accept": "application/json, text/event-stream", "Connection": "close"}
    return httpx2.AsyncClient(base_url=service.url, headers=headers, trust_env=False, timeout=20)


async def ping(http: httpx2.AsyncClient, session: str) -> int:
    message = {"jsonrpc": "2.0", "id": 2, "method": "ping"}
    return (await http.post("/mcp", json=message, headers={"Mcp-Session-Id": session})).status_code


async def test_any_worker_serves_any_session_one_that_dies_is_replaced_and_all_end_together(
    service: Running,
) -> None:
    before = await all_serve(service)
    async with client(service) as http:
        session = await initialize(http)
        assert {await ping(http, session) for _ in range(30)} == {200}
        victim = min(before)
        os.kill(victim, signal.SIGKILL)
        await until(lambda: len(workers_of(service) - {victim}) == WORKERS)
        with contextlib.suppress(httpx2.TransportError):
            # The one request that the killed worker may have taken with it.
            await ping(http, session)
        assert {await ping(http, session) for _ in range(30)} == {200}
    last = workers_of(service)
    service.terminate()
    assert await asyncio.to_thread(service.process.wait, 20) == 0
    assert not alive(last)
    assert service.output().count('"message":"worker_ended"') == 1


async def test_workers_whose_parent_was_killed_drain(service: Running) -> None:
    started = await all_serve(service)
    service.process.kill()
    service.process.wait(10)
    await until(lambda: not alive(started))


def test_what_cannot_work_is_refused_with_every_reason() -> None:
    done = subprocess.run(
        command("check-config"),
        env=environment(
            {
                "MCP_WORKERS": "2",
                "MCP_SESSION_MODE": "stateful",
                "MCP_EVENT_STORE": "memory",
                "MCP_METRICS_PORT": "9000",
            }
        ),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    for word in ("unknown to the others", "resumed at another", "sandbox of its own", "/metrics"):
        assert word in done.stderr
