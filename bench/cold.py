"""From the start of a process to its first answer, which is to its first request.

Each start is a fresh process, the programs take turns, and the client asks for the connection every 2 ms.
Files are in the system's cache, byte code is compiled: a restart, not the first start after an installation.
"""

from __future__ import annotations

import dataclasses
import functools
import statistics
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from bench import first_answer
from bench.imports import by_package
from bench.lab import Lab, say
from bench.messages import Era, Operation
from bench.options import Options
from bench.peers import npm_command, sdk_command
from bench.processes import ROOT, backend, free_port, module, process
from bench.servers import NPM_STATEFUL, NPM_STATELESS, OURS_2026, OURS_STATEFUL, OURS_STATELESS, our_settings

_SDK_IMPORT: Final = "import mcp.server.lowlevel, mcp.server.streamable_http_manager"
SDK_IMPORT, PYTHON = "import of the SDK", "python"
MOST_PACKAGES = 12

Prepared = tuple[Sequence[str], Mapping[str, str]]
"""A command and its environment."""


@dataclass(frozen=True, slots=True)
class Start:
    """A program, and what it is asked first; without an operation it is over when it prints something.

    `everywhere`: it is started with all cores as well.
    """

    name: str
    prepare: Callable[[int], Prepared]
    operation: Operation | None = None
    era: Era = "2025"
    sessions: bool = False
    everywhere: bool = True


def run(lab: Lab, options: Options) -> dict[str, Any]:
    """Start each program often, on one core and on all; one row for each, and the imports of ours."""
    _compile()
    with backend(lab.measuring_core) as portkey:
        starts = list(_starts(portkey, npm=options.npm))
        pinned: dict[Start, list[float]] = {start: [] for start in starts}
        free: dict[Start, list[float]] = {start: [] for start in starts}
        for start in starts:
            if start.operation != "tools/call":  # what it would read from the disk has been read by then
                _time(start, None)
        for number in range(options.starts):
            say(f"cold: start {number + 1} of {options.starts}")
            for start in starts:
                if start.everywhere or lab.measured_core is None:
                    free[start].append(_time(start, None))
                if lab.measured_core is not None:
                    pinned[start].append(_time(start, lab.measured_core))
        return {
            "starts": options.starts,
            "rows": [
                {
                    "program": start.name,
                    "operation": start.operation,
                    "one_core_ms": _spread(pinned[start]),
                    "all_cores_ms": _spread(free[start]),
                }
                for start in starts
            ],
            "imports": _imports_of_ours(portkey),
        }


def _compile() -> None:
    """Compile what may never have been, where PYTHONDONTWRITEBYTECODE is set or copies lost their times."""
    folders = [str(ROOT / "app"), str(ROOT / "bench"), sysconfig.get_path("purelib")]
    # Some packages carry files for other versions of Python, which do not compile.
    subprocess.run([sys.executable, "-m", "compileall", "-qq", *folders], check=False)


def _starts(portkey: str, *, npm: bool) -> list[Start]:
    stateless, stateful = (functools.partial(_ours, mode, portkey) for mode in ("stateless", "stateful"))
    ours = [
        Start(OURS_2026, stateless, "tools/list", "2026"),
        Start(OURS_STATELESS, stateless, "tools/list"),
        Start(OURS_STATEFUL, stateful, "tools/list", sessions=True),
    ]
    npm_stateless, npm_stateful = (
        Start(name, functools.partial(npm_command, mode, portkey), "tools/list", sessions=sessions)
        for name, mode, sessions in ((NPM_STATELESS, "stateless", False), (NPM_STATEFUL, "stateful", True))
    )
    peers = [npm_stateless, npm_stateful] if npm else []
    sdk = Start("SDK, 2025 stateless", functools.partial(sdk_command, "stateless", portkey), "tools/list")
    calls = [*ours, npm_stateful] if npm else ours
    return [
        *ours,
        *peers,
        sdk,
        *(dataclasses.replace(start, operation="tools/call", everywhere=False) for start in calls),
        Start(SDK_IMPORT, lambda _: ([sys.executable, "-c", f"{_SDK_IMPORT}; print(flush=True)"], {})),
        Start(PYTHON, lambda _: ([sys.executable, "-c", "print(flush=True)"], {})),
    ]


def _ours(mode: str, portkey: str, port: int) -> Prepared:
    return module("app", "http"), {"PORT": str(port), **our_settings(mode, portkey)}


def _time(start: Start, core: int | None) -> float:
    """Milliseconds from the start of the process to its answer."""
    port = free_port()
    command, settings = start.prepare(port)
    with tempfile.TemporaryFile() as log:
        begun = time.perf_counter()
        with process(command, core, settings, log) as started:
            if start.operation:
                first_answer.ask(port, start.era, start.operation, sessions=start.sessions)
            else:
                assert started.stdout
                assert started.stdout.read(1), start.name
            took = (time.perf_counter() - begun) * 1000
            started.kill()  # how it ends is not measured
            return took


def _spread(times: Sequence[float]) -> dict[str, float] | None:
    if not times:
        return None
    return {"median": statistics.median(times), "lowest": min(times), "highest": max(times)}


def _imports_of_ours(portkey: str) -> dict[str, Any]:
    """What ours imports until it has answered tools/list: the whole, and the costliest packages."""
    port = free_port()
    command, settings = _ours("stateless", portkey, port)
    with tempfile.NamedTemporaryFile() as log:
        with process([command[0], "-X", "importtime", *command[1:]], None, settings, log):
            first_answer.ask(port, "2026", "tools/list", sessions=False)
        packages = by_package(Path(log.name).read_text(encoding="utf-8"))
    return {
        "total_ms": sum(package["own_ms"] for package in packages),
        "packages": packages[:MOST_PACKAGES],
    }
