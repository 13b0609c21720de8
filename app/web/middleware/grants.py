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


class GrantRefusedError(Exception):
    """The caller is granted nothing, or not with the key that they bring; the message is fit for them."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


class Granting:
    """Puts what the principal is granted in the scope, as `grant` does, or answers why it is nothing."""

    def __init__(self, app: ASGIApp, *, grants: Grants) -> None:
        self._app = app
        self._grants = grants
        self._log: structlog.typing.FilteringBoundLogger = structlog.get_logger("app.web")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        brought = [value for name, value in scope["headers"] if name == _HEADER]
        try:
            grant(scope, self._grants, brought)
        except GrantRefusedError as error:
            self._log.warning("grant_refused", status=error.status, code=error.code)
            await error_response(scope, error.status, error.code, str(error))(scope, receive, send)
            return
        if brought:
            scope["headers"] = [(name, value) for name, value in scope["headers"] if name != _HEADER]
        await self._app(scope, receive, send)


def grant(scope: Scope, grants: Grants, brought: Sequence[bytes]) -> None:
    """Put what scope["principal"] is granted in scope["policy"], scope["portkey_key"] and scope["rule"].

    That is decided for each request. Nobody calls with another key than the one they brought. scope["user"]
    is what sessions are bound to: principal and key, and nothing for somebody anonymous whose calls
    are made with the server's own key.

    Args:
        scope: The request.
        grants: Decides.
        brought: The values of its headers for a Portkey key.

    Raises:
        GrantRefusedError: It is nothing, or not with this key, or not without one.
    """
    principal: Principal = scope["principal"]
    granted = _admitted(grants.of(principal), brought)
    key = _brought(brought) or granted.portkey_key
    if principal.kind == "anonymous" and key is not None:
        # Whoever else brings another key, or none, is somebody else.
        principal = scope["principal"] = replace(principal, id=f"{principal.id}:{key.mark}")
    scope["policy"] = narrowed(granted.policy, principal)
    scope["portkey_key"] = key
    scope["rule"] = granted.rule
    if principal.kind != "anonymous" or key is not None:
        scope["user"] = session_owner(principal, key)


def _admitted(granted: Grant | None, brought: Sequence[bytes]) -> Grant:
    if granted is None:
        raise GrantRefusedError(
            403,
            "access_denied",
            "No rule of this server grants you anything. Ask the operator of this server for access.",
        )
    if brought and granted.caller_key == "refused":
        raise GrantRefusedError(
            403,
            "portkey_key_not_allowed",
            f"You may not bring a Portkey key of your own here. Leave out the header {HEADER}, or ask the"
            " operator of this server to allow it.",
        )
    if not brought and granted.caller_key == "required":
        raise GrantRefusedError(
            403,
            "portkey_key_required",
            f"Your calls are made with your own Portkey key: send it in the header {HEADER}.",
        )
    return granted


def _brought(values: Sequence[bytes]) -> PortkeyKey | None:
    if not values:
        return None
    if len(values) > 1:
        raise GrantRefusedError(
            400, "bad_portkey_key", f"There is more than one header {HEADER}. Send exactly one."
        )
    try:
        return brought_key(values[0])
    except ValueError as error:
        raise GrantRefusedError(400, "bad_portkey_key", str(error)) from None
