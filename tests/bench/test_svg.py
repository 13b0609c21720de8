"""The drawings of the benchmark."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

import pytest

from bench import svg
from bench.svg import Bar, Line, Panel

NAMESPACE = {"svg": "http://www.w3.org/2000/svg"}
LINES = [Line("bare", [(1, 100), (10, 300)], 0), Line("ours <b>", [(1, 50), (10, 200)], 1)]


def read(drawing: str) -> ET.Element:
    return ET.fromstring(drawing)  # noqa: S314 - we drew it ourselves


def texts(drawing: str) -> list[str]:
    return [element.text or "" for element in read(drawing).iterfind(".//svg:text", NAMESPACE)]


def test_a_chart_names_its_axes_with_their_units_and_its_lines() -> None:
    shown = texts(svg.panels("Calls", "clients", [Panel("p50, ms", LINES)], svg.short))
    assert {"Calls", "clients", "p50, ms", "bare", "ours <b>", "1", "10", "300"} <= set(shown)


def test_more_is_higher_and_further_right() -> None:
    drawing = svg.panels("Calls", "clients", [Panel("requests/s", LINES)], svg.short)
    path = re.search(r'class="line c0" d="M([\d.]+) ([\d.]+)L([\d.]+) ([\d.]+)"', drawing)
    assert path
    x1, y1, x2, y2 = map(float, path.groups())
    assert x2 > x1
    assert y2 < y1


def test_lines_differ_without_colours_too() -> None:
    drawing = svg.panels("Calls", "clients", [Panel("requests/s", LINES)], svg.short)
    marks = re.findall(r'class="mark c(\d)" d="M[\d.]+ [\d.]+([^"]*)"', drawing)
    assert len({shape for number, shape in marks if number == "0"}) == 1
    assert len({shape for _, shape in marks}) == 2


@pytest.mark.parametrize("scheme", ["@media (prefers-color-scheme: dark)", 'class="paper"'])
def test_a_chart_brings_its_own_background_for_light_and_dark(scheme: str) -> None:
    assert scheme in svg.bars("Start", "ms", [("first", [Bar("ours", 3, strong=True)])])


def test_a_bar_is_as_long_as_its_value() -> None:
    drawing = svg.bars("Start", "ms", [("first", [Bar("a", 2, strong=True), Bar("b", 1, strong=False)])])
    widths = re.findall(r'class="bar c\d" [^>]*width="([\d.]+)"', drawing)
    assert float(widths[0]) == pytest.approx(2 * float(widths[1]), rel=0.01)
    assert {"ms", "a", "b", "2", "1"} <= set(texts(drawing))


@pytest.mark.parametrize("values", [[0.0], [0.02, 0.3], [7, 7], [123_456, 1]])
def test_axes_reach_around_whatever_is_measured(values: list[float]) -> None:
    for log in (False, True):
        points = [(number + 1.0, value) for number, value in enumerate(values) if value or not log]
        drawing = svg.panels(
            "T", "x", [Panel("y", [Line("one", points, 0)] if points else [], log)], svg.short
        )
        read(drawing)
        for y in re.findall(r'class="mark c0" d="M[\d.]+ (-?[\d.]+)', drawing):
            assert 0 < float(y) < svg.PANEL_HEIGHT


def test_figures_on_axes_are_short() -> None:
    assert [svg.short(value) for value in (0.05, 1, 12, 1200, 2_500_000)] == [
        "0.05",
        "1",
        "12",
        "1.2k",
        "2.5M",
    ]
