"""The benchmark still runs, and every answer it counts is a good one."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests.end_to_end.processes import ROOT, environment

SMALL = ("--part", "table", "--without-npm", "--seconds", "0.1", "--rounds", "1", "--clients", "16")


def test_a_small_run_gives_figures_for_every_server(tmp_path: Path) -> None:
    figures = tmp_path / "figures.json"
    done = subprocess.run(
        [sys.executable, "-m", "bench", *SMALL, "--output", str(figures)],
        cwd=ROOT,
        env=environment({}),
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    rows = json.loads(figures.read_text())["table"]["rows"]
    eras = {"2025 stateless", "2025 stateful", "2026"}
    assert {row["server"] for row in rows} == {
        "bare",
        *(f"{name}, {era}" for name in ("ours", "SDK") for era in eras),
    }
    assert {row["operation"] for row in rows} == {"initialize", "tools/list", "tools/call"}
    assert all(row["rps"] > 0 and row["p50_ms"] > 0 for row in rows)
    assert "**tools/call**, 16 clients:" in done.stdout
    assert "| ours, 2026 |" in done.stdout
