"""Results that are the same for all callers with the same tools, kept with their bytes."""

from __future__ import annotations

import json
from collections import OrderedDict
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from app.protocol.vocabulary import HANDSHAKE_VERSIONS, MODERN_VERSIONS

if TYPE_CHECKING:
    from app.auth.policy import Policy
    from app.catalog.toolbox import Selection, Toolbox
    from app.protocol.results import Results

INITIALIZE: Final = "initialize"
LIST_TOOLS: Final = "tools/list"
DISCOVER: Final = "server/discover"

_RESULTS_KEPT: Final = 64

_Key: TypeAlias = tuple[int, str, str, str | None]


@dataclass
class StoredResult:
    """One result in wire form.

    Attributes:
        selection: For whom.
        result: The result.
    """

    selection: Selection
    result: dict[str, Any]

    @cached_property
    def json(self) -> bytes:
        """The result as the SDK would write it."""
        return json.dumps(self.result, separators=(",", ":")).encode()


class StoredResults:
    """Answers again what was answered before.

    Args:
        toolbox: The catalogue.
        results: Makes what was not.
        most: Results kept; the one that was not asked for longest goes first.
    """

    def __init__(self, toolbox: Toolbox, results: Results, *, most: int = _RESULTS_KEPT) -> None:
        self._toolbox = toolbox
        self._results = results
        self._most = most
        self._kept: OrderedDict[_Key, StoredResult] = OrderedDict()

    def find(self, policy: Policy, version: str, method: str, cursor: str | None) -> StoredResult | None:
        """Return the result of a method of this version; None when it has none, or none at this cursor."""
        selection = self._toolbox.selection(policy)
        key = (id(selection), version, method, cursor)
        found = self._kept.get(key)
        if found is not None and found.selection is selection:
            self._kept.move_to_end(key)
            return found
        result = self._make(policy, version, method, cursor)
        if result is None:
            return None
        made = self._kept[key] = StoredResult(selection, result)
        self._kept.move_to_end(key)
        while len(self._kept) > self._most:
            self._kept.popitem(last=False)
        return made

    def _make(self, policy: Policy, version: str, method: str, cursor: str | None) -> dict[str, Any] | None:
        if method == LIST_TOOLS and version in (*MODERN_VERSIONS, *HANDSHAKE_VERSIONS):
            return self._results.tools(policy, version, cursor)
        if method == DISCOVER and version in MODERN_VERSIONS:
            return self._results.description(policy, version)
        if method == INITIALIZE and version in HANDSHAKE_VERSIONS:
            return self._results.handshake(policy, version)
        return None
