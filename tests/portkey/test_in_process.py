from __future__ import annotations

import asyncio
import gzip

import pytest

from app.portkey.in_process import AsgiApp, InProcessTransport, Message, Receive, Send
from app.portkey.transport import (
    ConnectFailed,
    ConnectionLost,
    DeadlineExceeded,
    HttpResponse,
    ResponseTooLarge,
)
from tests.portkey.servers import request

URL = "http://sandbox/v1/x"


def start(status: int = 200, *headers: tuple[bytes, bytes]) -> Message:
    return {"type": "http.response.start", "status": status, "headers": list(headers)}


def body(data: bytes, *, more: bool = False) -> Message:
    return {"type": "http.response.body", "body": data, "more_body": more}


def app_that_sends(*messages: Message, then: Exception | None = None) -> AsgiApp:
    async def app(_scope: Message, _receive: Receive, send: Send) -> None:
        for message in messages:
            await send(message)
        if then is not None:
            raise then

    return app


async def send_to(app: AsgiApp, *, seconds: float = 10.0, max_bytes: int = 1000) -> HttpResponse:
    return await InProcessTransport(app).send(request(URL, timeout=seconds, max_bytes=max_bytes))


async def test_application_sees_the_request_and_its_answer_comes_back() -> None:
    seen: list[Message] = []

    async def app(scope: Message, receive: Receive, send: Send) -> None:
        seen.extend((scope, await receive()))
        await send(start(201, (b"X-Request-Id", b"r1")))
        await send(body(b"he", more=True))
        await send(body(b"llo"))

    url = "http://sandbox/v1/a%2Fb/%2E%2E?q=%20"
    response = await InProcessTransport(app).send(request(url, "PUT", b"{}", headers={"X-Own": "1"}))
    scope, message = seen
    assert (scope["method"], scope["raw_path"], scope["query_string"]) == (
        "PUT",
        b"/v1/a%2Fb/%2E%2E",
        b"q=%20",
    )
    assert dict(scope["headers"])[b"x-own"] == b"1"
    assert message["body"] == b"{}"
    assert (response.status, response.headers["x-request-id"], response.body) == (201, "r1", b"hello")


async def test_reads_gzip_and_limits_what_comes_out() -> None:
    packed = gzip.compress(b"x" * 900)
    app = app_that_sends(start(200, (b"content-encoding", b"gzip")), body(packed))
    assert (await send_to(app)).body == b"x" * 900
    with pytest.raises(ResponseTooLarge):
        await send_to(app, max_bytes=899)


async def test_broken_gzip_is_a_lost_connection() -> None:
    with pytest.raises(ConnectionLost):
        await send_to(app_that_sends(start(200, (b"content-encoding", b"gzip")), body(b"no gzip")))


async def test_body_over_the_limit_is_refused_while_it_is_sent() -> None:
    with pytest.raises(ResponseTooLarge) as caught:
        await send_to(app_that_sends(start(), body(b"x" * 11, more=True), body(b"")), max_bytes=10)
    assert (caught.value.status, caught.value.sent) == (200, True)


async def test_application_cannot_hide_that_its_body_is_too_large() -> None:
    async def app(_scope: Message, _receive: Receive, send: Send) -> None:
        await send(start())
        try:
            await send(body(b"x" * 11))
        except ResponseTooLarge:
            await send(body(b""))

    with pytest.raises(ResponseTooLarge):
        await send_to(app, max_bytes=10)


@pytest.mark.parametrize(
    ("app", "status"),
    [
        (app_that_sends(then=RuntimeError("bug")), None),
        (app_that_sends(then=TimeoutError()), None),
        (app_that_sends(start(503), body(b"half", more=True), then=RuntimeError("bug")), 503),
        (app_that_sends(start(), body(b"half", more=True)), 200),
        (app_that_sends(), None),
    ],
    ids=["raises", "raises a timeout", "raises half-way", "returns half-way", "returns at once"],
)
async def test_application_that_breaks_off_is_a_lost_connection(app: AsgiApp, status: int | None) -> None:
    with pytest.raises(ConnectionLost) as caught:
        await send_to(app)
    assert (caught.value.sent, caught.value.status) == (True, status)


async def test_complete_answer_counts_although_the_application_raises_afterwards() -> None:
    response = await send_to(app_that_sends(start(500), body(b"oops"), then=RuntimeError("bug")))
    assert (response.status, response.body) == (500, b"oops")


async def test_application_that_never_finishes_hits_the_deadline() -> None:
    cancelled = asyncio.Event()

    async def app(_scope: Message, _receive: Receive, send: Send) -> None:
        await send(start())
        await send(body(b"half", more=True))
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()

    with pytest.raises(DeadlineExceeded) as caught:
        await send_to(app, seconds=0.05)
    assert (caught.value.sent, caught.value.status) == (True, 200)
    assert cancelled.is_set()


async def test_closed_transport_sends_nothing() -> None:
    transport = InProcessTransport(app_that_sends(start(), body(b"")))
    await transport.aclose()
    with pytest.raises(ConnectFailed):
        await transport.send(request(URL))
