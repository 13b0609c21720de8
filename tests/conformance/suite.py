"""The official suite: where it comes from, and how one run of it is read."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final

PACKAGE: Final = "@modelcontextprotocol/conformance"
PACKAGE_VERSION: Final = "0.2.0-alpha.12"
NODE_VERSION: Final = "22.23.3"
OLDEST_NODE: Final = 22

_TOTAL: Final = re.compile(r"^Total: (\d+) passed, (\d+) failed$", re.MULTILINE)
_COLOR: Final = re.compile(r"\x1b\[\d+m")
_INSTALL_SECONDS: Final = 600
_RUN_SECONDS: Final = 600


class SuiteError(Exception):
    """The suite cannot be had or run here; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Run:
    """One run of the suite: checks that passed and failed, and whether each failure was expected."""

    passed: int
    failed: int
    as_expected: bool
    log: str


@dataclass(frozen=True, slots=True)
class Suite:
    """The suite as installed: the program that runs it, and its entry point."""

    node: Path
    entry: Path

    async def run(self, url: str, revision: str, expected_failures: Path, results: Path) -> Run:
        """Run what a revision requires against the server at `url`.

        Raises:
            SuiteError: The suite broke off, or took too long.
        """
        process = await asyncio.create_subprocess_exec(
            self.node,
            *(self.entry, "server", "--url", url, "--requirements", revision),
            *("--expected-failures", expected_failures, "-o", results),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        try:
            async with asyncio.timeout(_RUN_SECONDS):
                output, _ = await process.communicate()
        except TimeoutError:
            process.kill()
            await process.wait()
            raise SuiteError(f"The suite did not finish within {_RUN_SECONDS} s.") from None
        log = _COLOR.sub("", output.decode())
        total = _TOTAL.search(log)
        if total is None:
            raise SuiteError(f"The suite broke off:\n{log[-2000:]}")
        return Run(int(total[1]), int(total[2]), as_expected=process.returncode == 0, log=log)


def installed(cache: Path) -> Suite:
    """Return the suite, installed from npm into `cache` when it is not there yet.

    Raises:
        SuiteError: There is no npm, or it could not install.
    """
    entry = cache / "node_modules" / PACKAGE / "dist" / "index.js"
    wanted: dict[str, str] = {PACKAGE: PACKAGE_VERSION}
    node = _recent_node()
    if node is None:
        wanted["node"] = NODE_VERSION
        node = cache / "node_modules" / "node" / "bin" / "node"
    manifest = cache / "package.json"
    description = json.dumps({"private": True, "dependencies": wanted})
    if not (entry.exists() and node.exists() and manifest.read_text() == description):
        _install(cache, manifest, description)
    if not (entry.exists() and node.exists()):
        raise SuiteError(
            f"npm installed the suite into {cache} but left no Node there. "
            f"Install Node {OLDEST_NODE} or later (nodejs.org) and run this again."
        )
    return Suite(node, entry)


def _recent_node() -> Path | None:
    found = shutil.which("node")
    if found is None:
        return None
    answer = subprocess.run([found, "--version"], capture_output=True, text=True, timeout=20, check=False)
    version = re.match(r"v(\d+)\.", answer.stdout)
    return Path(found) if version and int(version[1]) >= OLDEST_NODE else None


def _install(cache: Path, manifest: Path, description: str) -> None:
    npm = shutil.which("npm")
    if npm is None:
        raise SuiteError(
            "The conformance suite comes from npm, and there is no npm on the PATH. "
            "Install Node.js (nodejs.org, `brew install node`, `apt install nodejs npm`) and run this again."
        )
    print(f"Installing {PACKAGE} {PACKAGE_VERSION} into {cache} ...", flush=True)
    cache.mkdir(parents=True, exist_ok=True)
    (cache / ".gitignore").write_text("*\n")
    manifest.write_text(description)
    command = [npm, "install", "--no-audit", "--no-fund", "--no-package-lock", "--loglevel=error"]
    try:
        subprocess.run(
            command,
            cwd=cache,
            check=True,
            capture_output=True,
            text=True,
            timeout=_INSTALL_SECONDS,
            env=os.environ,
        )
    except subprocess.SubprocessError as error:
        manifest.unlink()
        told = (getattr(error, "stderr", None) or str(error))[-1000:]
        raise SuiteError(f"npm could not install the suite. It said:\n{told}") from error
