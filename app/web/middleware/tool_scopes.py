"""Tells a client which scopes to ask for, when it calls a tool that its token does not reach."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import structlog

from app.auth.scopes import scopes_for
from app.web.errors import error_response

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from starlette.types import ASGIApp, Receive, Scope, Send

    from app.auth.policy import Policy, Risk
    from app.web.discovery import Challenge

    OnDenied = Callable[[Scope, str, Risk], None]

_CALL: Final = b"tools/call"


class ToolScopes:
    """Answers 403 with `insufficient_scope` and every scope that the tool takes.

    Only requests of MCP 2026-07-28 name method and tool in headers. It is a courtesy, not the guard: in every
    era a tool beyond the token's scopes does not exist for the caller.

    Args:
        app: Serves what is let through.
        challenge: Names the authorization server.
        risk_of: The risk of a tool of this service by name; None when there is no such tool.
        on_denied: Told of each refusal: the request, the tool and its risk.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        challenge: Challenge,
        risk_of: Callable[[str], Risk | None],
        on_denied: OnDenied | None = None,
    ) -> None:
        self._app = app
        self._on_denied = on_denied
        self._challenge = challenge
        self._risk_of = risk_of
        self._log: structlog.typing.FilteringBoundLogger = structlog.get_logger("app.web")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        headers: dict[bytes, bytes] = dict(scope["headers"])
        risk = risk_beyond(scope["policy"], headers, self._risk_of)
        if risk is None:
            await self._app(scope, receive, send)
            return
        needed = scopes_for(risk)
        self._log.warning("insufficient_scope", needed=needed)
        if self._on_denied is not None:
            self._on_denied(scope, _tool(headers), risk)
        response = error_response(
            scope,
            403,
            "insufficient_scope",
            f"This tool takes the scopes {' '.join(needed)}. Sign in again and ask for them.",
            headers={"WWW-Authenticate": self._challenge.header("insufficient_scope", scopes=needed)},
        )
        await response(scope, receive, send)


def risk_beyond(
    policy: Policy, headers: Mapping[bytes, bytes], risk_of: Callable[[str], Risk | None]
) -> Risk | None:
    """Return the risk of the tool that a request names in its headers, if more scopes would open it."""
    if policy.max_risk is None or headers.get(b"mcp-method") != _CALL:
        return None
    name = _tool(headers)
    # No scope opens a tool that the caller is not granted.
    risk = risk_of(name) if policy.permits_name(name) else None
    return None if risk is None or policy.permits_risk(risk) else risk


def _tool(headers: Mapping[bytes, bytes]) -> str:
    return headers.get(b"mcp-name", b"").decode("latin-1")
