"""`python -m bench`: our service next to its peers and to a bare application, interleaved."""

from __future__ import annotations

import datetime as dt
import os
import platform
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any

import orjson

from bench import cold, delay, growth, memory, page, table
from bench.lab import Lab, laboratory, say
from bench.options import PUBLISHED, Options, parse
from bench.summary import rounded

MEASURE: Mapping[str, Callable[[Lab, Options], dict[str, Any]]] = {
    "table": table.run,
    "delay": delay.run,
    "memory": memory.run,
    "cold": cold.run,
    "growth": growth.run,
}


def main() -> int:
    options = parse()
    figures: dict[str, Any] = {}
    if options.output.exists():
        figures = orjson.loads(options.output.read_bytes())
    options.output.parent.mkdir(parents=True, exist_ok=True)
    with laboratory() as lab:
        for part in options.parts:
            begun = time.monotonic()
            measured = MEASURE[part](lab, options)
            took = round(time.monotonic() - begun)
            figures[part] = {"about": _about(lab, options, took), **rounded(measured)}
            # After each part, so that one that fails takes none of the others with it.
            options.output.write_bytes(orjson.dumps(figures, option=orjson.OPT_INDENT_2) + b"\n")
            print("\n" + page.section(part, figures[part]), flush=True)
            say(f"{part}: {took} s")
    if options.output == PUBLISHED:
        page.publish(figures)
        say(f"Also in {page.PAGE}, with curves.")
    say(f"The figures are in {options.output}.")
    for problem in lab.problems:
        say(f"FAILED  {problem}")
    return 1 if lab.problems else 0


def _about(lab: Lab, options: Options, took: int) -> dict[str, Any]:
    return {
        "date": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
        "python": platform.python_version(),
        "pinned": lab.measured_core is not None,
        "seconds": options.seconds,
        "rounds": options.rounds,
        "took_seconds": took,
    }


if __name__ == "__main__":
    sys.exit(main())
