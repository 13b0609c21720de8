"""What importing costs, by package, from what `python -X importtime` writes."""

from __future__ import annotations

import re
import sys
from collections import defaultdict
from typing import Any

STANDARD_LIBRARY = "standard library"
_LINE = re.compile(r"import time:\s+(\d+) \|\s+(\d+) \| (\s*)(\S+)")


def by_package(written: str) -> list[dict[str, Any]]:
    """One row for each top-level package, the standard library as one, the costliest first; milliseconds.

    `own_ms` is spent in the package's modules themselves and adds up to the whole; `with_others_ms` has what
    they were the first to import as well.
    """
    own: dict[str, int] = defaultdict(int)
    whole: dict[str, int] = defaultdict(int)
    path: list[str] = []
    # A module is written after what it imports, deeper by two spaces a level: backwards, parents come first.
    for line in reversed(written.splitlines()):
        if found := _LINE.match(line):
            package = found[4].partition(".")[0]
            if package in sys.stdlib_module_names:
                package = STANDARD_LIBRARY
            del path[len(found[3]) // 2 :]
            own[package] += int(found[1])
            if package not in path:
                whole[package] += int(found[2])
            path.append(package)
    return [
        {"package": package, "own_ms": own[package] / 1000, "with_others_ms": whole[package] / 1000}
        for package in sorted(own, key=lambda name: own[name], reverse=True)
    ]
