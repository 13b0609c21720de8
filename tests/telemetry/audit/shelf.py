"""A place for records that tests can look into."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Shelf:
    """A sink that keeps records in memory."""

    lines: list[bytes] = field(default_factory=list)
    name: str = "shelf"

    @property
    def records(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.lines]

    async def write(self, lines: Sequence[bytes]) -> None:
        self.lines += lines

    async def reopen(self) -> None:
        """Nothing is open."""

    async def aclose(self) -> None:
        """Nothing is open."""
