"""Wrong settings: one report that names all of them, instead of one crash after the other."""

from __future__ import annotations

import subprocess

import pytest

from tests.end_to_end.processes import ROOT, command, environment

WRONG = {"MCP_PORT": "3000oops", "MCP_SESSION_MODE": "sticky", "PORTKEY_BASE_URL": "ftp://portkey.example"}


@pytest.mark.parametrize("name", ["http", "stdio", "check-config"])
def test_three_wrong_settings_are_reported_together(name: str) -> None:
    done = subprocess.run(
        command(name),
        cwd=ROOT,
        env=environment(WRONG),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 2
    assert all(variable in done.stderr for variable in WRONG)
    assert all(value in done.stderr for value in WRONG.values())
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
