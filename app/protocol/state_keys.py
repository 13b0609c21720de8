"""The keys that seal `requestState`."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

_KEY_ID: Final = b"portkey-admin-mcp request state key "


@dataclass(frozen=True, slots=True)
class StateKeys:
    """The keys: the first one seals, each of them opens.

    Attributes:
        secrets: 32 characters or more each.
        shared: Whether other replicas can have the same; False when they were made for this process.
    """

    secrets: tuple[str, ...]
    shared: bool

    @classmethod
    def of(cls, given: Iterable[str]) -> StateKeys:
        """Return the given keys, or a random one for this process when there are none."""
        keys = tuple(dict.fromkeys(given))
        return cls(keys, shared=True) if keys else cls((secrets.token_hex(32),), shared=False)

    @property
    def ids(self) -> tuple[str, ...]:
        """Names of the keys that say nothing of them, in their order."""
        return tuple(hashlib.sha256(_KEY_ID + key.encode()).hexdigest()[:16] for key in self.secrets)
