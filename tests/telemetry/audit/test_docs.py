"""docs/audit.md tells of each member of a record, of each outcome, and of no other."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import get_args

from app.telemetry.audit.record import AuditOutcome, PortkeyRequest, ToolCallRecord
from app.telemetry.redaction import Redactor

PAGE = (Path(__file__).parents[3] / "docs" / "audit.md").read_text(encoding="utf-8")


def members() -> dict[str, object]:
    record = ToolCallRecord(
        time=datetime.now(UTC),
        request_id="r",
        principal="stdio",
        organization=None,
        portkey_key=None,
        client_name=None,
        client_version=None,
        protocol=None,
        session=None,
        tool="t",
        risk="read",
        outcome="succeeded",
        arguments={},
        portkey=[PortkeyRequest("GET", "/configs", 200, "p")],
    )
    return record.fields(Redactor(()))


def first_cells(heading: str) -> set[str]:
    table = PAGE.split(heading, 1)[1].split("\n\n", 1)[0]
    cells = [row.split("|")[1] for row in table.splitlines() if row.startswith("| `")]
    return {name for cell in cells for name in re.findall(r"`(\w+)`", cell)}


def test_the_example_has_the_members_of_a_record() -> None:
    example = json.loads(PAGE.split("```json\n", 1)[1].split("```", 1)[0])
    known = members()
    assert list(example) == list(known)
    assert list(example["portkey"][0]) == list(known["portkey"][0])  # type: ignore[index]


def test_the_table_tells_of_each_member() -> None:
    assert first_cells("| Member | What it is |") == {*members(), "arguments_digest"}


def test_the_table_tells_of_each_outcome() -> None:
    assert first_cells("| Outcome | Meaning |") == set(get_args(AuditOutcome))
