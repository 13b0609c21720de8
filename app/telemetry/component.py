"""How a part of this process that may fail says how it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

Status: TypeAlias = Literal["ok", "degraded", "failed"]


@dataclass(frozen=True, slots=True)
class ComponentState:
    """What /ready tells of a part, to everybody.

    Attributes:
        status: "ok"; "degraded" while the part does less than it should and calls go on; "failed" while it
            does not do its work at all.
        reason: Why, in a few fixed words that name no address, no number and nobody; None with "ok".
    """

    status: Status
    reason: str | None = None


OK = ComponentState("ok")

Component: TypeAlias = Callable[[], ComponentState]
"""Says how a part is, from what is known already: it waits for nothing."""
