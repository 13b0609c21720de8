"""What comes with each request is logged by a shorter way, and looks the same."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from structlog.contextvars import bound_contextvars
from structlog.testing import capture_logs

from app.telemetry.events import Events
from app.telemetry.logging import LogFormat, LogLevel, configure_logging

SECRET = "pk-0123456789"
MEMBERS = {
    "path": f"/x/{SECRET}",
    "status": 200,
    "api_key": "k",
    "odd": "ä\ud800",
    "level": "no",
    "nested": [1],
}


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    before = structlog.get_config()
    yield
    structlog.configure(**before)


def entries(events: Events, level: LogLevel = "info", form: LogFormat = "json") -> tuple[str, str]:
    """What the events write, and what structlog's own logger does."""
    written = []
    for way in ("events", "logger"):
        stream = io.StringIO()
        configure_logging(level=level, format=form, stream=stream, secrets=[SECRET])
        with bound_contextvars(request_id=f"r-{SECRET}", trace_id="t"):
            for severity in ("debug", "info", "warning", "error"):
                if way == "events":
                    events.write(severity, f"sent {SECRET}", dict(MEMBERS))
                else:
                    getattr(structlog.get_logger(), severity)(f"sent {SECRET}", **MEMBERS)
        written.append(stream.getvalue())
    return written[0], written[1]


def told(text: str) -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in text.splitlines()]
    return [{name: value for name, value in line.items() if name != "timestamp"} for line in lines]


@pytest.mark.parametrize("level", ["debug", "info", "error"])
def test_the_shorter_way_writes_the_same_entries(level: LogLevel) -> None:
    short, long = entries(Events(), level)
    assert told(short) == told(long)
    assert [list(entry) for entry in told(short)] == [list(entry) for entry in told(long)]
    assert SECRET not in short
    assert short.isascii()


def test_on_the_console_too() -> None:
    short, long = entries(Events(), form="console")
    assert [line[30:] for line in short.splitlines()] == [line[30:] for line in long.splitlines()]


def test_some_are_written_whatever_the_level() -> None:
    short, _ = entries(Events(always=True), "error")
    assert [entry["level"] for entry in told(short)] == ["debug", "info", "warning", "error"]


def test_whoever_captures_the_log_has_them_as_well() -> None:
    configure_logging(level="info", format="json", stream=io.StringIO())
    with capture_logs() as logs:
        Events().write("info", "sent", {"status": 200})
    assert logs == [{"event": "sent", "log_level": "info", "status": 200}]
