"""SIGTERM to a real process that serves the real SDK."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2
import orjson
import pytest

from tests.web.support import listens, until

ROOT = Path(__file__).parents[2]
ACCEPT = {"Accept": "application/json, text/event-stream"}
MODERN = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientCapabilities": {},
    "io.modelcontextprotocol/clientInfo": {"name": "test", "version": "1"},
}


@dataclass
class Service:
    process: asyncio.subprocess.Process
    folder: Path
    port: int
    http: httpx2.AsyncClient

    async def rpc(self, method: str, params: object, **headers: str) -> httpx2.Response:
        body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        return await self.http.post("/mcp", json=body, headers=ACCEPT | headers)

    async def session(self, token: str) -> dict[str, str]:
        params = {
            "protocolVersion": "2025-11-25",
            "capabilities": {},
            "clientInfo": {"name": "test", "version": "1"},
        }
        opened = await self.rpc("initialize", params, Authorization=f"Bearer {token}")
        assert opened.status_code == 200, opened.text
        return {
            "Mcp-Session-Id": opened.headers["mcp-session-id"],
            "Mcp-Protocol-Version": "2025-11-25",
            "Authorization": f"Bearer {token}",
        }

    async def begun(self, calls: int) -> None:
        await until(lambda: self.text("calls").count("started") == calls)

    def text(self, name: str) -> str:
        file = self.folder / name
        return file.read_text() if file.exists() else ""


@asynccontextmanager
async def service_in(folder: Path) -> AsyncIterator[Service]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.web.sdk_service", str(folder)), cwd=ROOT
    )
    try:
        await until(lambda: (folder / "port").exists() or process.returncode is not None)
        port = int((folder / "port").read_text())
        limits = httpx2.Limits(max_connections=50)
        async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=30, limits=limits) as http:
            yield Service(process, folder, port, http)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


def modern(method: str, **extra: str) -> dict[str, str]:
    return {
        "Mcp-Protocol-Version": "2026-07-28",
        "Mcp-Method": method,
        "Authorization": "Bearer alice",
        **extra,
    }


async def test_calls_of_both_eras_finish_and_streams_end_after_sigterm(tmp_path: Path) -> None:
    async with service_in(tmp_path) as service:
        session = await service.session("alice")
        call = {"name": "wait", "arguments": {}}
        old = asyncio.create_task(service.rpc("tools/call", call, **session))
        new = asyncio.create_task(
            service.rpc(
                "tools/call", call | {"_meta": MODERN}, **modern("tools/call", **{"Mcp-Name": "wait"})
            )
        )
        listen = asyncio.create_task(
            service.rpc(
                "subscriptions/listen",
                {"_meta": MODERN, "notifications": {"toolsListChanged": True}},
                **modern("subscriptions/listen"),
            )
        )
        stream = asyncio.create_task(
            service.http.get("/mcp", headers=session | {"Accept": "text/event-stream"})
        )
        await service.begun(2)

        service.process.send_signal(signal.SIGTERM)
        await until(lambda: not listens(service.port))
        assert not old.done()
        assert not new.done()
        (tmp_path / "go").touch()

        for answer in await asyncio.wait_for(asyncio.gather(old, new), 20):
            assert answer.status_code == 200
            assert "done" in answer.text
        subscribed, streamed = await asyncio.wait_for(asyncio.gather(listen, stream), 20)
        assert subscribed.status_code == streamed.status_code == 200
        assert orjson.loads(subscribed.text.rsplit("data: ", 1)[1])["result"] is not None
        assert await asyncio.wait_for(service.process.wait(), 20) == 0


async def test_an_idle_process_leaves_at_once(tmp_path: Path) -> None:
    async with service_in(tmp_path) as service:
        service.process.send_signal(signal.SIGINT)
        assert await asyncio.wait_for(service.process.wait(), 5) == 0


async def test_a_second_signal_forces_the_exit(tmp_path: Path) -> None:
    async with service_in(tmp_path) as service:
        call = asyncio.create_task(
            service.rpc("tools/call", {"name": "wait", "arguments": {}}, **await service.session("alice"))
        )
        await service.begun(1)
        service.process.send_signal(signal.SIGTERM)
        await until(lambda: not listens(service.port))
        service.process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(service.process.wait(), 5) == 1
        with pytest.raises(httpx2.TransportError):
            await call


async def test_a_resume_without_an_event_store_is_no_server_error(tmp_path: Path) -> None:
    async with service_in(tmp_path) as service:
        headers = await service.session("alice") | {"Accept": "text/event-stream", "Last-Event-ID": "7"}
        async with service.http.stream("GET", "/mcp", headers=headers) as response:
            assert response.status_code == 200
