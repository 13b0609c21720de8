"""The example of CONTRIBUTING.md: an entry is all that is written by hand, and it works."""

from __future__ import annotations

import difflib
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
SNAPSHOT = "app/catalog/snapshot.json"

CALL_IT = """
import anyio, json, sys
from app.auth.policy import ALLOW_ALL
from app.auth.principal import ANONYMOUS
from app.catalog.toolbox import CallContext
from app.service import Service, read_settings

async def progress(done, total, message):
    pass

async def main():
    service = Service(read_settings({}))
    context = CallContext(principal=ANONYMOUS, policy=ALLOW_ALL, progress=progress)
    print((await service.toolbox.call(sys.argv[1], json.loads(sys.argv[2]), context)).text)

anyio.run(main)
"""


def example_diff() -> dict[str, list[list[str]]]:
    """Return the hunks of each file in the example, as lines."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    found = re.search(r"<!-- adding-a-tool -->\s*```diff\n(.*?)```", text, re.DOTALL)
    assert found, "CONTRIBUTING.md has no example of adding a tool"
    files: dict[str, list[list[str]]] = {}
    name = ""
    for line in found[1].splitlines():
        if line.startswith("+++ b/"):
            name = line.removeprefix("+++ b/")
            files[name] = []
        elif line.startswith("@@"):
            files[name].append([])
        elif not line.startswith("--- "):
            files[name][-1].append(line)
    return files


def apply(path: Path, hunk: list[str]) -> None:
    """Insert the added lines of a hunk where its context stands, once."""
    before = "".join(f"{line[1:]}\n" for line in hunk if not line.startswith("+"))
    after = "".join(f"{line[1:]}\n" for line in hunk)
    text = path.read_text(encoding="utf-8")
    assert text.count(before) == 1, f"the example's context stands {text.count(before)} times in {path.name}"
    path.write_text(text.replace(before, after), encoding="utf-8")


def run(tree: Path, *arguments: str) -> str:
    # The copy is not what coverage is measured of.
    env = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=tree,
        env=env,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    ).stdout


def test_adding_an_entry_is_the_whole_work_of_adding_a_tool(tmp_path: Path) -> None:
    files = example_diff()
    [written] = files.pop(SNAPSHOT)
    shown = [line[1:] for line in written]
    shutil.copytree(ROOT / "app", tmp_path / "app", ignore=shutil.ignore_patterns("__pycache__"))
    old = (tmp_path / SNAPSHOT).read_text(encoding="utf-8").splitlines()
    for name, hunks in files.items():
        for hunk in hunks:
            apply(tmp_path / name, hunk)

    run(tmp_path, "-m", "app", "catalog", "--write")

    new = (tmp_path / SNAPSHOT).read_text(encoding="utf-8").splitlines()
    changed = [line for line in difflib.unified_diff(old, new, n=0, lineterm="") if line[0] in "+-"][2:]
    assert changed == [f"+{line}" for line in shown]

    name = json.loads(shown[0].rstrip(","))["name"]
    said = run(tmp_path, "-c", CALL_IT, name, '{"exact_name": "Customer Support"}')
    answer = json.loads(said.splitlines()[-1])
    assert [workspace["name"] for workspace in answer["data"]] == ["Customer Support"]
