"""Who sends a request: what the web room found out over HTTP, or what was given at construction for stdio."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from app.auth.policy import Policy
    from app.auth.portkey_key import PortkeyKey
    from app.auth.principal import Principal


class _Context(Protocol):
    """What is of interest here of the SDK's context of a request."""

    @property
    def request(self) -> Any:  # noqa: ANN401 - Starlette's over HTTP, and None on stdio
        """The HTTP request."""


@dataclass(frozen=True, slots=True)
class Caller:
    """One request's sender, and what goes with the request.

    Attributes:
        principal: Who sends it.
        policy: What they may do.
        reference: The id by which the log knows the request.
        portkey_key: The key to call Portkey with; None for the server's own.
    """

    principal: Principal
    policy: Policy
    reference: str
    portkey_key: PortkeyKey | None = None


@dataclass(frozen=True, slots=True)
class Callers:
    """Finds the caller of a request."""

    default_principal: Principal
    default_policy: Policy
    default_portkey_key: PortkeyKey | None = None

    def of(self, ctx: _Context) -> Caller:
        """Return the caller whom the ASGI scope names, part by part, or the default."""
        return self.of_scope({} if ctx.request is None else ctx.request.scope)

    def of_scope(self, scope: Mapping[str, Any]) -> Caller:
        """Return the caller whom an ASGI scope names, part by part, or the default."""
        return Caller(
            principal=scope.get("principal", self.default_principal),
            policy=scope.get("policy", self.default_policy),
            reference=scope.get("request_id") or secrets.token_hex(8),
            portkey_key=scope.get("portkey_key", self.default_portkey_key),
        )
