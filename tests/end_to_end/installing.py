"""Clients from the registries, installed once a machine and used by every run after that."""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from tests.end_to_end.processes import ROOT

CLIENTS = Path(__file__).parent / "clients"
CACHE = ROOT / ".cache" / "end_to_end"
INSTALL_WITHIN = 240.0


def python_v1() -> list[str]:
    """The command that runs the journey with the 1.x Python client."""
    lock = CLIENTS / "python_v1" / "requirements.txt"
    # A virtual environment points at its interpreter, so another interpreter needs another one.
    home = _installed("python", [lock], sys.base_prefix, lambda target: _install_python(target, lock))
    return [str(home / "bin" / "python"), str(CLIENTS / "python_v1" / "run.py")]


def typescript() -> list[str]:
    """The command that runs the journey with the TypeScript client."""
    return npm_package("typescript", CLIENTS / "typescript", "run.mjs")


def npm_package(name: str, folder: Path, script: str) -> list[str]:
    """The command that runs a script of a folder with the packages of its lock file."""
    locks = [folder / lock for lock in ("package.json", "package-lock.json")]
    home = _installed(name, locks, "", lambda target: _install_npm(target, locks))
    # A module looks for its imports next to itself.
    return ["node", str(shutil.copy(folder / script, home))]


def _installed(name: str, locks: list[Path], variant: str, install: Callable[[Path], None]) -> Path:
    """The folder of what these lock files ask for; a change to them makes another folder."""
    key = hashlib.sha256(variant.encode())
    for lock in locks:
        key.update(lock.read_bytes())
    home = CACHE / f"{name}-{key.hexdigest()[:12]}"
    complete = home / ".complete"
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / f"{name}.lock").open("w") as lock_file:
        # Several processes share the tests, and one of them installs.
        fcntl.flock(lock_file, fcntl.LOCK_EX)
        if not complete.exists():
            shutil.rmtree(home, ignore_errors=True)
            home.mkdir()
            (CACHE.parent / ".gitignore").write_text("*\n")
            install(home)
            complete.touch()
    return home


def _install_python(home: Path, lock: Path) -> None:
    _run([sys.executable, "-m", "venv", "--clear", str(home)])
    pip = [str(home / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    _run([*pip, "--only-binary", ":all:", "--require-hashes", "--requirement", str(lock)])


def _install_npm(home: Path, locks: list[Path]) -> None:
    for lock in locks:
        shutil.copy(lock, home)
    _run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent", "--prefix", str(home)])


def _run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, timeout=INSTALL_WITHIN, check=False)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}{done.stderr}"
