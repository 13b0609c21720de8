"""Whom the CLERK_* lists let in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.auth.scopes import ALL_SCOPES, has_own_scope
from app.auth.verifier import AccessDeniedError, InsufficientScopeError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from app.auth.principal import Principal


@dataclass(frozen=True, slots=True)
class Admission:
    """Who may come in: each list that is not empty must be met.

    Attributes:
        subjects: Any of them (`sub`).
        organizations: Any of these ids must be the active organization's.
        roles: Any of them; one without a prefix also stands for the organization's role of that name.
        permissions: All of them.
        scope_required: Whether the client must have been granted one of our scopes.
    """

    subjects: frozenset[str] = frozenset()
    organizations: frozenset[str] = frozenset()
    roles: frozenset[str] = frozenset()
    permissions: frozenset[str] = frozenset()
    scope_required: bool = False

    def check(self, principal: Principal) -> None:
        """Let a principal in.

        Raises:
            AccessDeniedError: It is not admitted; the message names every reason.
            InsufficientScopeError: It would be, with one of our scopes.
        """
        reasons = list(self._reasons(principal))
        if reasons:
            raise AccessDeniedError(
                f"You are signed in, but this server is not open to you: {'; '.join(reasons)}."
                " Sign in with another account or organization, or ask the operator of this server."
            )
        if self.scope_required and not has_own_scope(principal.scopes):
            raise InsufficientScopeError(f"Sign in again with any of the scopes {', '.join(ALL_SCOPES)}.")

    def _reasons(self, principal: Principal) -> Iterator[str]:
        if self.subjects and principal.subject not in self.subjects:
            yield "your account is not on its list"
        if self.organizations and principal.organization not in self.organizations:
            yield "your active organization is not on its list"
        if self.roles and self.roles.isdisjoint(principal.role_names):
            yield "your role is not on its list"
        if not self.permissions <= principal.permissions:
            yield "you lack a permission that it requires"
