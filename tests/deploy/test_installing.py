"""The distribution, built and installed as `pip install .` does, and the unit of systemd that runs it."""

from __future__ import annotations

import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

import app
from tests.end_to_end.processes import ROOT, free_port, running

UNIT = ROOT / "deploy" / "systemd" / "portkey-admin-mcp.service"


def call(*command: str | Path) -> str:
    ran = subprocess.run(
        [str(word) for word in command], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The command of a wheel in an environment of its own; its dependencies are those of the tests."""
    folder = tmp_path_factory.mktemp("installed")
    call(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder)
    (wheel,) = folder.glob("*.whl")
    call(sys.executable, "-m", "venv", "--without-pip", folder / "venv")
    python = folder / "venv" / "bin" / "python"
    call(
        sys.executable,
        "-m",
        "pip",
        "--python",
        python,
        "install",
        "--quiet",
        "--no-deps",
        "--no-index",
        wheel,
    )
    site = Path(call(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))").strip())
    # After the environment's own packages, so that the installed one is found first.
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib"), encoding="utf-8")
    return folder / "venv" / "bin" / "portkey-admin-mcp"


def test_the_installed_command_runs_what_was_installed(installed: Path) -> None:
    where = call(installed.parent / "python", "-P", "-c", "import app; print(app.__file__)")

    assert call(installed, "--version").strip() == f"portkey-admin-mcp {app.__version__}"
    assert where.startswith(str(installed.parents[1]))


def test_the_unit_starts_with_its_credentials(installed: Path, tmp_path: Path) -> None:
    unit = read_unit()
    program, *arguments = unit["ExecStart"][0].split()
    credentials = {entry.split(":")[0] for entry in unit["LoadCredential"]}
    for name in credentials:
        (tmp_path / name).write_text("a-secret-of-the-unit-0123456789\n", encoding="utf-8")
    port = free_port()
    given = dict(entry.replace("%d", str(tmp_path)).split("=", 1) for entry in unit["Environment"])
    assert credentials == {value.rpartition("/")[2] for value in given.values() if "/" in value}
    settings = given | {"MCP_PORT": str(port)}
    with running([str(installed), *arguments], port=port, settings=settings, ready="/ready") as service:
        assert "is not a setting" not in service.output()
        service.process.kill()

    assert Path(program).name == installed.name
    assert unit["RestartPreventExitStatus"] == ["2"]


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not on this machine")
def test_systemd_understands_the_unit_and_finds_it_well_guarded(installed: Path, tmp_path: Path) -> None:
    unit = tmp_path / UNIT.name
    program = read_unit()["ExecStart"][0].split()[0]
    unit.write_text(UNIT.read_text(encoding="utf-8").replace(program, str(installed)), encoding="utf-8")

    assert call("systemd-analyze", "verify", unit) == ""
    call("systemd-analyze", "security", "--offline=yes", "--threshold=20", unit)


def read_unit() -> dict[str, list[str]]:
    """The [Service] section: each key with its values, in order."""
    values: dict[str, list[str]] = {}
    for line in (
        UNIT.read_text(encoding="utf-8").partition("[Service]")[2].partition("[Install]")[0].splitlines()
    ):
        key, separator, value = line.partition("=")
        if separator and not line.startswith("#"):
            values.setdefault(key, []).append(value)
    return values
