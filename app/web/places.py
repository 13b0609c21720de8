"""How many requests are being answered at once, in all and for each principal."""

from __future__ import annotations

from collections import Counter


class Places:
    """Counts requests in progress, with a bound on each count.

    Args:
        in_all: How many there may be.
        per_principal: How many of them one principal may have.
    """

    def __init__(self, *, in_all: int, per_principal: int) -> None:
        self.in_all = in_all
        self.per_principal = per_principal
        self._taken = 0
        self._by_owner: Counter[str] = Counter()

    @property
    def are_all_taken(self) -> bool:
        """Whether there is no place for anybody."""
        return self._taken >= self.in_all

    def take(self, owner: str | None) -> bool:
        """Take a place, unless none is left, or the owner has its share.

        Args:
            owner: Whose request it is; None for somebody without a share of their own.
        """
        if self._taken >= self.in_all:
            return False
        if owner is not None:
            if self._by_owner[owner] >= self.per_principal:
                return False
            self._by_owner[owner] += 1
        self._taken += 1
        return True

    def give_back(self, owner: str | None) -> None:
        """Give back a place that was taken."""
        self._taken -= 1
        if owner is not None:
            self._by_owner[owner] -= 1
            if not self._by_owner[owner]:
                del self._by_owner[owner]
