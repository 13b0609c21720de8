"""The log: one line an entry on one stream, for structlog and the standard library alike.

Entries carry an ISO 8601 time in UTC, a level, a message and the context variables that are bound
(`request_id`). Secrets are masked by `Redactor`. Logging may be called from the event loop and from any
thread: it waits for no other task and never raises. A broken stream loses an entry, not a request.
"""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, Final, Literal, TextIO

import structlog

from app.telemetry.json_line import JsonLine, json_line
from app.telemetry.redaction import Redactor, no_control_characters

if TYPE_CHECKING:
    from collections.abc import Iterable

    from structlog.typing import EventDict, Processor, WrappedLogger

LogLevel = Literal["debug", "info", "warning", "error"]
LogFormat = Literal["auto", "json", "console"]

_LEVELS: Final[dict[LogLevel, int]] = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warning": logging.WARNING,
    "error": logging.ERROR,
}
# They log each request at info, which our own entries cover.
_TALKATIVE: Final = ("mcp", "httpx2", "sse_starlette")
# They log headers and frames at debug.
_REVEALING: Final = ("httpcore", "httpcore2", "h11", "h2", "hpack")
# Uvicorn writes to handlers of its own unless it is told otherwise.
_UVICORN: Final = ("uvicorn", "uvicorn.error", "uvicorn.asgi")


def configure_logging(
    *,
    level: LogLevel,
    format: LogFormat,  # noqa: A002 - the word of LOG_FORMAT
    stream: TextIO,
    secrets: Iterable[str] = (),
) -> Redactor:
    """Send the logs of this process to `stream`, in place of what an earlier call configured.

    Args:
        level: Least severe level that is written.
        format: "json" for a JSON object a line, "console" for people, "auto" for console on a terminal only.
        stream: Where entries go; standard error in a service, since stdio transports own standard output.
        secrets: Values to mask wherever they occur; those under four characters are left.

    Returns:
        What masks them, and can learn more.
    """
    as_json = format == "json" or (format == "auto" and not stream.isatty())
    writer = _LineWriter(stream)
    common: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    redactor = Redactor(secrets)
    final: list[Processor] = [
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
        redactor,
        *((in_order, json_line) if as_json else _console_renderer(colors=stream.isatty())),
    ]
    structlog.configure(
        processors=[JsonLine(redactor, writer, least=_LEVELS[level])] if as_json else [*common, *final],
        wrapper_class=structlog.make_filtering_bound_logger(_LEVELS[level]),
        logger_factory=lambda *_names: writer,
        cache_logger_on_first_use=False,
    )
    handler = _LineHandler(writer)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*common, structlog.stdlib.add_logger_name],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *final],
        )
    )
    _configure_standard_library(handler, _LEVELS[level])
    return redactor


def in_order(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Put first what a reader looks for first, under the names that log collectors know."""
    message = event.pop("event", "")
    first = {"timestamp": event.pop("timestamp"), "level": event.pop("level"), "message": message}
    return {**first, **event, "message": message}


def _console_renderer(*, colors: bool) -> tuple[Processor, ...]:
    renderer = structlog.dev.ConsoleRenderer(
        colors=colors, exception_formatter=structlog.dev.plain_traceback, pad_event_to=0
    )
    return (no_control_characters, renderer)


def _configure_standard_library(handler: _LineHandler, level: int) -> None:
    root = logging.getLogger()
    for earlier in [each for each in root.handlers if isinstance(each, _LineHandler)]:
        root.removeHandler(earlier)
    root.addHandler(handler)
    root.setLevel(level)
    logging.captureWarnings(capture=True)
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(level if level == logging.DEBUG else max(level, logging.WARNING))
    for name in _REVEALING:
        logging.getLogger(name).setLevel(max(level, logging.INFO))
    for name in _UVICORN:
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
    # Without a handler uvicorn does not even build its access entries.
    access = logging.getLogger("uvicorn.access")
    access.handlers.clear()
    access.propagate = False


class _LineWriter:
    """The end of the pipeline: writes one line whole and flushes it. Safe to call from any thread."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._lock = threading.Lock()

    def write(self, line: str) -> None:
        with self._lock:
            try:
                self._stream.write(f"{line}\n")
                self._stream.flush()
            except (OSError, ValueError):
                # A closed or broken stream: there is nobody left to tell.
                pass

    debug = info = warning = error = critical = msg = write


class _LineHandler(logging.Handler):
    """Brings entries of the standard library to the same writer."""

    def __init__(self, writer: _LineWriter) -> None:
        super().__init__()
        self._writer = writer

    def emit(self, record: logging.LogRecord) -> None:
        try:
            line = self.format(record)
        except Exception:  # noqa: BLE001 - such as a wrong %-format in a library, which must not break it
            structlog.get_logger().exception("log entry could not be formatted", logger=record.name)
        else:
            self._writer.write(line)
