"""The page shows the figures that lie next to it."""

from __future__ import annotations

import json

import pytest

from bench import curves
from bench.options import PUBLISHED
from bench.page import BEGIN, END, PAGE, filled

ABOUT = {
    "date": "2026-11-25T10:00:00+00:00",
    "machine": "Linux x86_64, 2 cores",
    "python": "3.11.7",
    "pinned": True,
    "seconds": 1.0,
    "rounds": 3,
}
MEMORY = {
    "about": ABOUT,
    "rows": [{"server": "ours, 2026", "idle_bytes": 64 * 2**20, "after_bytes": 96 * 2**20, "calls": 20_000}],
}
EXAMPLE = f"Before.\n\n{BEGIN}\nold figures\n{END}\n\nAfter.\n"


def test_figures_replace_what_is_between_the_markers_and_nothing_else() -> None:
    page = filled(EXAMPLE, {"memory": MEMORY})
    assert page.startswith(f"Before.\n\n{BEGIN}\n")
    assert page.endswith(f"{END}\n\nAfter.\n")
    assert "old figures" not in page
    assert "| ours, 2026 | 64 | 96 | 20 000 |" in page
    assert filled(page, {"memory": MEMORY}) == page


@pytest.mark.parametrize("page", ["no markers", BEGIN, f"{END} {BEGIN}", EXAMPLE + EXAMPLE])
def test_a_page_without_its_markers_is_left_alone(page: str) -> None:
    with pytest.raises(ValueError, match="once each"):
        filled(page, {"memory": MEMORY})


@pytest.mark.skipif(not PUBLISHED.exists(), reason="make bench has written no figures yet")
def test_the_page_and_its_drawings_come_from_the_figures_next_to_them() -> None:
    figures = json.loads(PUBLISHED.read_text(encoding="utf-8"))
    page = PAGE.read_text(encoding="utf-8")
    assert filled(page, figures) == page
    for name, drawing in curves.draw(figures).items():
        assert (PUBLISHED.parent / f"{name}.svg").read_text(encoding="utf-8") == drawing
