"""Charts as SVG, by hand: panels of lines, and bars. Readable in light and dark, and without colours."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

WIDTH, PANEL_HEIGHT, TITLE, LEGEND_LINE = 880, 250, 40, 22
LEFT, RIGHT, TOP, BOTTOM = 70, 20, 30, 46
BAR, GAP, NAMES = 14, 10, 190
_STYLE: Final = """
text { font: 12px system-ui, sans-serif; fill: #24292f }
.title { font-size: 15px; font-weight: 600 }
.paper { fill: #ffffff }
.grid { stroke: #d0d7de; stroke-width: 1 }
.axis { fill: none; stroke: #57606a; stroke-width: 1 }
.line { fill: none; stroke-width: 2 }
.c0 { --c: #57606a } .c1 { --c: #0969da } .c2 { --c: #bc4c00 } .c3 { --c: #1a7f37 } .c4 { --c: #8250df }
.line, .mark { stroke: var(--c) } .mark, .bar { fill: var(--c) }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 } .paper { fill: #0d1117 } .grid { stroke: #30363d } .axis { stroke: #8d96a0 }
  .c0 { --c: #9198a1 } .c1 { --c: #58a6ff } .c2 { --c: #f0883e } .c3 { --c: #3fb950 } .c4 { --c: #bc8cff }
}
"""
_DASHES: Final = ("", "", "6 3", "2 3", "8 3 2 3")
COLOURS: Final = 5


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a panel; points in the order of x. Lines of one style have one colour, dash and mark."""

    name: str
    points: Sequence[tuple[float, float]]
    style: int


@dataclass(frozen=True, slots=True)
class Panel:
    """One pair of axes. A logarithmic axis shows positive values alone."""

    y_label: str
    lines: Sequence[Line]
    y_log: bool = False


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar; a strong one stands out."""

    name: str
    value: float
    strong: bool


def panels(
    title: str,
    x_label: str,
    shown: Sequence[Panel],
    x_text: Callable[[float], str],
) -> str:
    """Panels in two columns over the same x, logarithmic, with one legend for all."""
    styles = {line.name: line.style for panel in shown for line in panel.lines}
    rows = math.ceil(len(shown) / 2)
    legend = _legend(styles, TITLE)
    top = TITLE + LEGEND_LINE
    parts = [f'<text class="title" x="16" y="26">{escape(title)}</text>', *legend]
    for number, panel in enumerate(shown):
        x, y = (number % 2) * WIDTH / 2, top + (number // 2) * PANEL_HEIGHT
        parts.append(f'<g transform="translate({x:g} {y:g})">')
        parts += _panel(panel, x_label, x_text)
        parts.append("</g>")
    return _document(WIDTH, top + rows * PANEL_HEIGHT, title, parts)


def bars(title: str, x_label: str, groups: Sequence[tuple[str, Sequence[Bar]]]) -> str:
    """Horizontal bars in groups, each with its name and its value; linear from 0."""
    most = max((bar.value for _, group in groups for bar in group), default=1.0) or 1.0
    scale = (WIDTH - NAMES - 90) / most
    parts = [f'<text class="title" x="16" y="26">{escape(title)}</text>']
    y = float(TITLE + 12)
    for heading, group in groups:
        parts.append(f'<text class="title" x="16" y="{y:g}">{escape(heading)}</text>')
        y += 8
        for bar in group:
            colour = "c1" if bar.strong else "c0"
            middle = y + BAR - 3
            parts.append(f'<text x="{NAMES - 8}" y="{middle:g}" text-anchor="end">{escape(bar.name)}</text>')
            width = max(bar.value * scale, 1)
            parts.append(
                f'<rect class="bar {colour}" x="{NAMES}" y="{y:g}" width="{width:.1f}" height="{BAR}"/>'
            )
            parts.append(f'<text x="{NAMES + width + 6:.1f}" y="{middle:g}">{short(bar.value)}</text>')
            y += BAR + 4
        y += GAP + BAR
    parts.append(f'<text x="{NAMES}" y="{y:g}">{escape(x_label)}</text>')
    return _document(WIDTH, y + 14, title, parts)


def short(value: float) -> str:
    """A figure for an axis: 1200 as 1.2k, 0.05 as it is."""
    for size, letter in ((1e6, "M"), (1e3, "k")):
        if value >= size:
            return f"{value / size:.3g}{letter}"
    return f"{value:.2g}" if value < 1 else f"{value:.3g}"


def _document(width: float, height: float, title: str, parts: Sequence[str]) -> str:
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" role="img">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style>"
        f'<rect class="paper" width="{width:g}" height="{height:g}"/>'
    )
    return "\n".join([head, *parts, "</svg>", ""])


def _legend(styles: Mapping[str, int], y: float) -> list[str]:
    parts, x = [], 16.0
    for name, number in styles.items():
        parts.append(f'<path class="line c{number % COLOURS}"{_dash(number)} d="M{x:g} {y + 8:g}h28"/>')
        parts.append(_mark(number, x + 14, y + 8))
        parts.append(f'<text x="{x + 34:g}" y="{y + 12:g}">{escape(name)}</text>')
        x += 54 + 7 * len(name)
    return parts


def _panel(panel: Panel, x_label: str, x_text: Callable[[float], str]) -> list[str]:
    right, bottom = WIDTH / 2 - RIGHT, PANEL_HEIGHT - BOTTOM
    points = [point for line in panel.lines for point in line.points]
    if not points:
        return []
    xs = sorted({x for x, _ in points})
    across = _scale(xs[0], xs[-1], LEFT, right, log=True)
    ticks = _ticks([y for _, y in points], log=panel.y_log)
    up = _scale(ticks[0], ticks[-1], bottom, TOP, log=panel.y_log)
    parts = [f'<text x="{LEFT}" y="{TOP - 12}">{escape(panel.y_label)}</text>']
    for tick in ticks:
        parts.append(f'<path class="grid" d="M{LEFT} {up(tick):.1f}H{right:g}"/>')
        parts.append(f'<text x="{LEFT - 8}" y="{up(tick) + 4:.1f}" text-anchor="end">{short(tick)}</text>')
    parts.append(f'<path class="axis" d="M{LEFT} {TOP}V{bottom}H{right:g}"/>')
    for x in xs:
        parts.append(f'<path class="axis" d="M{across(x):.1f} {bottom}v4"/>')
        parts.append(
            f'<text x="{across(x):.1f}" y="{bottom + 18}" text-anchor="middle">{escape(x_text(x))}</text>'
        )
    middle = (LEFT + right) / 2
    parts.append(f'<text x="{middle:g}" y="{bottom + 36}" text-anchor="middle">{escape(x_label)}</text>')
    for line in panel.lines:
        places = [(across(x), up(y)) for x, y in line.points]
        path = "L".join(f"{x:.1f} {y:.1f}" for x, y in places)
        parts.append(f'<path class="line c{line.style % COLOURS}"{_dash(line.style)} d="M{path}"/>')
        parts += [_mark(line.style, x, y) for x, y in places]
    return parts


def _dash(number: int) -> str:
    dash = _DASHES[number % len(_DASHES)]
    return f' stroke-dasharray="{dash}"' if dash else ""


def _mark(number: int, x: float, y: float) -> str:
    """A shape for each line: circle, square, triangle, diamond, cross."""
    shapes = (
        f"M{x - 3:.1f} {y:.1f}a3 3 0 1 0 6 0a3 3 0 1 0 -6 0",
        f"M{x - 3:.1f} {y - 3:.1f}h6v6h-6z",
        f"M{x:.1f} {y - 4:.1f}l4 7h-8z",
        f"M{x:.1f} {y - 4:.1f}l4 4l-4 4l-4 -4z",
        f"M{x - 3:.1f} {y - 3:.1f}l6 6m0 -6l-6 6",
    )
    return f'<path class="mark c{number % COLOURS}" d="{shapes[number % len(shapes)]}"/>'


def _scale(lowest: float, highest: float, start: float, end: float, *, log: bool) -> Callable[[float], float]:
    """A function from values to places."""
    low, high = (math.log10(lowest), math.log10(highest)) if log else (lowest, highest)
    span = (high - low) or 1.0

    def place(value: float) -> float:
        return start + ((math.log10(value) if log else value) - low) / span * (end - start)

    return place


def _ticks(values: Sequence[float], *, log: bool) -> list[float]:
    """Round numbers around the values: from 0, or powers of ten."""
    if log:
        positive = [value for value in values if value > 0] or [1.0]
        low, high = math.floor(math.log10(min(positive))), math.ceil(math.log10(max(positive)))
        return [10.0**power for power in range(low, max(high, low + 1) + 1)]
    most = max(*values, 0.0) or 1.0
    rough = most / 4
    size = 10.0 ** math.floor(math.log10(rough))
    step = next(size * factor for factor in (1, 2, 2.5, 5, 10) if size * factor >= rough)
    return [step * number for number in range(math.ceil(most / step - 1e-9) + 1)]
