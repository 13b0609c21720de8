"""The one place where an unexpected exception of a handler ends: in the log, and as a reference on the wire.

The SDK would send the exception's text to clients of the 2025 era, and take a pydantic error for the
client's fault.
"""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, TypeVar

from mcp.shared.exceptions import MCPError

from app.protocol.errors import ProtocolError, failed

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from app.protocol.caller import Callers
    from app.protocol.context import RequestContext

ParamsT = TypeVar("ParamsT")
ResultT = TypeVar("ResultT")


def guarded(
    handler: Callable[[RequestContext, ParamsT], Awaitable[ResultT]], callers: Callers
) -> Callable[[RequestContext, ParamsT], Awaitable[ResultT]]:
    """Return the handler with errors in the SDK's shape; unexpected ones are logged. Cancellation passes."""

    @wraps(handler)
    async def run(ctx: RequestContext, params: ParamsT) -> ResultT:
        try:
            return await handler(ctx, params)
        except MCPError:
            raise
        except ProtocolError as error:
            raise _to_sdk(error) from None
        except Exception:  # noqa: BLE001 - `failed` logs it
            raise _to_sdk(failed(ctx.method, callers.of(ctx).reference)) from None

    return run


def _to_sdk(error: ProtocolError) -> MCPError:
    return MCPError(error.code, error.message, error.data)
