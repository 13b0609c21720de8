from __future__ import annotations

import io
from pathlib import Path

import pytest

from app.catalog.registry import DOMAINS
from app.catalog.report import DOCS, pages, write_snapshot_and_report
from tests.catalog.desk import FORMS, TOOLS

PAGES = pages(list(TOOLS.values()), FORMS)


@pytest.mark.parametrize("name", PAGES)
def test_the_committed_page_is_what_the_declarations_say(name: str) -> None:
    committed = (DOCS / name).read_text(encoding="utf-8")
    assert committed == PAGES[name], f"run `make catalog`: docs/{name} is out of date"


def test_every_tool_and_every_argument_is_on_the_page() -> None:
    sections = PAGES["tools.md"].split("\n### ")
    by_name = {section.partition("\n")[0]: section for section in sections}
    for tool in TOOLS.values():
        section = by_name[tool.name]
        assert all(f"`{name}`" in section for name in tool.inputs.model_fields if name != "fields"), tool.name
    assert all(f"\n## {domain}\n" in PAGES["tools.md"] for domain in DOMAINS)


def test_without_a_documentation_folder_only_what_the_service_reads_is_written(tmp_path: Path) -> None:
    out = io.StringIO()
    write_snapshot_and_report(out, tmp_path / "snapshot.json", tmp_path / "docs")
    assert sorted(file.name for file in tmp_path.iterdir()) == ["index.json", "snapshot.json"]
    assert "snapshot.json: written" in out.getvalue()
