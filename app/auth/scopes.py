"""The OAuth scopes of this service, and what they allow.

`portkey:read` allows tools that read, `portkey:write` those that write as well, `portkey:admin` all of them.
A principal without any scope that begins with `portkey:` is not narrowed: not every authorization server can
grant scopes of its own.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Collection

    from app.auth.policy import Policy, Risk
    from app.auth.principal import Principal

PREFIX: Final = "portkey:"
RISK_OF_SCOPE: Final[dict[str, Risk]] = {
    "portkey:read": "read",
    "portkey:write": "write",
    "portkey:admin": "destructive",
}
"""From the weakest scope to the strongest."""
ALL_SCOPES: Final = tuple(RISK_OF_SCOPE)


def has_own_scope(scopes: Collection[str]) -> bool:
    """Tell whether any of the scopes is one of ours, known or not."""
    return any(scope.startswith(PREFIX) for scope in scopes)


def scopes_for(risk: Risk) -> tuple[str, ...]:
    """Return every scope that a tool of this risk takes, the weakest first."""
    needed = list(RISK_OF_SCOPE.values()).index(risk)
    return ALL_SCOPES[: needed + 1]


def narrowed(policy: Policy, principal: Principal) -> Policy:
    """Return what is left of `policy` for a principal with these scopes."""
    if not has_own_scope(principal.scopes):
        return policy
    granted = [risk for scope, risk in RISK_OF_SCOPE.items() if scope in principal.scopes]
    return policy.limited_to(granted[-1]) if granted else replace(policy, domains=frozenset())
