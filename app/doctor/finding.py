"""What a check found."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from app.doctor.asking import Asker
    from app.settings import Settings

Level: TypeAlias = Literal["ok", "warning", "problem"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        check: What was looked at, a word or two.
        level: "ok"; "warning" for what works and may surprise; "problem" for what does not work.
        message: What was found, a sentence without secrets.
        fix: What to do, in full sentences; None with "ok".
    """

    check: str
    level: Level
    message: str
    fix: str | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """What is examined.

    Attributes:
        settings: The settings of the service.
        env: The environment they come from.
        asker: Makes requests.
    """

    settings: Settings
    env: Mapping[str, str]
    asker: Asker


Check: TypeAlias = Callable[[Case], AsyncIterator[Finding]]
"""Looks at one part. Waits a bounded time, and reports failures instead of raising them."""
