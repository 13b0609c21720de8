"""The figures of docs/performance.md: every table and curve comes from the JSON of a run."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from bench import curves
from bench.markdown import mebibytes, number, share, table
from bench.options import PARTS, PUBLISHED

PAGE = PUBLISHED.parents[1] / "performance.md"
BEGIN, END = "<!-- figures: begin -->", "<!-- figures: end -->"
OPEN_CLIENTS = 16
"""The number of clients whose table is shown; the others are folded away."""
Part = Mapping[str, Any]


def publish(figures: Mapping[str, Part]) -> None:
    """Draw the curves, and put them and the tables between the markers of the page."""
    for name, drawing in curves.draw(figures).items():
        (PUBLISHED.parent / f"{name}.svg").write_text(drawing, encoding="utf-8")
    PAGE.write_text(filled(PAGE.read_text(encoding="utf-8"), figures), encoding="utf-8")


def filled(page: str, figures: Mapping[str, Part]) -> str:
    """The page with these figures between its markers.

    Raises:
        ValueError: The markers are not there, once each and in this order.
    """
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end) or BEGIN in after or END in after:
        raise ValueError(f"The page needs the lines {BEGIN} and {END}, once each.")
    shown = "\n\n".join(section(part, figures[part]) for part in PARTS if part in figures)
    return f"{before}{BEGIN}\n\n{shown}\n\n{END}{after}"


def section(part: str, data: Part) -> str:
    """What is shown of one part."""
    return f"{_SECTIONS[part](data)}\n\n{_measured(data['about'])}"


def _measured(about: Mapping[str, Any]) -> str:
    cores = "one core for the measured" if about["pinned"] else "cores as the system chose"
    return (
        f"<sub>{about['date'][:10]}, {about['machine']}, {cores}, Python {about['python']},"
        f" {about['rounds']} rounds of {about['seconds']} s.</sub>"
    )


def _table(data: Part) -> str:
    operations = list(dict.fromkeys(row["operation"] for row in data["rows"]))
    clients = sorted({row["clients"] for row in data["rows"]})
    shown = OPEN_CLIENTS if OPEN_CLIENTS in clients else clients[0]
    parts = ["### Requests per second and latency"]
    for operation in operations:
        title = "initialize / server/discover" if operation == "initialize" else operation
        rows = [row for row in data["rows"] if row["operation"] == operation]
        parts.append(f"**{title}**, {_clients(shown)}:")
        parts.append(_operation([row for row in rows if row["clients"] == shown]))
        for others in clients:
            if others != shown:
                body = _operation([row for row in rows if row["clients"] == others])
                summary = f"<summary>{title}, {_clients(others)}</summary>"
                parts.append(f"<details>{summary}\n\n{body}\n\n</details>")
    parts.append(_image("ratios", "Requests per second as a share of bare's"))
    return "\n\n".join(parts)


def _clients(clients: int) -> str:
    return f"{clients} client{'s' * (clients > 1)}"


def _operation(rows: Sequence[Part]) -> str:
    return table(
        [
            "server",
            "requests/s (spread)",
            "of bare",
            "x npm stateful",
            "x npm stateless",
            "p50 ms",
            "p99 ms",
            "p99 of bare",
            "p99 of npm stateful",
            "CPU µs",
        ],
        (
            [
                row["server"],
                f"{number(row['rps'])} ({number(row['rps_lowest'])}..{number(row['rps_highest'])})",
                share(row["of_bare"]),
                share(row["of_npm_stateful"]),
                share(row["of_npm_stateless"]),
                number(row["p50_ms"], 2),
                number(row["p99_ms"], 2),
                share(row["p99_of_bare"]),
                share(row["p99_of_npm_stateful"]),
                number(row["cpu_us"]),
            ]
            for row in rows
        ),
    )


def _delay(data: Part) -> str:
    lines = (
        [
            row["server"],
            number(row["clients"]),
            number(row["rps"]),
            number(row["p50_ms"], 2),
            number(row["p99_ms"], 2),
            number(row.get("added_p50_ms"), 2),
            number(row.get("added_p99_ms"), 2),
        ]
        for row in data["rows"]
    )
    head = ["server", "clients", "calls/s", "p50 ms", "p99 ms", "added p50 ms", "added p99 ms"]
    return f"### A Portkey that takes {data['delay_ms']} ms\n\n{table(head, lines)}"


def _memory(data: Part) -> str:
    lines = (
        [
            row["server"],
            mebibytes(row["idle_bytes"]),
            mebibytes(row["after_bytes"]),
            number(row["calls"]),
        ]
        for row in data["rows"]
    )
    head = ["server", "idle, MiB", "after the calls, MiB", "calls"]
    return f"### Memory\n\n{table(head, lines)}"


def _cold(data: Part) -> str:
    lines = (
        [
            row["program"],
            row["operation"] or "",
            _times(row["one_core_ms"]),
            _times(row["all_cores_ms"]),
        ]
        for row in data["rows"]
    )
    head = ["program", "first answer", "one core, ms (spread)", "all cores, ms (spread)"]
    starts = table(head, lines)
    imports = table(
        ["package", "itself, ms", "with what it imports first, ms"],
        (
            [row["package"], number(row["own_ms"]), number(row["with_others_ms"])]
            for row in data["imports"]["packages"]
        ),
    )
    total = number(data["imports"]["total_ms"])
    return (
        f"### Cold start\n\nMedians of {data['starts']} starts.\n\n{starts}\n\n"
        f"{_image('cold', 'From the start of the process to the first answer')}\n\n"
        f"What ours imports until it has answered `tools/list`, {total} ms in all while it is traced:"
        f"\n\n{imports}"
    )


def _times(spread: Mapping[str, float] | None) -> str:
    if spread is None:
        return number(None)
    return f"{number(spread['median'])} ({number(spread['lowest'])}..{number(spread['highest'])})"


def _growth(data: Part) -> str:
    sessions = data["sessions"]
    grown = ""
    if len(sessions) > 1 and None not in (sessions[0]["bytes"], sessions[-1]["bytes"]):
        few, many = sessions[0], sessions[-1]
        each = (many["bytes"] - few["bytes"]) / (many["x"] - few["x"]) / 1024
        grown = (
            f"With {number(many['x'])} sessions the process has {mebibytes(many['bytes'])} MiB,"
            f" {number(each, 1)} KiB for each that nobody uses.\n\n"
        )
    return (
        "### How it grows\n\n"
        f"{_image('clients', 'Calls with more and more clients')}\n\n"
        f"{_image('sizes', 'Calls with larger and larger answers')}\n\n"
        f"{_image('sessions', 'Calls with more and more open sessions')}\n\n{grown}"
        f"{_image('workers', 'Calls with one worker and with two')}"
    )


def _image(name: str, description: str) -> str:
    return f"![{description}](performance/{name}.svg)"


_SECTIONS: Mapping[str, Callable[[Part], str]] = {
    "table": _table,
    "delay": _delay,
    "memory": _memory,
    "cold": _cold,
    "growth": _growth,
}
