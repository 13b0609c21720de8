"""docs/probes.md names states and reasons that /ready can tell, in the words in which it tells them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "probes.md").read_text(encoding="utf-8")
SOURCE = "\n".join(path.read_text(encoding="utf-8") for path in sorted((ROOT / "app").rglob("*.py")))
ROWS = re.findall(r"^\| `(\w+)` \| (\w+) \| (.+?) \|", PAGE, re.MULTILINE)


@pytest.mark.parametrize(("part", "status", "reason"), ROWS)
def test_a_row_of_the_page_is_what_ready_tells(part: str, status: str, reason: str) -> None:
    assert f'"{part}"' in SOURCE
    told = re.escape(reason).replace("audit\\ file", r"(audit file|\{name\})")
    assert re.search(rf'ComponentState\("{status}", f?"{told}"\)', SOURCE)


def test_the_page_names_the_parts_of_front_door_and_audit() -> None:
    assert {"audit", "clerk", "rate_limits"} <= {part for part, _, _ in ROWS}
    assert len(ROWS) > 10
