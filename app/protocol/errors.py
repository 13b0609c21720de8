"""What a client is told in place of a result."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from app.protocol.vocabulary import INTERNAL_ERROR

if TYPE_CHECKING:
    from app.catalog.json_value import JsonObject

log = structlog.get_logger(__name__)


class ProtocolError(Exception):
    """A JSON-RPC error; `guard` turns it into the SDK's.

    Attributes:
        code: As JSON-RPC and MCP have it.
        message: What went wrong and what to do next.
        data: What a program may want to know; None for nothing.
    """

    def __init__(self, code: int, message: str, data: JsonObject | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.data = data


def failed(method: str, reference: str) -> ProtocolError:
    """Log the exception that is being handled, and return what the client is told instead."""
    log.exception("handler_failed", method=method, reference=reference)  # noqa: LOG004
    text = f"{method} failed inside this server. Give whoever runs it the reference {reference}."
    return ProtocolError(INTERNAL_ERROR, text, {"reference": reference})
