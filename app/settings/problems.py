"""What is wrong with a configuration, and the report of it that people read."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_LONGEST_SHOWN = 80
_URL_CREDENTIALS = re.compile(r"://[^/@\s]*@")


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to put right.

    Attributes:
        variable: The environment variable as the user wrote it.
        given: Its text; None when it is missing or holds a secret.
        accepted: A full sentence that says what to write instead.
    """

    variable: str
    given: str | None
    accepted: str


class SettingsError(Exception):
    """The configuration cannot be used; `problems` has every reason, and `str()` is the report."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        """Keep the problems in the order in which they are reported."""
        self.problems = tuple(problems)
        super().__init__(self.report())

    def report(self) -> str:
        """Return the text to show to the user."""
        return render_problems(self.problems)


def render_problems(problems: Iterable[Problem]) -> str:
    """Return the report, safe to print (no secrets, no control characters).

    It has one paragraph a problem; problems of one variable that follow each other share it.
    """
    listed = list(problems)
    count = "one problem" if len(listed) == 1 else f"{len(listed)} problems"
    lines = [f"The configuration has {count}:"]
    before = None
    for problem in listed:
        shown = "" if problem.given is None else f"={presentable(problem.given)}"
        heading = f"  {problem.variable}{shown}"
        lines += (
            [f"    {problem.accepted}"] if heading == before else ["", heading, f"    {problem.accepted}"]
        )
        before = heading
    lines.append("")
    lines.append("Each setting is described in docs/configuration.md.")
    return "\n".join(lines)


def presentable(given: str) -> str:
    """Return the text of a variable, quoted and safe to print."""
    masked = _URL_CREDENTIALS.sub("://***@", given)
    if len(masked) > _LONGEST_SHOWN:
        masked = f"{masked[:_LONGEST_SHOWN]}…"
    escaped = masked.encode("unicode_escape").decode("ascii") if not masked.isprintable() else masked
    return f'"{escaped}"'
