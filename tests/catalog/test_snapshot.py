from __future__ import annotations

import io
from pathlib import Path

from app.catalog import index, snapshot
from app.catalog.registry import load_tools
from app.catalog.report import print_catalog, table, write_snapshot_and_report
from tests.catalog.desk import FORMS, TOOLS


def test_the_committed_snapshot_is_what_the_declarations_say() -> None:
    committed = snapshot.PATH.read_text(encoding="utf-8")
    assert committed == snapshot.render(load_tools()), "the wire form of a tool changed: run `make catalog`"


def test_the_committed_index_is_what_the_declarations_say() -> None:
    committed = index.PATH.read_text(encoding="utf-8")
    assert committed == index.render(load_tools()), "a tool, its domain or risk changed: run `make catalog`"
    listed = [(tool.name, tool.domain, tool.risk) for tool in index.read()]
    assert listed == [(tool.name, tool.domain, tool.risk) for tool in load_tools()]


def test_the_snapshot_is_read_by_name() -> None:
    assert snapshot.read() == FORMS


def test_a_change_of_one_tool_is_a_change_of_one_line() -> None:
    lines = snapshot.render(load_tools()).splitlines()
    assert len(lines) == len(TOOLS) + 2


def test_the_report_writes_the_snapshot_and_tells_its_size(tmp_path: Path) -> None:
    path = tmp_path / "snapshot.json"
    first, second = io.StringIO(), io.StringIO()
    write_snapshot_and_report(first, path)
    write_snapshot_and_report(second, path)
    assert path.read_text(encoding="utf-8") == snapshot.render(load_tools())
    assert first.getvalue().startswith("snapshot.json: written\n")
    assert second.getvalue().startswith("snapshot.json: unchanged\n")
    assert "configs                 6 tools" in first.getvalue()
    assert "largest: " in first.getvalue()


def test_the_tools_can_be_printed() -> None:
    out = io.StringIO()
    print_catalog(out)
    printed = out.getvalue().splitlines()
    assert [line.split()[0] for line in printed[: len(TOOLS)]] == list(TOOLS)
    assert "read         Show one gateway config in full" in out.getvalue()
    assert printed[-1].startswith("largest: ")


def test_a_report_on_nothing() -> None:
    assert table([], {}) == "all                     0 tools        0 bytes\n"
