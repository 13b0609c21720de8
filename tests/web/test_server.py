from __future__ import annotations

import asyncio
import os
import signal
import socket
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import pytest
from sse_starlette.sse import AppStatus
from starlette.applications import Starlette
from starlette.types import Receive, Scope, Send
from structlog.testing import capture_logs

from app.web.application import create_application
from app.web.readiness import Readiness
from app.web.server import end_sse_streams, serve
from tests.web.support import JSON, OPTIONS, Mcp, Running, build, listens, running, until

LISTEN = {"Mcp-Method": "subscriptions/listen"}


class Held(Mcp):
    """Answers when the test lets it."""

    def __init__(self) -> None:
        super().__init__()
        self.reached = asyncio.Event()
        self.release = asyncio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.reached.set()
        await self.release.wait()
        await super().__call__(scope, receive, send)


@asynccontextmanager
async def call(service: Running, mcp: Held, **headers: str) -> AsyncIterator[asyncio.Task[httpx2.Response]]:
    """A call that has reached the handler."""
    async with httpx2.AsyncClient(base_url=service.url, timeout=20) as http:
        task = asyncio.create_task(http.post("/mcp", content=b"{}", headers=JSON | headers))
        await asyncio.wait_for(mcp.reached.wait(), 10)
        yield task
        await asyncio.wait({task})


def interrupt(service: Running) -> None:
    service.server.handle_exit(signal.SIGTERM, None)


async def test_a_server_is_ready_when_it_listens() -> None:
    readiness = Readiness()
    async with running(build(readiness=readiness), readiness) as service, httpx2.AsyncClient() as http:
        assert (await http.get(f"{service.url}/ready")).status_code == 200
    assert readiness.phase == "draining"


async def test_a_call_in_progress_is_answered_after_the_signal() -> None:
    mcp = Held()
    readiness = Readiness()
    async with running(build(mcp, readiness=readiness), readiness) as service, call(service, mcp) as pending:
        interrupt(service)
        assert readiness.phase == "draining"
        await until(lambda: not listens(service.port))
        assert not pending.done()
        assert not service.streams_ended.is_set()
        mcp.release.set()
        assert (await pending).status_code == 200
        await asyncio.wait_for(service.ended, 10)
    assert service.server.clean
    assert service.streams_ended.is_set()


async def test_a_stream_does_not_hold_the_drain_up() -> None:
    mcp = Held()
    async with running(build(mcp)) as service, call(service, mcp, **LISTEN) as stream:
        interrupt(service)
        await asyncio.wait_for(service.streams_ended.wait(), 10)
        assert not stream.done()
        mcp.release.set()
        await asyncio.wait_for(service.ended, 10)
    assert service.server.clean


async def test_a_call_that_takes_too_long_is_cut_short_and_the_exit_is_not_clean() -> None:
    mcp = Held()
    with capture_logs() as logs:
        async with running(build(mcp), shutdown_timeout=1) as service, call(service, mcp) as pending:
            interrupt(service)
            await asyncio.wait_for(service.ended, 10)
    assert pending.exception() is not None or pending.result().status_code >= 500
    assert not service.server.clean
    assert "calls_cut_short" in [line["event"] for line in logs]


async def test_a_second_signal_ends_it_now() -> None:
    mcp = Held()
    async with running(build(mcp), shutdown_timeout=60) as service, call(service, mcp) as pending:
        interrupt(service)
        await until(lambda: not listens(service.port))
        interrupt(service)
        await asyncio.wait_for(service.ended, 10)
    assert pending.exception() is not None or pending.result().status_code >= 500
    assert not service.server.clean


def serve_and_visit(app: Any, readiness: Readiness) -> tuple[int, int]:
    """Serve in this thread as the command line does, visit from another, end with a signal."""
    status = 0

    def visit(port: int) -> None:
        nonlocal status
        try:
            status = httpx2.get(f"http://127.0.0.1:{port}/ready", timeout=10).status_code
        finally:
            os.kill(os.getpid(), signal.SIGTERM)

    code = serve(
        app,
        host="127.0.0.1",
        port=0,
        readiness=readiness,
        on_started=lambda port: threading.Thread(target=visit, args=(port,)).start(),
        end_streams=lambda: None,
    )
    return code, status


def test_serve_returns_zero_after_a_signal() -> None:
    readiness = Readiness()
    assert serve_and_visit(build(readiness=readiness), readiness) == (0, 200)


def test_a_taken_port_is_one_line_and_exit_code_one(
    unused_port: int, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.create_server(("127.0.0.1", unused_port)):
        code = serve(build(), host="127.0.0.1", port=unused_port, readiness=Readiness())
    assert code == 1
    message = capsys.readouterr().err
    assert message.count("\n") == 1
    assert "MCP_PORT" in message


def test_an_application_that_does_not_start_is_exit_code_one() -> None:
    @asynccontextmanager
    async def broken(_: Starlette) -> AsyncIterator[None]:
        raise RuntimeError("no redis")
        yield

    readiness = Readiness()
    app = create_application(mcp=Mcp(), options=OPTIONS, readiness=readiness, lifespan=broken)
    assert serve(app, host="127.0.0.1", port=0, readiness=readiness) == 1
    assert readiness.phase == "starting"


def test_ending_streams_tells_sse_starlette(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(AppStatus, "should_exit", False)
    end_sse_streams()
    assert AppStatus.should_exit is True
