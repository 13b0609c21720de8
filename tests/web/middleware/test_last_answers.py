"""Every answer of a process that stops is the last on its connection."""

from __future__ import annotations

import asyncio
import signal
import socket

import httpx2

from app.web.readiness import Readiness
from tests.web.support import JSON, RAW_CALL, build, listens, running


async def answer_on(reader: asyncio.StreamReader) -> str:
    answer = await asyncio.wait_for(reader.readuntil(b"\r\n0\r\n\r\n"), 10)
    return answer.decode().lower()


async def test_during_the_delay_everything_is_answered_and_each_answer_is_the_last() -> None:
    readiness = Readiness()
    app = build(readiness=readiness)
    async with running(app, readiness, shutdown_delay=1.0) as service, httpx2.AsyncClient() as http:
        kept, kept_writer = await asyncio.open_connection("127.0.0.1", service.port)
        kept_writer.write(RAW_CALL)
        assert "connection: close" not in await answer_on(kept)

        service.server.handle_exit(signal.SIGTERM, None)
        probe = await http.get(f"{service.url}/ready")
        assert (probe.status_code, probe.json()["reason"]) == (503, "draining")
        kept_writer.write(RAW_CALL)
        assert "connection: close" in await answer_on(kept)
        assert await kept.read() == b""
        call = await http.post(f"{service.url}/mcp", content=b"{}", headers=JSON)
        assert (call.status_code, call.headers["connection"]) == (200, "close")
        kept_writer.close()
        await asyncio.wait_for(service.ended, 10)
    assert service.server.clean


async def test_connections_that_wait_to_be_accepted_are_served() -> None:
    async with running(build()) as service:
        # Nothing in between gives the loop a turn: the system alone has taken the connections.
        clients = [socket.create_connection(("127.0.0.1", service.port)) for _ in range(20)]
        for client in clients:
            client.sendall(RAW_CALL)
        await service.server._stop_listening()
        assert not listens(service.port)
        for client in clients:
            reader, writer = await asyncio.open_connection(sock=client)
            assert "http/1.1 200" in await answer_on(reader)
            writer.close()
