"""Finds out what the caller of /mcp may do, and which Portkey key the calls are made with."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import structlog

from app.auth.portkey_key import HEADER, brought_key
from app.auth.scopes import narrowed
from app.auth.session_owner import session_owner
from app.web.errors import error_response

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.types import ASGIApp, Receive, Scope, Send

    from app.auth.grants import Grant, Grants
    from app.auth.portkey_key import PortkeyKey
    from app.auth.principal import Principal

_HEADER: Final = HEADER.encode()


class _RefusedError(Exception):
    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


class Granting:
    """Puts what the principal is granted in scope["policy"] and scope["portkey_key"].

    That is decided for each request. A principal that is granted nothing is answered 403. So is one that
    brings a key and may not, rather than calling with another key than it named, and one that must bring a
    key and does not. The header goes no further than here. scope["user"] is what the MCP SDK binds sessions
    to: principal and key, and nothing for somebody anonymous whose calls are made with the server's own key.
    """

    def __init__(self, app: ASGIApp, *, grants: Grants) -> None:
        self._app = app
        self._grants = grants
        self._log: structlog.typing.FilteringBoundLogger = structlog.get_logger("app.web")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        principal: Principal = scope["principal"]
        brought = [value for name, value in scope["headers"] if name == _HEADER]
        try:
            grant = _admitted(self._grants.of(principal), brought)
            key = _brought(brought) or grant.portkey_key
        except _RefusedError as error:
            self._log.warning("grant_refused", status=error.status, code=error.code)
            await error_response(scope, error.status, error.code, str(error))(scope, receive, send)
            return
        if brought:
            scope["headers"] = [(name, value) for name, value in scope["headers"] if name != _HEADER]
        if principal.kind == "anonymous" and key is not None:
            # Whoever else brings another key, or none, is somebody else.
            principal = scope["principal"] = replace(principal, id=f"{principal.id}:{key.mark}")
        scope["policy"] = narrowed(grant.policy, principal)
        scope["portkey_key"] = key
        scope["rule"] = grant.rule
        if principal.kind != "anonymous" or key is not None:
            scope["user"] = session_owner(principal, key)
        await self._app(scope, receive, send)


def _admitted(grant: Grant | None, brought: Sequence[bytes]) -> Grant:
    if grant is None:
        raise _RefusedError(
            403,
            "access_denied",
            "No rule of this server grants you anything. Ask the operator of this server for access.",
        )
    if brought and grant.caller_key == "refused":
        raise _RefusedError(
            403,
            "portkey_key_not_allowed",
            f"You may not bring a Portkey key of your own here. Leave out the header {HEADER}, or ask the"
            " operator of this server to allow it.",
        )
    if not brought and grant.caller_key == "required":
        raise _RefusedError(
            403,
            "portkey_key_required",
            f"Your calls are made with your own Portkey key: send it in the header {HEADER}.",
        )
    return grant


def _brought(values: Sequence[bytes]) -> PortkeyKey | None:
    if not values:
        return None
    if len(values) > 1:
        raise _RefusedError(
            400, "bad_portkey_key", f"There is more than one header {HEADER}. Send exactly one."
        )
    try:
        return brought_key(values[0])
    except ValueError as error:
        raise _RefusedError(400, "bad_portkey_key", str(error)) from None
