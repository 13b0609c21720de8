"""The tools of a session: the selection of the request that opened it, whatever later URLs say."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.types import Scope

    from app.auth.policy import Narrowing, Policy


def chosen(scope: Scope) -> Narrowing | None:
    """Return what the URL of a request asks for; None where URLs ask for nothing."""
    narrowing: Narrowing | None = scope.get("narrowing")
    return narrowing


def bind(scope: Scope, narrowing: Narrowing | None) -> None:
    """Give a request of a session the policy of the session, as far as the caller still has it."""
    granted: Policy | None = scope.get("granted_policy")
    if granted is not None and narrowing is not None:
        scope["policy"] = granted.narrowed(narrowing)
