"""What a principal may do with the catalogue."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, Literal, Protocol

Risk = Literal["read", "write", "destructive"]
_RANK: Final[dict[Risk, int]] = {"read": 0, "write": 1, "destructive": 2}


class GovernedTool(Protocol):
    """The part of a tool that a policy looks at."""

    @property
    def name(self) -> str:
        """The tool's name as clients call it."""

    @property
    def domain(self) -> str:
        """The domain the tool belongs to."""

    @property
    def risk(self) -> Risk:
        """Whether the tool reads, writes or destroys."""


@dataclass(frozen=True, slots=True)
class Narrowing:
    """What a caller does without, of its own accord.

    Attributes:
        domains: The domains it wants; None for all it may have.
        read_only: Whether it wants only tools that read.
    """

    domains: frozenset[str] | None = None
    read_only: bool = False


EVERYTHING = Narrowing()


@dataclass(frozen=True, slots=True)
class Policy:
    """The tools a principal may list and call. Hashable, so that selections can be cached by it.

    Attributes:
        domains: The permitted domains; None permits all of them, an empty set none.
        read_only: Permit only tools whose risk is "read".
        max_risk: The greatest risk permitted; None permits any.
        tools: Names of the permitted tools; None permits all that the rest does.
    """

    domains: frozenset[str] | None = None
    read_only: bool = False
    max_risk: Risk | None = None
    tools: frozenset[str] | None = None

    def permits(self, tool: GovernedTool) -> bool:
        """Tell whether `tool` may be listed and called under this policy."""
        if self.read_only and tool.risk != "read":
            return False
        return (
            self.permits_risk(tool.risk) and self.permits_domain(tool.domain) and self.permits_name(tool.name)
        )

    def permits_risk(self, risk: Risk) -> bool:
        """Tell whether `max_risk` leaves room for tools of this risk."""
        return self.max_risk is None or _RANK[risk] <= _RANK[self.max_risk]

    def permits_domain(self, domain: str) -> bool:
        """Tell whether tools of `domain` may be permitted at all."""
        return self.domains is None or domain in self.domains

    def permits_name(self, name: str) -> bool:
        """Tell whether a tool of this name may be permitted at all."""
        return self.tools is None or name in self.tools

    def limited_to(self, risk: Risk) -> Policy:
        """Return this policy without the tools of a greater risk."""
        return replace(self, max_risk=risk) if self.permits_risk(risk) else self

    def narrowed(self, by: Narrowing) -> Policy:
        """Return a policy that permits what both this one and `by` do: never more than this one."""
        domains = self.domains
        if by.domains is not None:
            domains = by.domains if domains is None else domains & by.domains
        return replace(self, domains=domains, read_only=self.read_only or by.read_only)


ALLOW_ALL = Policy()
