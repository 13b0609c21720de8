"""Tables of Markdown, and numbers as people read them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def table(head: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    """A table whose first column holds names, and whose others hold figures."""
    rule = ["---", *["--:"] * (len(head) - 1)]
    return "\n".join("| " + " | ".join(line) + " |" for line in (head, rule, *lines))


def number(value: float | None, digits: int = 0, unit: str = "") -> str:
    """A figure with so many digits after the point and spaces between thousands; a dash for none."""
    if value is None:
        return "–"  # noqa: RUF001 - a dash in a table
    text = f"{value:,.{digits}f}".replace(",", " ")
    return f"{text} {unit}".rstrip()


def share(value: float | None) -> str:
    """A ratio with about two significant digits."""
    if value is None:
        return number(None)
    return number(value, 0 if value >= 10 else 1 if value >= 3 else 2)  # noqa: PLR2004


def mebibytes(value: float | None) -> str:
    return number(None if value is None else value / 2**20)
