"""An entry of the log as one line of JSON."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol

import orjson
import structlog

if TYPE_CHECKING:
    from structlog.typing import EventDict, WrappedLogger

    from app.telemetry.redaction import Redactor


class Writer(Protocol):
    """The end of the pipeline."""

    def write(self, line: str, /) -> None:
        """Write one line, without its end."""


_stack_info = structlog.processors.StackInfoRenderer()


def json_line(_logger: WrappedLogger, _method: str, event: EventDict) -> str:
    """Write an event; this is a structlog processor, the last one.

    ASCII only: a line stays one line in every viewer, and lone surrogates cannot break it.
    """
    try:
        line = orjson.dumps(event)
    except TypeError:
        # Half of a surrogate pair, or an integer of more than 64 bits.
        return json.dumps(event)
    return line.decode() if line.isascii() else json.dumps(event)


class JsonLine:
    """A structlog processor that does the work of all that an entry in JSON needs, in one pass.

    First comes what a reader looks for first, under the names that log collectors know. Each call of a tool
    writes two entries; the processors of structlog one after the other would take three times as long.

    Attributes:
        least: The number of the least severe level that is written.

    Args:
        redactor: Masks secrets in everything but the time and the level.
        writer: Where lines go.
        least: The number of the least severe level that is written.
    """

    def __init__(self, redactor: Redactor, writer: Writer, *, least: int) -> None:
        self.least = least
        self._redactor = redactor
        self._writer = writer

    def write(self, level: str, message: str, members: EventDict) -> None:
        """Write an entry past structlog's loggers, whatever its level."""
        members = structlog.contextvars.merge_contextvars(None, level, members)
        self._writer.write(self._line(level, message, members))

    def __call__(self, logger: WrappedLogger, method: str, event: EventDict) -> str:
        """Return the line."""
        event = structlog.contextvars.merge_contextvars(logger, method, event)
        if "exc_info" in event or "stack_info" in event:
            event = _stack_info(logger, method, event)
            event = structlog.processors.format_exc_info(logger, method, event)
        level = "error" if method == "exception" else "warning" if method == "warn" else method
        return self._line(level, event.pop("event", ""), event)

    def _line(self, level: str, message: object, members: EventDict) -> str:
        now = datetime.now(UTC).isoformat()
        entry: EventDict = {"timestamp": f"{now[:-6]}Z", "level": level, "message": ""}
        if "timestamp" in members or "level" in members:
            members = {name: value for name, value in members.items() if name not in entry}
        self._redactor.fill(entry, members)
        entry["message"] = self._redactor.value(message)
        return json_line(None, level, entry)
