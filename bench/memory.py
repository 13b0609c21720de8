"""What memory a server takes when it is idle, and after many calls (VmRSS of its processes)."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

from bench.accounts import resident
from bench.lab import Lab, Variant, say
from bench.messages import Era
from bench.options import Options
from bench.peers import npm_peer
from bench.processes import backend, settle
from bench.servers import (
    BARE,
    NPM_STATEFUL,
    NPM_STATELESS,
    OURS_2026,
    OURS_STATEFUL,
    OURS_STATELESS,
    bare,
    service,
)

CLIENTS = 16
SLOWEST = 200
"""Calls a second that are waited for; who makes fewer is cut off."""
NPM_SECONDS = 15.0
"""The npm package would take minutes."""

Started = contextlib.AbstractContextManager[tuple[int, int]]
Start = Callable[[str, int | None], Started]


def run(lab: Lab, options: Options) -> dict[str, Any]:
    """Measure each server in a fresh process; one row for each."""
    rows = []
    with backend(lab.measuring_core) as portkey:
        for name, era, sessions, start in _servers(npm=options.npm):
            say(f"memory: {name}")
            longest = options.memory_calls / SLOWEST
            if name in (NPM_STATEFUL, NPM_STATELESS):
                longest = min(longest, NPM_SECONDS)
            with start(portkey, lab.measured_core) as (port, pid):
                variant = Variant(name, port, pid, era, sessions)
                settle([pid])
                idle = resident(pid)
                calls = lab.sample(variant, "tools/call", CLIENTS, longest, most=options.memory_calls)
                after = resident(pid)
            rows.append(
                {"server": name, "idle_bytes": idle, "after_bytes": after, "calls": calls.measured.requests}
            )
    return {"clients": CLIENTS, "rows": rows}


def _servers(*, npm: bool) -> list[tuple[str, Era, bool, Start]]:
    ours: list[tuple[str, Era, bool, Start]] = [
        (BARE, "2025", False, bare),
        (OURS_2026, "2026", False, lambda portkey, core: service("stateless", portkey, core)),
        (OURS_STATELESS, "2025", False, lambda portkey, core: service("stateless", portkey, core)),
        (OURS_STATEFUL, "2025", True, lambda portkey, core: service("stateful", portkey, core)),
    ]
    theirs: list[tuple[str, Era, bool, Start]] = [
        (NPM_STATELESS, "2025", False, lambda portkey, core: npm_peer("stateless", portkey, core)),
        (NPM_STATEFUL, "2025", True, lambda portkey, core: npm_peer("stateful", portkey, core)),
    ]
    return [*ours, *theirs] if npm else ours
