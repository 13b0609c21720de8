from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

import app

ROOT = Path(__file__).parents[1]
REQUIREMENTS = [
    "requirements.txt",
    "requirements-dev.txt",
    "requirements-redis.txt",
    "requirements-deploy.txt",
]


def pins(file: str) -> dict[str, str]:
    """Each pinned name with its whole entry."""
    text = re.sub(r"(?m)^\s*#.*\n", "", (ROOT / file).read_text(encoding="utf-8"))
    entries = re.split(r"(?m)^(?=\S)", text)[1:]
    return {re.split(r"[\s=<>!~;\[]", entry, maxsplit=1)[0]: entry for entry in entries}


@pytest.mark.parametrize("file", REQUIREMENTS)
def test_every_requirement_is_pinned_with_hashes(file: str) -> None:
    loose = [
        name
        for name, entry in pins(file).items()
        if not re.match(r"[\w.-]+==\d[\w.]*( ; [^\\\n]+)?( \\\n +--hash=sha256:[0-9a-f]{64})+\n$", entry)
    ]

    assert pins(file)
    assert loose == []


@pytest.mark.parametrize("file", REQUIREMENTS)
def test_requirements_name_no_url_and_nothing_of_the_machine_that_wrote_them(file: str) -> None:
    text = (ROOT / file).read_text(encoding="utf-8")

    assert re.findall(r"\S*(?:://|file:|@ |\+cpu|/(?:home|root|opt|tmp|work|Users)\b)\S*", text) == []
    assert re.findall(r"(?m)^-.*", text) == []


def test_the_suite_runs_with_the_versions_that_are_deployed() -> None:
    runtime, development = pins("requirements.txt"), pins("requirements-dev.txt")
    versions = {name: entry.split()[0] for name, entry in runtime.items()}

    assert versions == {name: development[name].split()[0] for name in runtime}


def test_make_alone_lists_every_target() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"(?m)^([a-z][a-z-]*):(?!=)", makefile))
    phony = re.search(r"(?m)^\.PHONY: (.*)$", makefile)
    shown = subprocess.run(
        ["make", "--no-print-directory"], cwd=ROOT, capture_output=True, text=True, timeout=30, check=True
    )

    assert phony is not None
    assert targets == set(phony[1].split())
    assert targets == {line.split()[1] for line in shown.stdout.splitlines() if line.startswith("  make ")}


def test_make_names_what_to_install_when_python_is_too_old(tmp_path: Path) -> None:
    old = tmp_path / "python3"
    old.write_text('#!/bin/sh\n[ "$1" = --version ] && echo Python 3.9.2 && exit 0\nexit 1\n')
    old.chmod(0o755)
    made = subprocess.run(
        ["make", "--no-print-directory", "run", f"PYTHON={old}", f"VENV={tmp_path}/venv"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )

    assert made.returncode != 0
    assert "This project needs Python 3.11 or newer" in made.stdout
    assert "Python 3.9.2" in made.stdout
    assert "apt install python3 python3-venv" in made.stdout


def test_make_names_the_package_of_debian_when_venv_is_missing(tmp_path: Path) -> None:
    bare = tmp_path / "python3"
    bare.write_text('#!/bin/sh\ncase "$2" in *ensurepip*) exit 1;; esac\nexit 0\n')
    bare.chmod(0o755)
    made = subprocess.run(
        ["make", "--no-print-directory", "run", f"PYTHON={bare}", f"VENV={tmp_path}/venv"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )

    assert made.returncode != 0
    assert "apt install python3-venv" in made.stdout


def test_the_changelog_speaks_of_the_version_of_the_package() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    released = re.findall(r"(?m)^## \[(\d+\.\d+\.\d+)\] - \d{4}-\d{2}-\d{2}$", changelog)

    assert "## [Unreleased]" in changelog
    assert app.__version__ in released or f"towards {app.__version__}" in changelog
    assert released == sorted(released, key=lambda v: [int(n) for n in v.split(".")], reverse=True)
