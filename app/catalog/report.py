"""What `make catalog` does: writes the snapshot, and says how much of a context window the tools take."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, TextIO

import orjson

from app.catalog import index, snapshot
from app.catalog.documents import endpoints_page, tools_page
from app.catalog.json_value import JsonObject
from app.catalog.registry import load_tools
from app.catalog.tool import Tool

DOCS: Final = Path(__file__).parents[2] / "docs"
"""Where the pages are, in a checkout; an installed package has none."""


def write_snapshot_and_report(out: TextIO, path: Path = snapshot.PATH, docs: Path = DOCS) -> None:
    """Write the snapshot to `path`, the index next to it, the pages to `docs`, and their size to `out`."""
    tools = load_tools()
    forms = {tool.name: snapshot.wire_form(tool) for tool in tools}
    files = {path: snapshot.render(tools), path.with_name(index.PATH.name): index.render(tools)}
    if docs.is_dir():
        files |= {docs / name: text for name, text in pages(tools, forms).items()}
    out.writelines(
        f"{file.name}: {'written' if _write(text, file) else 'unchanged'}\n" for file, text in files.items()
    )
    out.write(f"\n{table(tools, forms)}")


def pages(tools: Sequence[Tool], forms: Mapping[str, JsonObject]) -> dict[str, str]:
    """Return the generated pages of the documentation by file name."""
    return {"tools.md": tools_page(tools, forms), "endpoints.md": endpoints_page(tools)}


def print_catalog(out: TextIO) -> None:
    """Write each declared tool with its size, risk and summary to `out`, then the sizes of all."""
    tools = load_tools()
    forms = {tool.name: snapshot.wire_form(tool) for tool in tools}
    out.writelines(
        f"{tool.name:30} {len(orjson.dumps(forms[tool.name])):6,} {tool.risk:12} {tool.summary}\n"
        for tool in tools
    )
    out.write(f"\n{table(tools, forms)}")


def table(tools: Sequence[Tool], forms: Mapping[str, JsonObject]) -> str:
    """Return tools and bytes by domain, the whole, and the largest tool, as lines of text."""
    sizes = {tool.name: len(orjson.dumps(forms[tool.name])) for tool in tools}
    count: Counter[str] = Counter(tool.domain for tool in tools)
    by_domain: Counter[str] = Counter()
    for tool in tools:
        by_domain[tool.domain] += sizes[tool.name]
    lines = [f"{domain:20} {count[domain]:4} tools {size:8,} bytes" for domain, size in by_domain.items()]
    lines.append(f"{'all':20} {len(tools):4} tools {sum(sizes.values()):8,} bytes")
    if sizes:
        largest = max(sizes, key=sizes.__getitem__)
        lines.append(f"largest: {largest}, {sizes[largest]:,} bytes")
    return "\n".join(lines) + "\n"


def _write(text: str, path: Path) -> bool:
    if path.exists() and path.read_text(encoding="utf-8") == text:
        return False
    path.write_text(text, encoding="utf-8")
    return True
