"""Query parameters of lists: filters and paging."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

from app.sandbox.errors import invalid
from app.sandbox.json_types import JsonObject

Item = TypeVar("Item")

MAX_PAGE_SIZE = 100


class Filters:
    """The checked query of a list request."""

    def __init__(
        self,
        query: Mapping[str, str],
        *,
        choices: Mapping[str, Sequence[str]] | None = None,
        page: str = "current_page",
        size: str = "page_size",
        default_size: int = MAX_PAGE_SIZE,
        max_size: int = MAX_PAGE_SIZE,
        first_page: int = 0,
    ) -> None:
        """Check a query.

        Args:
            query: The parameters as sent; unknown ones are ignored.
            choices: For each parameter the values it may have; several may be given, separated by commas.
            page: Name of the page number parameter.
            size: Name of the page size parameter.
            default_size: Page size when none is given.
            max_size: The largest page size.
            first_page: Number of the first page: 0, except on the few lists that count from 1.

        Raises:
            ApiError: 400 with every problem.
        """
        self._query = query
        self._first_page = first_page
        problems: list[str] = []
        self._page = self._integer(page, first_page, first_page, None, problems)
        self._size = self._integer(size, default_size, 1, max_size, problems)
        for name, allowed in (choices or {}).items():
            if any(value not in allowed for value in self.many(name)):
                problems.append(f"{name} must be one of {', '.join(allowed)}")
        if problems:
            raise invalid(problems)

    def one(self, name: str) -> str | None:
        """Return a parameter, or None if it is absent or empty."""
        return self._query.get(name) or None

    def many(self, name: str) -> list[str]:
        """Return the comma-separated values of a parameter."""
        return [value.strip() for value in (self.one(name) or "").split(",") if value.strip()]

    def cut(self, items: Sequence[Item]) -> list[Item]:
        """Return the page of `items` that was asked for."""
        start = (self._page - self._first_page) * self._size
        return list(items[start : start + self._size])

    def listing(self, documents: Sequence[JsonObject]) -> JsonObject:
        """Return the usual list envelope: the page asked for, and the total over all of `documents`."""
        return {"object": "list", "total": len(documents), "data": [*self.cut(documents)]}

    def _integer(self, name: str, default: int, low: int, high: int | None, problems: list[str]) -> int:
        given = self.one(name)
        if given is None:
            return default
        if given.isascii() and given.isdigit() and low <= int(given[:18]) <= (high or int(given[:18])):
            return int(given[:18])
        problems.append(
            f"{name} must be an integer {f'from {low} to {high}' if high else f'of at least {low}'}"
        )
        return default


def matches(search: str | None, *texts: object) -> bool:
    """Say whether `search` occurs in any of `texts`, whatever the case; no search matches everything."""
    return search is None or any(search.casefold() in str(text).casefold() for text in texts)
