"""What a principal may do with the catalogue."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

Risk = Literal["read", "write", "destructive"]


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
    """

    domains: frozenset[str] | None = None
    read_only: bool = False

    def permits(self, tool: GovernedTool) -> bool:
        """Tell whether `tool` may be listed and called under this policy."""
        if self.read_only and tool.risk != "read":
            return False
        return self.permits_domain(tool.domain)

    def permits_domain(self, domain: str) -> bool:
        """Tell whether tools of `domain` may be permitted at all."""
        return self.domains is None or domain in self.domains

    def narrowed(self, by: Narrowing) -> Policy:
        """Return a policy that permits what both this one and `by` do: never more than this one."""
        domains = self.domains
        if by.domains is not None:
            domains = by.domains if domains is None else domains & by.domains
        return Policy(domains, self.read_only or by.read_only)


ALLOW_ALL = Policy()
