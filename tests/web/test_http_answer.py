"""What is written of an answer is what uvicorn writes."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from app.web.http_answer import HttpAnswer

NAMES = st.sampled_from(
    b"content-type|x-request-id|Vary|bad name||connection|transfer-encoding|content-length".split(b"|")
)
VALUES = st.sampled_from(
    [
        *(b"", b"plain", b"close", b"chunked", b"keep-alive, close", b"5", b"\xe9", b"a\tb"),
        *(b"a\r\nset-cookie: b", b"a\nb", b"a\rb", b"\0"),
    ]
)
HEADERS = st.lists(st.tuples(NAMES, VALUES), max_size=4)


class Flow:
    """A connection whose client reads, and where nothing waits."""

    write_paused = False


class Written:
    """The sending end of a connection, that keeps what is written."""

    def __init__(self) -> None:
        self.data = b""
        self.closed = False

    def write(self, data: bytes) -> None:
        self.data += data

    def writelines(self, parts: Iterable[bytes]) -> None:
        self.data += b"".join(parts)

    def close(self) -> None:
        self.closed = True


async def sent(
    kind: type[RequestResponseCycle],
    messages: Sequence[dict[str, Any]],
    *,
    method: str,
    keep_alive: bool,
) -> tuple[object, ...]:
    transport = Written()
    done: list[None] = []
    cycle = kind(
        scope={"method": method},  # type: ignore[typeddict-item]
        transport=transport,  # type: ignore[arg-type]
        flow=Flow(),  # type: ignore[arg-type]
        logger=logging.getLogger("test"),
        access_logger=logging.getLogger("test"),
        access_log=False,
        default_headers=[(b"date", b"now")],
        message_event=asyncio.Event(),
        expect_100_continue=False,
        keep_alive=keep_alive,
        on_response=lambda: done.append(None),
    )
    failure = ""
    try:
        for message in messages:
            await cycle.send(message)  # type: ignore[arg-type]
    except (RuntimeError, ValueError) as error:
        failure = str(error)
    return transport.data, transport.closed, failure, done, cycle.response_complete, cycle.keep_alive


@pytest.mark.parametrize("value", [b"a\r\nset-cookie: b", b"a\nb\r", b"a\rb\n", b"a\0b", b"a\x7fb"])
async def test_no_value_begins_another_header(value: bytes) -> None:
    headers = [(b"content-length", b"2"), (b"x-told", value)]
    messages: list[dict[str, Any]] = [
        {"type": "http.response.start", "status": 200, "headers": headers},
        {"type": "http.response.body", "body": b"{}"},
    ]
    data, _, failure, *_ = await sent(HttpAnswer, messages, method="POST", keep_alive=True)
    assert data == b""
    assert failure == "Invalid HTTP header value."


@settings(max_examples=1500, deadline=None)
@given(
    headers=HEADERS,
    parts=st.sampled_from([[b""], [b"12345"], [b"12345", b""], [b"12", b"345"], [b"", b"12345"], [b"12"]]),
    told=st.booleans(),
    status=st.sampled_from([200, 204, 304, 404]),
    method=st.sampled_from(["GET", "HEAD", "POST"]),
    keep_alive=st.booleans(),
)
def test_the_bytes_are_those_that_uvicorn_writes(
    headers: list[tuple[bytes, bytes]],
    parts: list[bytes],
    told: bool,  # noqa: FBT001
    status: int,
    method: str,
    keep_alive: bool,  # noqa: FBT001
) -> None:
    own = [(b"content-length", b"%d" % (5 if parts[0] else len(parts[-1])))] if told else []
    messages: list[dict[str, Any]] = [
        {"type": "http.response.start", "status": status, "headers": [*own, *headers]},
        *({"type": "http.response.body", "body": part, "more_body": True} for part in parts[:-1]),
        {"type": "http.response.body", "body": parts[-1]},
    ]

    async def both() -> list[tuple[object, ...]]:
        kinds = (HttpAnswer, RequestResponseCycle)
        return [await sent(kind, messages, method=method, keep_alive=keep_alive) for kind in kinds]

    ours, theirs = asyncio.run(both())
    assert ours == theirs
