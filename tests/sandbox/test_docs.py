"""docs/sandbox.md names what there is, and what it names works."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from app.sandbox.faults import _CLAUSES, Fault
from app.sandbox.keys import KEYS
from tests.sandbox.client import Api

PAGE = (Path(__file__).parents[2] / "docs" / "sandbox.md").read_text()
QUOTED = re.findall(r"`([^`\n]+)`", PAGE)


def test_every_key_is_documented() -> None:
    assert [key.secret for key in KEYS if f"| `{key.secret}` |" not in PAGE] == []


def test_every_fault_clause_is_documented_and_every_example_parses() -> None:
    rows = re.findall(r"^\| `([a-z_]+)(=[^`]*)?` \|", PAGE, re.MULTILINE)
    documented = {name for name, _ in rows if name in _CLAUSES} | {"retry_after"}
    assert documented == set(_CLAUSES)
    for text in [quoted for quoted in QUOTED if ";" in quoted and "=" in quoted and "{" not in quoted]:
        Fault.parse(text)


async def test_every_control_endpoint_is_documented(api: Api) -> None:
    described = (await api.get("/")).data["control"]
    assert [endpoint for endpoint in described if f"| `{endpoint}` |" not in PAGE] == []


@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        (r"ws-[a-z-]+", "/v1/admin/workspaces/{}"),
        (r"pc-[a-z]+-[a-z0-9-]+", "/v1/configs/{}"),
        (r"pp-[a-z]+-[a-z0-9]+(@\w+)?", "/v1/prompts/{}"),
    ],
)
async def test_every_documented_slug_exists(api: Api, pattern: str, path: str) -> None:
    slugs = {quoted for quoted in QUOTED if re.fullmatch(pattern, quoted)}
    assert slugs
    for slug in slugs:
        assert (await api.get(path.format(slug))).status == (404 if slug == "ws-hackathon" else 200)
