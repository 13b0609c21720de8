"""Parts of the suite that need something a machine may lack: a pytest plugin.

A test says `@needs("node", "the official TypeScript client")`. Where Node is missing the test is skipped
with the reason, and the end of the run names what was not run and how to get it. With REQUIRE_ALL=1 it
fails instead. Redis is no such part: without it the suite fails (tests/support/redis_server.py).
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

_NOT_RUN = pytest.StashKey[dict[str, None]]()


@dataclass(frozen=True, slots=True)
class Part:
    """Something a machine may lack: its name, how to get it, and a way to find its program."""

    name: str
    how_to_get: str
    find: Callable[[], str | None]


def _node(oldest: int) -> str | None:
    node = shutil.which("node")
    if node is None:
        return None
    answer = subprocess.run([node, "--version"], capture_output=True, text=True, timeout=20, check=False)
    version = re.match(r"v(\d+)\.", answer.stdout)
    return node if version and int(version[1]) >= oldest else None


def _nginx() -> str | None:
    return shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")


def _chromium() -> str | None:
    names = ("chromium", "chromium-browser", "google-chrome", "chrome")
    on_mac = Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome")
    return next(filter(None, map(shutil.which, names)), str(on_mac) if on_mac.exists() else None)


PARTS = {
    "node": Part(
        "Node >= 20 with npm", "nodejs.org, or: brew install node, apt install nodejs npm", lambda: _node(20)
    ),
    "nginx": Part("nginx", "apt install nginx, or: brew install nginx", _nginx),
    "chromium": Part(
        "Chromium or Chrome", "apt install chromium, or: brew install --cask google-chrome", _chromium
    ),
}


def needs(part: str, subject: str = "") -> pytest.MarkDecorator:
    """Mark a test that needs a part of PARTS.

    Args:
        part: its key in PARTS.
        subject: what goes untested without it, for the end of the run; the test's name if left out.
    """
    if part not in PARTS:
        raise ValueError(f"{part!r} is no part; known: {', '.join(PARTS)}")
    return pytest.mark.needs(part, subject)


def path_of(part: str) -> str:
    """The program of a part, for a test that `needs` it."""
    found = PARTS[part].find()
    assert found is not None, f"{part} is missing; mark the test with needs({part!r})"
    return found


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker."""
    config.addinivalue_line("markers", "needs(part, subject): needs a part that a machine may lack")
    config.stash[_NOT_RUN] = {}


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip a test whose part is missing, or fail it with REQUIRE_ALL=1."""
    for marker in item.iter_markers("needs"):
        name, subject = marker.args
        part = PARTS[name]
        if part.find() is not None:
            continue
        reason = f"{subject or item.name} (needs {part.name}: {part.how_to_get})"
        if os.environ.get("REQUIRE_ALL") == "1":
            pytest.fail(f"Cannot run {reason}; REQUIRE_ALL=1 makes this a failure.", pytrace=False)
        item.config.stash[_NOT_RUN][reason] = None
        pytest.skip(reason)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Hand what was not run to the process that reports, where several share the tests (pytest-xdist)."""
    if (output := getattr(session.config, "workeroutput", None)) is not None:
        reasons = session.config.stash[_NOT_RUN]
        output["not_run"] = list(reasons)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Collect what one of those processes has not run; it has no output when it crashed."""
    config: pytest.Config = node.config
    reasons: list[str] = getattr(node, "workeroutput", {}).get("not_run", [])
    not_run = config.stash[_NOT_RUN]
    not_run.update(dict.fromkeys(reasons))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Name what was not run: at the end of the run, or in NOT_RUN_FILE for a caller that says it later."""
    lines = [f"Not run: {reason}" for reason in config.stash[_NOT_RUN]]
    if not lines:
        return
    if file := os.environ.get("NOT_RUN_FILE"):
        Path(file).write_text("\n".join(lines) + "\n", encoding="utf-8")
        return
    terminalreporter.section("not run")
    for line in lines:
        terminalreporter.write_line(line)
