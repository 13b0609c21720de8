"""Runs the suite for each revision and session mode, and says how it went. Exit code 1 on a surprise."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.conformance.suite import Run, Suite, SuiteError, installed
from tests.support.redis_server import NoRedisError, RedisServer, start_redis

HERE: Final = Path(__file__).parent
ROOT: Final = HERE.parents[1]
CACHE: Final = ROOT / ".cache" / "conformance"

_START_SECONDS: Final = 60
_STOP_SECONDS: Final = 20
_PASSED_ON: Final = ("PATH", "HOME", "LANG", "TMPDIR", "VIRTUAL_ENV", "COVERAGE_PROCESS_CONFIG")
"""What the service inherits of the environment; a developer's own settings must not change the result."""


@dataclass(frozen=True, slots=True)
class Mode:
    """A way to run the service, and the revisions that are checked on it."""

    name: str
    settings: dict[str, str]
    revisions: tuple[str, ...]
    redis: bool = False


REVISIONS: Final = ("2025-11-25", "2026-07-28")
STATEFUL: Final = Mode("stateful", {"MCP_SESSION_MODE": "stateful", "MCP_EVENT_STORE": "memory"}, REVISIONS)
# What 2025-11-25 requires includes questions to the client, which nothing can answer without a session.
STATELESS: Final = Mode("stateless", {"MCP_SESSION_MODE": "stateless"}, ("2026-07-28",))
# Sessions and events in Redis, sealed, as replicas share them.
SHARED: Final = Mode(
    "shared",
    {
        "MCP_SESSION_MODE": "stateful",
        "MCP_EVENT_STORE": "redis",
        "MCP_EVENT_ENCRYPTION_KEY": "c" * 43,
    },
    ("2025-11-25",),
    redis=True,
)
MODES: Final = (STATEFUL, STATELESS, SHARED)


def main() -> int:
    """Run what the command line asks for, everything by default."""
    parser = argparse.ArgumentParser(prog="python -m tests.conformance", description=__doc__)
    parser.add_argument("--revision", choices=REVISIONS, action="append", help="only this revision")
    parser.add_argument(
        "--mode", choices=[mode.name for mode in MODES], action="append", help="only this mode"
    )
    options = parser.parse_args()
    modes = [mode for mode in MODES if options.mode is None or mode.name in options.mode]
    try:
        fine = asyncio.run(run(installed(CACHE), modes, options.revision or REVISIONS))
    except SuiteError as error:
        print(error, file=sys.stderr)
        return 1
    return 0 if fine else 1


async def run(suite: Suite, modes: list[Mode], revisions: tuple[str, ...] | list[str]) -> bool:
    """Run the suite and print a line for each run. Return whether all went as expected."""
    fine = True
    for mode in modes:
        async with service(mode) as url:
            for revision in (wanted for wanted in revisions if wanted in mode.revisions):
                result = await suite.run(
                    url, revision, expected_failures(revision), CACHE / "results" / mode.name / revision
                )
                fine = fine and result.as_expected
                report(revision, mode, result)
    return fine


def expected_failures(revision: str) -> Path:
    """Return the list of the revision's scenarios that may fail."""
    return HERE / f"expected-{revision}.yml"


def report(revision: str, mode: Mode, result: Run) -> None:
    """Print a line, and on a surprise the suite's own account."""
    if not result.as_expected:
        print(result.log[result.log.find("=== SUMMARY ===") :])
    verdict = "as expected" if result.as_expected else "NOT as expected, see above"
    print(
        f"{revision}  {mode.name:9}  {result.passed:3} checks passed, {result.failed:2} failed, {verdict}",
        flush=True,
    )


@asynccontextmanager
async def service(mode: Mode) -> AsyncIterator[str]:
    """Run the service with the fixtures in a process of its own; yield its URL."""
    environment = {name: os.environ[name] for name in _PASSED_ON if name in os.environ} | mode.settings
    environment["MCP_AUDIT_LOG"] = "false"  # what the suite calls would bury what it found
    redis = _redis() if mode.redis else None
    if redis is not None:
        environment["MCP_REDIS_URL"] = redis.url
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "tests.conformance.serve"),
        cwd=ROOT,
        env=environment,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        yield f"http://127.0.0.1:{await _port(process)}/mcp"
    finally:
        if process.returncode is None:
            process.terminate()
        async with asyncio.timeout(_STOP_SECONDS):
            await process.wait()
        if redis is not None:
            redis.stop()


def _redis() -> RedisServer:
    try:
        return start_redis(os.environ)
    except NoRedisError as error:
        raise SuiteError(str(error)) from None


async def _port(process: asyncio.subprocess.Process) -> int:
    if process.stdout is None:
        raise SuiteError("The service was started without a way to hear from it.")
    try:
        async with asyncio.timeout(_START_SECONDS):
            line = await process.stdout.readline()
    except TimeoutError:
        raise SuiteError(f"The service did not start within {_START_SECONDS} s.") from None
    if not line.strip().isdigit():
        raise SuiteError("The service did not start. What it said is above.")
    return int(line)


if __name__ == "__main__":
    sys.exit(main())
