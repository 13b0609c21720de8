"""Entries of the log that come with each request and each call, by a way that costs a third."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

import structlog

from app.telemetry.json_line import JsonLine

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

Level: TypeAlias = Literal["debug", "info", "warning", "error"]
_NUMBERS: Final[dict[Level, int]] = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warning": logging.WARNING,
    "error": logging.ERROR,
}


class Events:
    """Writes entries as structlog's loggers do, with the same masking.

    Where the log is JSON the loggers themselves are passed by: what they make for an entry costs more than to
    write it.

    Args:
        always: Whatever the level of the log.
    """

    def __init__(self, *, always: bool = False) -> None:
        self._always = always
        everything = structlog.make_filtering_bound_logger(logging.NOTSET) if always else None
        self._log: FilteringBoundLogger = structlog.wrap_logger(None, wrapper_class=everything)

    def write(self, level: Level, message: str, members: dict[str, Any]) -> None:
        """Write an entry.

        Args:
            level: How severe it is.
            message: The same for all of its kind.
            members: What it tells; the entry takes them over.
        """
        processors = structlog.get_config()["processors"]
        last = processors[-1] if processors else None
        if type(last) is JsonLine and len(processors) == 1:
            if self._always or _NUMBERS[level] >= last.least:
                last.write(level, message, members)
        else:
            getattr(self._log, level)(message, **members)
