"""Which figures are drawn, and how."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from bench import svg
from bench.servers import BARE, NPM_STATEFUL, OURS, OURS_2026, OURS_STATEFUL, OURS_STATELESS

Rows = Sequence[Mapping[str, Any]]
RATIO_CLIENTS = 16
KB = 1024
STYLES = (BARE, OURS_2026, OURS_STATELESS, OURS_STATEFUL, NPM_STATEFUL)
"""Those that look the same in every drawing."""
WIDE = 30
"""An axis whose values differ by more than this factor is logarithmic."""


def draw(figures: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """The drawings of the parts that were measured, by the name of their file."""
    return dict(_drawings(figures))


def _drawings(figures: Mapping[str, Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    if "table" in figures:
        yield "ratios", _ratios(figures["table"]["rows"])
    if "cold" in figures:
        yield "cold", _cold(figures["cold"]["rows"])
    if "growth" in figures:
        growth = figures["growth"]
        few = f"tools/call, {growth['clients_elsewhere']} clients"
        yield "clients", _four("tools/call, more and more clients", "clients", growth["clients"])
        yield (
            "sizes",
            _four(f"{few}, larger and larger answers", "answer of Portkey", growth["sizes"], _bytes),
        )
        yield "sessions", _four(f"{few}, more and more open sessions", "open sessions", growth["sessions"])
        yield "workers", _four("tools/call, one worker and two, on all cores", "clients", growth["workers"])


def _four(title: str, x_label: str, rows: Rows, x_text: Callable[[float], str] = svg.short) -> str:
    """Rate, latencies and CPU time over x."""
    figures = (
        ("requests/s", "rps"),
        ("CPU, µs a request", "cpu_us"),
        ("p50, ms", "p50_ms"),
        ("p99, ms", "p99_ms"),
    )
    return svg.panels(title, x_label, [_panel(label, rows, key) for label, key in figures], x_text)


def _panel(label: str, rows: Rows, key: str) -> svg.Panel:
    lines: dict[str, list[tuple[float, float]]] = {}
    for row in rows:
        points = lines.setdefault(row["server"], [])
        if row[key]:  # neither unknown nor of a measurement that failed
            points.append((row["x"], row[key]))
    values = [y for points in lines.values() for _, y in points]
    # A rate is read as so many times another, from 0.
    wide = key != "rps" and bool(values) and max(values) / min(values) > WIDE
    shown = [
        svg.Line(name, sorted(points), STYLES.index(name) if name in STYLES else number)
        for number, (name, points) in enumerate(lines.items())
        if points
    ]
    return svg.Panel(label, shown, wide)


def _bytes(size: float) -> str:
    return f"{size / KB / KB:g} MB" if size >= KB * KB else f"{size / KB:g} KB"


def _ratios(rows: Rows) -> str:
    operations = list(dict.fromkeys(row["operation"] for row in rows))
    groups = [
        (
            operation,
            [
                _bar(row["server"], row["of_bare"])
                for row in rows
                if row["operation"] == operation
                and row["clients"] == RATIO_CLIENTS
                and row["server"] in STYLES
                and row["of_bare"] is not None
            ],
        )
        for operation in operations
    ]
    title = f"Requests per second as a share of bare's, {RATIO_CLIENTS} clients"
    return svg.bars(title, "requests/s, bare = 1", groups)


def _bar(name: str, value: float) -> svg.Bar:
    return svg.Bar(name, value, strong=name.startswith(OURS))


def _cold(rows: Rows) -> str:
    groups: dict[str, list[svg.Bar]] = {}
    for row in rows:
        spread = row["one_core_ms"] or row["all_cores_ms"]
        heading = f"first {row['operation']}" if row["operation"] else "for comparison"
        groups.setdefault(heading, []).append(_bar(row["program"], spread["median"]))
    return svg.bars("From the start of the process to the first answer", "ms", list(groups.items()))
