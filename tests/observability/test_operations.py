"""docs/operations.md: an operator's day, executed as it is written."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.end_to_end.processes import environment, free_port

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
STEPS = re.findall(r"^```sh run\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
PORTS = ("3000", "3001", "8787", "9464", "9465")
WITHIN = 240.0


@pytest.fixture
def command(tmp_path: Path) -> Path:
    """`portkey-admin-mcp`, as it is installed."""
    program = tmp_path / "bin" / "portkey-admin-mcp"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nPYTHONPATH="{ROOT}" exec "{sys.executable}" -m app "$@"\n')
    program.chmod(0o755)
    return program


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """Where the operator works; what still runs there at the end is stopped."""
    folder = tmp_path / "day"
    folder.mkdir()
    yield folder
    for file in folder.glob("*.pid"):
        try:
            os.kill(int(file.read_text()), 9)
        except (ProcessLookupError, ValueError):
            continue


def test_the_day_of_an_operator(command: Path, folder: Path, redis_url: str) -> None:
    assert len(STEPS) > 8
    for program in ("bash", "curl", "openssl"):
        assert shutil.which(program), f"this page needs {program}"
    script = "\n".join(STEPS)
    for port in PORTS:
        script = re.sub(rf"\b{port}\b", str(free_port()), script)
    script = script.replace("redis://127.0.0.1:6379", redis_url)
    sandbox_port = re.search(r"127\.0\.0\.1:(\d+)/v1", script)
    assert sandbox_port is not None
    settings = {
        "PATH": f"{command.parent}{os.pathsep}{os.environ['PATH']}",
        "SANDBOX_PORT": sandbox_port[1],
    }
    with (folder / "output.txt").open("wb") as output:
        done = subprocess.Popen(
            [
                "bash",
                "-euo",
                "pipefail",
                "-x",
                "-c",
                f"trap 'kill $(jobs -p) 2>/dev/null || :' EXIT\n{script}",
            ],
            cwd=folder,
            env=environment(settings),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            code = done.wait(WITHIN)
        finally:
            done.kill()
            done.wait()
    told = (folder / "output.txt").read_text(errors="replace")
    logs = "\n".join(file.read_text(errors="replace")[-3000:] for file in folder.glob("*.log"))
    assert code == 0, f"{told[-6000:]}\n{logs}"
    for port in re.findall(r"service-(\d+)\.log", "\n".join(map(str, folder.iterdir()))):
        assert '"clean": true' in (folder / f"service-{port}.log").read_text().replace('":true', '": true')
