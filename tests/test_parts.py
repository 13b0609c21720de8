from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.parts import PARTS, needs

ROOT = Path(__file__).parents[1]
SUITE = """
from tests.support.parts import needs

@needs("nginx", "the reverse proxy")
def test_proxy() -> None: pass

@needs("node", "the official TypeScript client")
def test_client() -> None: pass

def test_plain() -> None: pass
"""


def run_suite(folder: Path, *options: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """Runs SUITE on a machine whose PATH is an empty folder."""
    (folder / "test_suite.py").write_text(SUITE)
    command = [sys.executable, "-m", "pytest", "-p", "tests.support.parts", "-p", "no:cacheprovider"]
    return subprocess.run(
        [*command, "-c", os.devnull, "--strict-markers", f"--rootdir={folder}", *options, str(folder)],
        cwd=ROOT,
        env={"PATH": str(folder), **environ},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_missing_part_is_skipped_and_named_at_the_end(tmp_path: Path) -> None:
    run = run_suite(tmp_path)

    assert run.returncode == 0, run.stdout + run.stderr
    assert "Not run: the official TypeScript client (needs Node >= 20 with npm: nodejs.org" in run.stdout
    assert re.search(r"\b[12] passed", run.stdout), "nginx is found outside of PATH, too"


def test_it_is_named_too_when_several_processes_share_the_tests(tmp_path: Path) -> None:
    run = run_suite(tmp_path, "--numprocesses=2")

    assert run.returncode == 0, run.stdout + run.stderr
    assert run.stdout.count("Not run: the official TypeScript client (needs Node") == 1
    assert re.search(r"\b[12] passed", run.stdout), "nginx is found outside of PATH, too"


def test_the_names_of_missing_parts_can_go_to_a_file(tmp_path: Path) -> None:
    file = tmp_path / "not-run.txt"
    run = run_suite(tmp_path, NOT_RUN_FILE=str(file))

    assert "Not run: the official TypeScript client" in file.read_text()
    assert "Not run:" not in run.stdout


def test_require_all_makes_a_missing_part_a_failure(tmp_path: Path) -> None:
    run = run_suite(tmp_path, REQUIRE_ALL="1")

    assert run.returncode == 1
    assert "Cannot run the official TypeScript client" in run.stdout


def test_an_old_node_counts_as_missing(tmp_path: Path) -> None:
    node = tmp_path / "node"
    node.write_text("#!/bin/sh\necho v18.20.4\n")
    node.chmod(0o755)

    assert "Not run: the official TypeScript client" in run_suite(tmp_path).stdout


def test_an_unknown_part_is_refused_while_tests_are_collected() -> None:
    with pytest.raises(ValueError, match=f"'nodejs' is no part; known: {', '.join(PARTS)}"):
        needs("nodejs")
