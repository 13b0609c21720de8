"""The one place where an unexpected exception of a handler ends: in the log, and as a reference on the wire.

The SDK would send the exception's text to clients of the 2025 era, and take a pydantic error for the
client's fault.
"""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, TypeVar

import structlog
from mcp.shared.exceptions import MCPError
from mcp_types import INTERNAL_ERROR

from app.protocol.caller import RequestContext

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from app.protocol.caller import Callers

log = structlog.get_logger(__name__)

ParamsT = TypeVar("ParamsT")
ResultT = TypeVar("ResultT")


def guarded(
    handler: Callable[[RequestContext, ParamsT], Awaitable[ResultT]], callers: Callers
) -> Callable[[RequestContext, ParamsT], Awaitable[ResultT]]:
    """Return the handler with every exception but `MCPError` logged and replaced. Cancellation passes."""

    @wraps(handler)
    async def run(ctx: RequestContext, params: ParamsT) -> ResultT:
        try:
            return await handler(ctx, params)
        except MCPError:
            raise
        except Exception:  # noqa: BLE001 - `failed` logs it
            raise failed(ctx.method, callers.of(ctx).reference) from None

    return run


def failed(method: str, reference: str) -> MCPError:
    """Log the exception that is being handled, and return what the client is told instead."""
    log.exception("handler_failed", method=method, reference=reference)  # noqa: LOG004
    text = f"{method} failed inside this server. Give whoever runs it the reference {reference}."
    return MCPError(INTERNAL_ERROR, text, {"reference": reference})
