from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.conformance.__main__ import MODES, REVISIONS, expected_failures
from tests.conformance.suite import Suite, SuiteError, installed

EXPECTED = Path("unused.yml")


def fake_suite(folder: Path, program: str) -> Suite:
    entry = folder / "suite.py"
    entry.write_text(program)
    return Suite(Path(sys.executable), entry)


@pytest.mark.parametrize("revision", REVISIONS)
def test_each_revision_is_run_and_has_a_list_of_expected_failures(revision: str) -> None:
    assert any(revision in mode.revisions for mode in MODES)
    assert expected_failures(revision).exists()


def test_nothing_that_the_2025_revision_requires_may_fail() -> None:
    assert expected_failures("2025-11-25").read_text().endswith("server: []\n")


def test_what_the_2026_revision_may_fail_is_the_tasks_extension() -> None:
    listed = expected_failures("2026-07-28").read_text().partition("server:\n")[2].split()
    assert all(name.startswith("tasks-") for name in listed if name != "-")


def test_without_npm_it_says_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SuiteError, match=r"no npm on the PATH. Install Node.js"):
        installed(tmp_path / "cache")


def test_an_npm_that_fails_is_quoted_and_tried_again_next_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    npm = tmp_path / "npm"
    npm.write_text("#!/bin/sh\necho no network >&2\nexit 1\n")
    npm.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin")
    for _ in range(2):
        with pytest.raises(SuiteError, match="no network"):
            installed(tmp_path / "cache")


async def test_a_run_is_read_from_its_summary(tmp_path: Path) -> None:
    suite = fake_suite(
        tmp_path, "print('=== SUMMARY ===\\n\\nTotal: 84 passed, 2 failed\\n'); raise SystemExit(1)"
    )
    run = await suite.run("http://127.0.0.1:1/mcp", "2025-11-25", EXPECTED, tmp_path)
    assert (run.passed, run.failed, run.as_expected) == (84, 2, False)


async def test_a_run_that_breaks_off_is_an_error_with_its_last_words(tmp_path: Path) -> None:
    suite = fake_suite(tmp_path, "print('cannot connect')")
    with pytest.raises(SuiteError, match="cannot connect"):
        await suite.run("http://127.0.0.1:1/mcp", "2025-11-25", EXPECTED, tmp_path)
