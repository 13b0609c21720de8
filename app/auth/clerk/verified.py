"""Tokens that were checked not long ago, so that each is checked once."""

from __future__ import annotations

import time
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from app.auth.principal import Principal

MOST_TOKENS: Final = 10_000


@dataclass(frozen=True, slots=True)
class Verified:
    """The outcome of a check that went well.

    Attributes:
        principal: Whose token it is.
        expires_at: Until when the outcome holds, in seconds since 1970.
        generation: Of the keys it was checked with (`Jwks.generation`); None when no key was involved.
    """

    principal: Principal
    expires_at: float
    generation: int | None = None


class VerifiedTokens:
    """Remembers outcomes by the digest of the token; the one that was unused longest goes first."""

    def __init__(self, *, most: int = MOST_TOKENS) -> None:
        self._most = most
        self._outcomes: OrderedDict[bytes, Verified] = OrderedDict()

    def __len__(self) -> int:
        return len(self._outcomes)

    def get(self, digest: bytes, *, generation: int) -> Principal | None:
        """Return whose token it is; None when it has to be checked (again)."""
        found = self._outcomes.get(digest)
        if found is None:
            return None
        if found.expires_at <= time.time() or found.generation not in (None, generation):
            del self._outcomes[digest]
            return None
        self._outcomes.move_to_end(digest)
        return found.principal

    def put(self, digest: bytes, verified: Verified) -> None:
        """Remember an outcome."""
        self._outcomes[digest] = verified
        while len(self._outcomes) > self._most:
            self._outcomes.popitem(last=False)
