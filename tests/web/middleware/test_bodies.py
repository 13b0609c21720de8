from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.types import Message

from app.web.middleware.body_limit import BodyLimit
from app.web.middleware.content_type import JsonOnly
from tests.web.support import JSON, Mcp, build, client, running

LIMIT = 1000


async def chunks(count: int) -> AsyncIterator[bytes]:
    for _ in range(count):
        yield b"x" * 100


@pytest.mark.parametrize(("size", "status"), [(0, 200), (LIMIT, 200), (LIMIT + 1, 413), (10 * LIMIT, 413)])
async def test_a_body_over_the_limit_is_refused_and_one_at_the_limit_is_not(size: int, status: int) -> None:
    async with client(build(max_request_bytes=LIMIT)) as http:
        response = await http.post("/mcp", content=b"x" * size, headers=JSON)
    assert response.status_code == status
    if status == 413:
        assert response.json()["error"]["code"] == "payload_too_large"
        assert "1000 bytes" in response.json()["error"]["message"]
    else:
        assert response.json()["received"] == size


@pytest.mark.parametrize(("count", "status"), [(10, 200), (11, 413)])
async def test_a_chunked_body_is_counted_as_it_comes(count: int, status: int) -> None:
    async with (
        running(build(max_request_bytes=LIMIT)) as service,
        httpx2.AsyncClient(base_url=service.url) as http,
    ):
        response = await http.post("/mcp", content=chunks(count), headers=JSON)
        again = await http.post("/mcp", content=b"{}", headers=JSON)
    assert response.status_code == status
    assert again.status_code == 200


async def test_an_endless_chunked_body_is_refused_before_it_ends() -> None:
    async with running(build(max_request_bytes=LIMIT)) as service:
        reader, writer = await asyncio.open_connection("127.0.0.1", service.port)
        writer.write(
            b"POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            b"Transfer-Encoding: chunked\r\n\r\n" + b"100\r\n" + b"x" * 256 + b"\r\n"
        )
        for _ in range(4):
            writer.write(b"100\r\n" + b"x" * 256 + b"\r\n")
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)
        writer.close()
    assert head.startswith(b"HTTP/1.1 413")


async def serve_messages(
    middleware: Any, messages: Sequence[Mapping[str, Any]], headers: dict[bytes, bytes]
) -> list[Message]:
    """Play ASGI messages, as another server than ours might."""
    sent: list[Message] = []
    waiting = iter(messages)

    async def receive() -> Message:
        for message in waiting:
            return dict(message)
        await asyncio.Event().wait()
        raise AssertionError

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": "/mcp", "headers": list(headers.items())}
    await middleware(scope, receive, send)
    return sent


@pytest.mark.parametrize("declared", [b"5", b"junk", b"", b"-1"])
async def test_a_content_length_that_lies_gains_nothing(declared: bytes) -> None:
    limited = BodyLimit(Mcp(), max_bytes=10, timeout=5)
    body = [{"type": "http.request", "body": b"x" * 6, "more_body": True}] * 2
    sent = await serve_messages(limited, body, {b"content-length": declared})
    assert sent[0]["status"] == 413


@pytest.mark.parametrize("declared", [b"11", b"9" * 5000])
async def test_a_declared_length_over_the_limit_is_refused_unread(declared: bytes) -> None:
    sent = await serve_messages(BodyLimit(Mcp(), max_bytes=10, timeout=5), [], {b"content-length": declared})
    assert sent[0]["status"] == 413


async def test_a_body_that_trickles_in_too_slowly_is_given_up() -> None:
    slow = [{"type": "http.request", "body": b"{", "more_body": True}]
    sent = await serve_messages(BodyLimit(Mcp(), max_bytes=10, timeout=0.01), slow, {})
    assert sent[0]["status"] == 408
    assert (b"connection", b"close") in sent[0]["headers"]


async def test_a_client_that_leaves_before_its_body_is_whole_starts_nothing() -> None:
    mcp = Mcp()
    gone: list[Message] = [
        {"type": "http.request", "body": b"{", "more_body": True},
        {"type": "http.disconnect"},
    ]
    assert await serve_messages(BodyLimit(mcp, max_bytes=10, timeout=5), gone, {}) == []
    assert mcp.scope == {}


async def test_a_disconnect_after_the_body_reaches_the_handler() -> None:
    heard: list[str] = []

    async def listener(scope: object, receive: Any, send: object) -> None:
        heard.extend([(await receive())["type"], (await receive())["type"]])

    whole: list[Message] = [{"type": "http.request", "body": b"{}"}, {"type": "http.disconnect"}]
    await serve_messages(BodyLimit(listener, max_bytes=10, timeout=5), whole, {})
    assert heard == ["http.request", "http.disconnect"]


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json",
        "Application/JSON",
        "application/json; charset=utf-8",
        'application/json;charset="UTF-8"',
        "application/json ; x=y",
    ],
)
async def test_json_is_accepted_however_it_is_spelled(content_type: str) -> None:
    async with client(build()) as http:
        response = await http.post("/mcp", content=b"{}", headers={"Content-Type": content_type})
    assert response.status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/jsonp"},
        {"Content-Type": "application/json; charset=latin-1"},
        {"Content-Type": "application/json; charset=nonsense"},
        {"Content-Type": "application/json", "Content-Encoding": "gzip"},
    ],
)
async def test_anything_else_is_unsupported(headers: dict[str, str]) -> None:
    mcp = Mcp()
    async with client(build(mcp)) as http:
        response = await http.post("/mcp", content=b"{}", headers=headers)
    assert response.status_code == 415
    assert response.json()["error"]["code"] == "unsupported_media_type"
    assert mcp.scope == {}


@given(st.binary(max_size=60))
async def test_no_content_type_breaks_the_check(value: bytes) -> None:
    body = [{"type": "http.request", "body": b"{}"}]
    sent = await serve_messages(JsonOnly(Mcp()), body, {b"content-type": value})
    assert sent[0]["status"] in {200, 415}
