"""What only shows on a raw socket."""

from __future__ import annotations

import asyncio

import pytest
from starlette.types import Receive, Scope, Send

from app.auth.bearer import BearerVerifier
from app.web.http_protocol import BoundedHttpProtocol
from app.web.refusals import MAX_HEAD_BYTES
from tests.web.support import RAW_CALL, Mcp, build, running, until

CLOSE = b"Connection: close\r\n\r\n"


async def test_blanks_around_header_values_do_not_count() -> None:
    app = build(auth_mode="bearer", verifier=BearerVerifier(["s3cret"]))
    request = (
        b"POST /mcp HTTP/1.1\r\nHost: localhost \t\r\n"
        b"Content-Type: application/json \r\nContent-Length: 2\r\n"
        b"Authorization: \t Bearer s3cret \t \r\nMcp-Method:tools/list \t\r\nX-Request-Id:  call-7 \r\n"
        b"Connection: close\r\n\r\n{}"
    )
    async with running(app) as service:
        answer = await service.exchange(request)
    assert answer.startswith(b"HTTP/1.1 200")
    assert b'"mcp-method":"tools/list"' in answer
    assert b"x-request-id: call-7\r\n" in answer


async def test_a_bad_host_is_refused() -> None:
    async with running(build()) as service:
        answer = await service.exchange(b"GET / HTTP/1.1\r\nHost: evil.example.com\r\n" + CLOSE)
        none = await service.exchange(b"GET / HTTP/1.0\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 421")
    assert none.startswith(b"HTTP/1.1 421")


async def test_nonsense_is_a_json_400() -> None:
    async with running(build()) as service:
        answer = await service.exchange(b"NONSENSE\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 400")
    assert b'{"error":{"code":"bad_request"' in answer


async def test_a_request_that_could_be_read_two_ways_is_refused() -> None:
    smuggle = (
        b"POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
    )
    async with running(build()) as service:
        assert (await service.exchange(smuggle)).startswith(b"HTTP/1.1 400")


async def test_headers_without_end_are_refused() -> None:
    async with running(build()) as service:
        answer = await service.exchange(
            b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Long: " + b"x" * MAX_HEAD_BYTES
        )
    assert answer.startswith(b"HTTP/1.1 431")
    assert b"request_head_too_large" in answer


async def test_a_head_that_trickles_in_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(BoundedHttpProtocol, "head_timeout", 0.05)
    async with running(build()) as service:
        answer = await service.exchange(b"GET / HTTP/1.1\r\nHost: loc")
        assert await service.exchange(b"") == b""
        assert await service.exchange(b"\r\n") == b""
    assert answer.startswith(b"HTTP/1.1 408")
    assert b'"code":"request_timeout"' in answer


async def test_a_slow_second_head_does_not_cut_the_first_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(BoundedHttpProtocol, "head_timeout", 0.02)
    release = asyncio.Event()

    async def slow(scope: Scope, receive: Receive, send: Send) -> None:
        await release.wait()
        await Mcp()(scope, receive, send)

    async with running(build(slow)) as service:
        reader, writer = await asyncio.open_connection("127.0.0.1", service.port)
        writer.write(RAW_CALL + b"GET /health HTTP/1.1\r\nHo")
        timers: set[asyncio.TimerHandle | None] = set()

        def has_fired() -> bool:
            timers.update(c._timer for c in service.server.server_state.connections)  # type: ignore[union-attr]
            return len(timers - {None}) > 2

        await until(has_fired)
        release.set()
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)
        writer.close()
    assert head.startswith(b"HTTP/1.1 200")


async def test_several_requests_share_a_connection() -> None:
    async with running(build()) as service:
        request = b"GET /health HTTP/1.1\r\nHost: localhost\r\n"
        answer = await service.exchange((request + b"\r\n") * 2 + request + CLOSE)
    assert answer.count(b"HTTP/1.1 200") == 3


async def test_a_client_that_reads_nothing_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(BoundedHttpProtocol, "stalled_timeout", 0.05)

    async def endless(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        while not gone.is_set():
            await send({"type": "http.response.body", "body": b"x" * 2**16, "more_body": True})
            await asyncio.sleep(0)

    gone = asyncio.Event()
    async with running(build(endless)) as service:
        _reader, writer = await asyncio.open_connection("127.0.0.1", service.port, limit=1)
        writer.write(RAW_CALL)
        await until(lambda: service.server.server_state.connections)
        await until(lambda: not service.server.server_state.connections)
        gone.set()
        writer.close()


async def test_blank_lines_do_not_keep_a_connection_open(monkeypatch: pytest.MonkeyPatch) -> None:
    async with running(build()) as service:
        reader, writer = await asyncio.open_connection("127.0.0.1", service.port)
        writer.write(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert (await asyncio.wait_for(reader.readuntil(b"}"), 10)).startswith(b"HTTP/1.1 200")
        monkeypatch.setattr(BoundedHttpProtocol, "head_timeout", 0.05)
        writer.write(b"\r\n")
        assert await asyncio.wait_for(reader.read(), 10) == b""
        writer.close()
