"""docs/audit.md tells of each member of a record, of each outcome, and of no other."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_args

import pytest

from app.telemetry.audit.record import AuditOutcome, PortkeyRequest, ToolCallRecord
from app.telemetry.redaction import Redactor

PAGE = (Path(__file__).parents[3] / "docs" / "audit.md").read_text(encoding="utf-8")


def members(**changes: Any) -> dict[str, Any]:
    known: dict[str, Any] = {
        "time": datetime(2026, 7, 24, tzinfo=UTC),
        "request_id": "r",
        "principal": "stdio",
        "organization": None,
        "portkey_key": None,
        "client_name": "c",
        "client_version": None,
        "protocol": None,
        "session": None,
        "tool": "t",
        "risk": "read",
        "outcome": "succeeded",
        "arguments": {},
        "portkey": [PortkeyRequest("GET", "/configs", 200, "p")],
    }
    return ToolCallRecord(**{**known, **changes}).fields(Redactor(()))


def first_cells(heading: str) -> set[str]:
    table = PAGE.split(heading, 1)[1].split("\n\n", 1)[0]
    cells = [row.split("|")[1] for row in table.splitlines() if row.startswith("| `")]
    return {name for cell in cells for name in re.findall(r"`(\w+)`", cell)}


def test_the_example_has_the_members_of_a_record() -> None:
    example = json.loads(PAGE.split("```json\n", 1)[1].split("```", 1)[0])
    known = members()
    assert list(example) == list(known)
    assert list(example["portkey"][0]) == list(known["portkey"][0])


def test_the_table_tells_of_each_member() -> None:
    assert first_cells("| Member | What it is |") == {*members(), "arguments_digest"}


def test_the_table_tells_of_each_outcome() -> None:
    assert first_cells("| Outcome | Meaning |") == set(get_args(AuditOutcome))


@pytest.mark.skipif(shutil.which("jq") is None, reason="the queries of the page are for jq")
def test_the_queries_find_what_they_say(tmp_path: Path) -> None:
    person = "clerk:clerk.example.com/user_2abc"
    slug = {"slug": "pc-checko-2b7f10"}
    records = [
        members(tool="get_config", arguments=slug),
        members(tool="delete_config", arguments=slug, principal=person, may_have_applied=True),
        members(tool="update_config", arguments={}, outcome="cancelled", may_have_applied=True),
        members(tool="delete_config", arguments=slug, outcome="denied", principal="bearer:1"),
    ]
    lines = "".join(json.dumps(record) + "\n" for record in records)
    (tmp_path / "audit.jsonl").write_text(lines, encoding="utf-8")
    blocks = re.findall(r"```sh\n(.*?)```", PAGE.split("## Questions and answers", 1)[1], re.DOTALL)
    # The stream has the same records. In a log there are lines of other kinds.
    blocks = [block.replace("docker logs mcp 2>&1", "cat service.log") for block in blocks]
    logged = {**records[1], "message": "tool_call", "risk": "destructive"}
    (tmp_path / "service.log").write_text(
        f'Started\n{{"message":"stopped"}}\n{json.dumps(logged)}\n', encoding="utf-8"
    )
    answers = [
        subprocess.run(["sh", "-c", block], cwd=tmp_path, capture_output=True, text=True, check=True).stdout
        for block in blocks
        if "redis-cli" not in block
    ]
    deleted, changed, unknown, denied, from_the_log = answers
    assert deleted == f"2026-07-24T00:00:00.000Z\t{person}\tc\tsucceeded\tp\n"
    assert json.loads(changed)["tool"] == "delete_config"
    assert json.loads(unknown)["outcome"] == "cancelled"
    assert denied.split() == ["1", "bearer:1", "delete_config"]
    assert json.loads(from_the_log) == logged
