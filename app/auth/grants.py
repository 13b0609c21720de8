"""What a principal is granted: which tools, and which Portkey key their calls are made with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from app.auth.policy import Policy
    from app.auth.portkey_key import PortkeyKey
    from app.auth.principal import Principal

CallerKey = Literal["refused", "optional", "required"]


@dataclass(frozen=True, slots=True)
class Grant:
    """What a principal may do.

    Attributes:
        policy: Which tools.
        portkey_key: The key to call Portkey with; None for the server's own.
        caller_key: Whether the caller may, or must, bring a key that takes the place of that one.
        rule: The rule that says so, for the log; None when no rule was asked.
    """

    policy: Policy
    portkey_key: PortkeyKey | None = None
    caller_key: CallerKey = "refused"
    rule: str | None = None


class Grants(Protocol):
    """Decides for each request; what a principal had before does not count."""

    def of(self, principal: Principal) -> Grant | None:
        """Return what a principal is granted, or None when it is nothing."""


@dataclass(frozen=True, slots=True)
class SameForAll:
    """Grants everybody the same."""

    grant: Grant

    def of(self, principal: Principal) -> Grant | None:  # noqa: ARG002 - for anybody
        """Return the grant."""
        return self.grant
