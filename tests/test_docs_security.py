"""docs/security.md names tests and settings that exist, and leaves no threat half told."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from app.settings.model import setting_fields, variables_of

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
SETTINGS = {variable for _, field in setting_fields() for variable in variables_of(field)}
NAMED_TESTS = sorted(set(re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", PAGE)))
THREATS = re.findall(r"^### (.+?)\n\n(.*?)(?=^##|\Z)", PAGE, re.MULTILINE | re.DOTALL)
PARTS = ["Attacker", "What stops it", "Left to you", "Shown by"]
OF_MCP = [
    "Confused deputy",
    "Token passthrough",
    "Session hijack",
    "DNS rebinding",
    "Prompt injection",
    "Tool poisoning",
]


@pytest.mark.parametrize("file", sorted({file for file, _ in NAMED_TESTS}))
def test_each_named_test_is_there(file: str) -> None:
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    there = {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
    named = {name for where, name in NAMED_TESTS if where == file}
    assert named <= there, f"docs/security.md names tests that {file} does not have"


def test_each_named_setting_is_one() -> None:
    named = set(re.findall(r"\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\b", PAGE))
    assert named - SETTINGS == set()


@pytest.mark.parametrize(("threat", "text"), THREATS, ids=[threat for threat, _ in THREATS])
def test_each_threat_is_told_whole(threat: str, text: str) -> None:
    assert re.findall(r"^- \*\*(.+?)\*\*:\s", text, re.MULTILINE) == PARTS
    assert "`tests/" in text.split("**Shown by**")[1], "a threat without a test is a claim"
    assert "`tests/" not in text.split("**Shown by**", maxsplit=1)[0]


def test_the_threats_of_mcp_itself_are_among_them() -> None:
    told = [threat for threat, _ in THREATS]
    assert len(told) == len(set(told))
    assert all(any(threat.startswith(wanted) for threat in told) for wanted in OF_MCP)


def test_each_page_it_points_to_is_there() -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", PAGE):
        assert (ROOT / "docs" / target).resolve().is_file(), target
