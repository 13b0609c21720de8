"""What the system's accounts say of a process and those that it started (Linux)."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from pathlib import Path


def cpu_seconds(pid: int) -> float | None:
    """CPU time of all their threads, to the nanosecond; None where the system does not tell."""
    if sys.platform != "linux":
        return None
    # What clock_getcpuclockid(3) gives, which Python does not have for other processes.
    return sum(time.clock_gettime_ns((~one << 3) | 2) for one in _family(pid)) / 1e9


def resident(pid: int) -> int | None:
    """Their memory in bytes (VmRSS); None where the system does not tell.

    What several processes share counts for each.
    """
    if sys.platform != "linux":
        return None
    return sum(_resident(one) for one in _family(pid))


def _resident(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return int(status.partition("VmRSS:")[2].split()[0]) * 1024


def _family(pid: int) -> Iterator[int]:
    yield pid
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text(encoding="ascii").split():
            yield from _family(int(child))
