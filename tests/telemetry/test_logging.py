from __future__ import annotations

import asyncio
import io
import json
import logging
import socket
import warnings
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import structlog
import uvicorn
from structlog.contextvars import bound_contextvars
from structlog.typing import FilteringBoundLogger

from app.telemetry.logging import LogFormat, LogLevel, configure_logging

Configure = Callable[..., io.StringIO]
log: FilteringBoundLogger = structlog.get_logger()


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def configure() -> Configure:
    root = logging.getLogger()

    def run(
        level: LogLevel = "info",
        form: LogFormat = "json",
        secrets: tuple[str, ...] = (),
        stream: io.StringIO | None = None,
    ) -> io.StringIO:
        target = stream if stream is not None else io.StringIO()
        # pytest's handlers raise where ours must not.
        root.handlers[:] = [handler for handler in root.handlers if is_ours(handler)]
        configure_logging(level=level, format=form, stream=target, secrets=secrets)
        return target

    return run


def is_ours(handler: logging.Handler) -> bool:
    return type(handler).__module__ == configure_logging.__module__


def fail(text: str) -> None:
    raise RuntimeError(text)


def entries(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_an_entry_is_one_json_line_with_time_level_and_message(configure: Configure) -> None:
    stream = configure()
    log.info("tool called", tool="list_users", note="two\nlines")
    (entry,) = entries(stream)
    assert list(entry)[:3] == ["timestamp", "level", "message"]
    assert (entry["level"], entry["message"], entry["tool"]) == ("info", "tool called", "list_users")
    assert entry["note"] == "two\nlines"
    written = datetime.fromisoformat(entry["timestamp"])
    assert written.utcoffset() == timedelta(0)
    assert abs(datetime.now(UTC) - written) < timedelta(minutes=1)


def test_the_standard_library_takes_the_same_way(configure: Configure) -> None:
    stream = configure()
    logging.getLogger("aiohttp.client").warning("lost %s", "a connection")
    (entry,) = entries(stream)
    assert (entry["message"], entry["level"], entry["logger"]) == (
        "lost a connection",
        "warning",
        "aiohttp.client",
    )
    assert "timestamp" in entry


async def test_bound_context_reaches_both_kinds_and_stays_in_its_task(configure: Configure) -> None:
    stream = configure()

    async def request(number: int) -> None:
        with bound_contextvars(request_id=f"r{number}"):
            log.info("one", number=number)
            await asyncio.sleep(0)
            logging.getLogger("library").info("two of %d", number)

    await asyncio.gather(*map(request, range(5)))
    log.info("after")
    *bound, after = entries(stream)
    assert len(bound) == 10
    for entry in bound:
        number = entry.get("number", entry["message"].removeprefix("two of "))
        assert entry["request_id"] == f"r{number}"
    assert "request_id" not in after


def test_the_level_counts_for_both_kinds(configure: Configure) -> None:
    stream = configure(level="warning")
    log.info("quiet")
    logging.getLogger("library").info("quiet")
    log.warning("loud")
    logging.getLogger("library").error("loud")
    assert [entry["message"] for entry in entries(stream)] == ["loud", "loud"]


def test_an_exception_brings_its_traceback_with_secrets_masked(configure: Configure) -> None:
    stream = configure(secrets=("pk-abcdef",))
    for warn in (log.exception, logging.getLogger("library").exception):
        try:
            fail("GET https://x?key=pk-abcdef")
        except RuntimeError:
            warn("call failed")
    for entry in entries(stream):
        assert entry["message"] == "call failed"
        assert entry["exception"].startswith("Traceback (most recent call last)")
        assert entry["exception"].endswith("RuntimeError: GET https://x?key=***")


def test_secrets_are_masked_by_name_and_by_value(configure: Configure) -> None:
    stream = configure(secrets=("pk-abcdef", "s/cret+1"))
    log.info(
        "sent pk-abcdef",
        api_key="anything",
        headers={"Authorization": "Bearer anything", "Accept": "text/html"},
        url="https://x/?k=s%2Fcret%2B1",
        total_tokens=12,
    )
    logging.getLogger("library").info("key is %s", "pk-abcdef")
    text = stream.getvalue()
    assert "anything" not in text
    assert "abcdef" not in text
    assert "cret" not in text
    first, second = entries(stream)
    assert first["headers"] == {"Authorization": "***", "Accept": "text/html"}
    assert first["total_tokens"] == 12
    assert second["message"] == "key is ***"


def test_a_message_argument_cannot_replace_the_message(configure: Configure) -> None:
    stream = configure()
    log.info("the event", message="another")
    (entry,) = entries(stream)
    assert entry["message"] == "the event"


def test_the_console_is_for_people_and_not_for_escape_sequences(configure: Configure) -> None:
    stream = configure(form="console")
    with bound_contextvars(request_id="r1"):
        log.info("tool \x1b[31mcalled", tool="x\x1b]0;title\x07")
    try:
        fail("wrong")
    except RuntimeError:
        log.exception("failed")
    first, *rest = stream.getvalue().splitlines()
    assert "tool \\x1b[31mcalled" in first
    assert "request_id=r1" in first
    assert "\x1b" not in stream.getvalue()
    assert rest[-1] == "RuntimeError: wrong"


@pytest.mark.parametrize(
    ("form", "stream", "is_json"),
    [
        ("auto", Terminal(), False),
        ("auto", io.StringIO(), True),
        ("json", Terminal(), True),
        ("console", io.StringIO(), False),
    ],
)
def test_auto_is_console_on_a_terminal_only(
    configure: Configure,
    form: LogFormat,
    stream: io.StringIO,
    is_json: bool,  # noqa: FBT001
) -> None:
    configure(form=form, stream=stream)
    log.info("hello")
    assert stream.getvalue().startswith("{") is is_json


def test_configuring_again_replaces_the_first_stream(configure: Configure) -> None:
    first, second = configure(), configure()
    log.info("hello")
    logging.getLogger("library").info("hello")
    assert first.getvalue() == ""
    assert len(entries(second)) == 2


def test_warnings_of_python_become_entries(configure: Configure) -> None:
    stream = configure()
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(capture=True)
        warnings.warn("careful", stacklevel=1)
    (entry,) = entries(stream)
    assert entry["logger"] == "py.warnings"
    assert "careful" in entry["message"]


def test_libraries_that_log_each_request_do_so_only_when_debugging(configure: Configure) -> None:
    stream = configure(level="info")
    logging.getLogger("mcp.server.lowlevel").info("Processing request")
    logging.getLogger("httpx2").info("HTTP Request: GET")
    assert entries(stream) == []
    stream = configure(level="debug")
    logging.getLogger("mcp.server.lowlevel").info("Processing request")
    logging.getLogger("httpcore2.http11").debug("send_request_headers")
    assert [entry["message"] for entry in entries(stream)] == ["Processing request"]


def test_a_broken_entry_or_stream_does_not_break_the_caller(configure: Configure) -> None:
    stream = configure()
    logging.getLogger("library").info("%d", "no number")
    (entry,) = entries(stream)
    assert (entry["message"], entry["logger"]) == ("log entry could not be formatted", "library")
    stream.close()
    log.info("to nobody")
    logging.getLogger("library").info("to nobody")


async def test_uvicorn_logs_through_us_and_keeps_no_access_log(configure: Configure) -> None:
    stream = configure()

    async def app(scope: Any, _receive: Any, send: Any) -> None:
        assert scope["type"] == "http"
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="off"))
        serving = asyncio.create_task(server.serve([listener]))
        reader, writer = await asyncio.open_connection(*listener.getsockname())
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        answer = await asyncio.wait_for(reader.read(), 10)
        writer.close()
        server.should_exit = True
        await asyncio.wait_for(serving, 10)
    assert b" 204 " in answer
    logged = entries(stream)
    assert logged
    assert {entry["logger"] for entry in logged} == {"uvicorn.error"}
