"""The rules of a policy file, ready to be asked: the first one that matches a principal decides."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.auth.policy_file.model import ANYBODY

if TYPE_CHECKING:
    from app.auth.grants import Grant
    from app.auth.portkey_key import PortkeyKey
    from app.auth.principal import Principal


@dataclass(frozen=True, slots=True)
class Match:
    """Whom a rule is about. A condition holds when the principal has any of its values; an empty one always.

    Attributes:
        principals: Ids or subjects; `*` is everybody.
        organizations: Ids of the organization that the principal acts for.
        roles: Roles there; one without a prefix also stands for the organization's role of that name.
        permissions: Permissions there.
        scopes: OAuth scopes that the client was granted.
    """

    principals: frozenset[str] = frozenset()
    organizations: frozenset[str] = frozenset()
    roles: frozenset[str] = frozenset()
    permissions: frozenset[str] = frozenset()
    scopes: frozenset[str] = frozenset()

    def holds_for(self, principal: Principal) -> bool:
        """Tell whether every condition holds."""
        return (
            (
                not self.principals
                or not self.principals.isdisjoint((ANYBODY, principal.id, principal.subject))
            )
            and (not self.organizations or principal.organization in self.organizations)
            and (not self.roles or not self.roles.isdisjoint(principal.role_names))
            and (not self.permissions or not self.permissions.isdisjoint(principal.permissions))
            and (not self.scopes or not self.scopes.isdisjoint(principal.scopes))
        )

    @property
    def holds_for_everybody(self) -> bool:
        """Whether no principal gets past it."""
        others = self.organizations or self.roles or self.permissions or self.scopes
        return ANYBODY in self.principals and not others

    @property
    def takes_a_login(self) -> bool:
        """Whether it asks for what only the token of an identity provider says."""
        return bool(self.organizations or self.roles or self.permissions or self.scopes)


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule.

    Attributes:
        match: Whom it is about.
        grant: What they may do; None when it is nothing.
        summary: What it comes to, in words.
    """

    match: Match
    grant: Grant | None
    summary: str


@dataclass(frozen=True, slots=True)
class Rules:
    """What a policy file says.

    Attributes:
        rules: In the order of the file.
        keys: The keys of the credentials, by name.
        summary: What the file comes to, a line for each rule and credential.
        warnings: What is allowed, but can hardly be meant.
    """

    rules: tuple[Rule, ...]
    keys: dict[str, PortkeyKey]
    summary: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    def of(self, principal: Principal) -> Grant | None:
        """Return what the first rule that matches grants; None when none does, or when it denies."""
        for rule in self.rules:
            if rule.match.holds_for(principal):
                return rule.grant
        return None

    def secret_values(self) -> tuple[str, ...]:
        """Return every key in the clear, for the log's redaction and nothing else."""
        return tuple(key.secret.get_secret_value() for key in self.keys.values())
