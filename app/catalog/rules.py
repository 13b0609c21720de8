"""Conditions between arguments, as values: checked and reported together with the arguments' own."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Protocol

from app.catalog.inputs import Local
from app.catalog.introspect import marked
from app.catalog.tool import Tool


class Rule(Protocol):
    """One condition over which arguments were given."""

    def problem(self, given: Collection[str], tool: Tool) -> str | None:
        """Return what is wrong with this choice of arguments, as a sentence, or None."""
        ...


@dataclass(frozen=True, slots=True)
class ExactlyOneOf:
    """One of these, and not more."""

    names: tuple[str, ...]

    def problem(self, given: Collection[str], tool: Tool) -> str | None:  # noqa: ARG002 - the protocol's form
        """See `Rule`."""
        chosen = [name for name in self.names if name in given]
        if len(chosen) == 1:
            return None
        instead = f", not {_listed(chosen, 'and')} together" if chosen else ""
        return f"give exactly one of {_listed(self.names)}{instead}"


@dataclass(frozen=True, slots=True)
class AtLeastOneOf:
    """One of these, or more."""

    names: tuple[str, ...]

    def problem(self, given: Collection[str], tool: Tool) -> str | None:  # noqa: ARG002 - the protocol's form
        """See `Rule`."""
        return (
            None
            if any(name in given for name in self.names)
            else f"give at least one of {_listed(self.names)}"
        )


@dataclass(frozen=True, slots=True)
class NotTogether:
    """The first excludes the others."""

    name: str
    others: tuple[str, ...]

    def problem(self, given: Collection[str], tool: Tool) -> str | None:  # noqa: ARG002 - the protocol's form
        """See `Rule`."""
        clash = [other for other in self.others if other in given]
        return (
            f"{self.name} cannot be combined with {_listed(clash, 'and')}"
            if self.name in given and clash
            else None
        )


@dataclass(frozen=True, slots=True)
class SomethingToChange:
    """An update names at least one thing to change, besides what it changes it on."""

    def problem(self, given: Collection[str], tool: Tool) -> str | None:
        """See `Rule`."""
        changes = [
            name
            for name, field in tool.inputs.model_fields.items()
            if not field.is_required() and not marked(field, Local)
        ]
        if any(name in given for name in changes):
            return None
        return f"nothing to change: give at least one of {_listed(changes)}"


def _listed(names: Collection[str], word: str = "or") -> str:
    *most, last = names
    return f"{', '.join(most)} {word} {last}" if most else last
