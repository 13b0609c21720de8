"""Every row of the table, over a socket, against the real service."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import AsyncIterator, Mapping, Sequence

import pytest
from structlog.testing import capture_logs

from app.web.http_protocol import BoundedHttpProtocol
from app.web.middleware.security_headers import security_headers
from tests.hostile.exchange import DEADLINE, Answer, Connection, connected
from tests.hostile.row import Row
from tests.hostile.rows import ROWS
from tests.hostile.wire import get
from tests.hostile.world import OTHER_TOKEN, TOKEN, World, running_world
from tests.web.support import until

_AFTERWARDS = "asked-afterwards"
_BODILESS = frozenset({202, 204})
_INTERNALS = re.compile(
    r"Traceback|site-packages|/app/|\.py\b|0x[0-9a-f]{8}|\b\w*(?:Error|Exception)\b(?!\")"
    r"|pydantic|starlette|uvicorn|httptools|JSONRPC"
)


@pytest.fixture(scope="module")
async def world() -> AsyncIterator[World]:
    async with running_world() as running:
        yield running


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
async def test_the_answer_is_the_one_in_the_table(
    row: Row, world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    if row.stalls:
        monkeypatch.setattr(BoundedHttpProtocol, "head_timeout", 0.1)
        monkeypatch.setattr(BoundedHttpProtocol, "leftover_timeout", 0.1)
    request = row.request if isinstance(row.request, bytes) else row.request(world)
    method = request.lstrip(b"\r\n").split(b" ", 1)[0]
    caplog.set_level(logging.WARNING)
    with capture_logs() as logs:
        async with connected(world.ports[row.service]) as connection:
            started = time.monotonic()
            answers = []
            for number in range(row.times):
                await connection.send(request.replace(b"{n}", b"%d" % number))
                answers.append(await connection.answer(to=method))
                check_in_general(answers[-1], row, method)
            answer = answers[-1]
            assert time.monotonic() - started < DEADLINE
            check_in_particular(answer, row, method)
            await check_connection(connection, answer, row)
        if row.client is not None:
            await until(lambda: [line for line in logs if line["event"] == "http_request"], DEADLINE)
    check_logs(logs, caplog, row)


def check_in_general(answer: Answer, row: Row, method: bytes) -> None:
    """What holds for every answer, whatever was asked."""
    assert answer.status < 500 or answer.status == row.status == 503
    for name, value in security_headers(https=row.https).items():
        assert answer.header(name.lower()) == row.headers.get(name.lower(), value)
    assert row.https or answer.header("strict-transport-security") is None
    assert answer.header("server") is None
    assert (answer.header("retry-after") is not None) is (answer.status in {429, 503})
    assert TOKEN.encode() not in answer.body
    if method == b"HEAD" or answer.status in _BODILESS:
        assert answer.body == b""
    elif answer.body or answer.status != 200:
        body = answer.json()
        if "error" in body:
            assert not _INTERNALS.search(str(body)), body
            assert body["error"]["message"]
        if answer.status >= 400 and isinstance(body["error"]["code"], str):
            assert body["error"]["request_id"] == answer.header("x-request-id")


def check_in_particular(answer: Answer, row: Row, method: bytes) -> None:
    error = answer.json().get("error", {}) if answer.body else {}
    assert (answer.status, error.get("code")) == (row.status, None if method == b"HEAD" else row.code)
    for name, value in row.headers.items():
        assert answer.header(name) == value


async def check_connection(connection: Connection, answer: Answer, row: Row) -> None:
    """Nothing else was answered, and the connection is over or as good as new."""
    for status in row.further:
        answer = await connection.answer()
        assert answer.status == status
        check_in_general(answer, row, b"GET")
    assert answer.closes is row.closes
    if not row.closes and not row.stalls:
        await connection.send(get("/health", f"X-Request-Id: {_AFTERWARDS}", "Connection: close"))
        after = await connection.answer()
        assert (after.status, after.header("x-request-id")) == (200, _AFTERWARDS)
    assert await connection.rest() == b""


def check_logs(logs: Sequence[Mapping[str, object]], caplog: pytest.LogCaptureFixture, row: Row) -> None:
    assert TOKEN not in str(logs)
    assert OTHER_TOKEN not in str(logs)
    assert row.status == 503 or "error" not in {line["log_level"] for line in logs}
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR or record.exc_info]
    if row.client is not None:
        assert next(line["client"] for line in logs if line["event"] == "http_request") == row.client


def test_the_table_is_long_and_says_nothing_twice() -> None:
    assert len(ROWS) >= 150
    assert len({row.name for row in ROWS}) == len(ROWS)
    # Sent twice, a request goes to two services, or its answer depends on how often it is sent.
    sent = {(row.service, row.request, row.times) for row in ROWS}
    assert len(sent) == len(ROWS)
