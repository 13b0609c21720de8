"""The costs of imports by package."""

from __future__ import annotations

from bench.imports import by_package

WRITTEN = """\
import time: self [us] | cumulative | imported package
import time:       100 |        100 |   encodings.aliases
import time:       200 |        300 | encodings
{"message": "a line of the log"}
import time:      1000 |       1000 |     heavy.core
import time:      2000 |       3000 |   heavy
import time:       500 |       3500 | ours.part
import time:       700 |        700 | ours.other
"""


def test_what_a_package_takes_itself_adds_up_to_the_whole() -> None:
    packages = {row["package"]: row for row in by_package(WRITTEN)}
    assert {name: row["own_ms"] for name, row in packages.items()} == {
        "heavy": 3.0,
        "ours": 1.2,
        "standard library": 0.3,
    }


def test_what_a_package_imports_first_counts_for_it_once() -> None:
    packages = {row["package"]: row["with_others_ms"] for row in by_package(WRITTEN)}
    assert packages == {"heavy": 3.0, "ours": 4.2, "standard library": 0.3}


def test_the_costliest_package_comes_first() -> None:
    assert next(iter(by_package(WRITTEN)))["package"] == "heavy"
