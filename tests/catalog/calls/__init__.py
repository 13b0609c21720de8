"""One call of every tool, as data: what tests that go through the whole catalogue are driven by."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

Arguments: TypeAlias = "Mapping[str, Any | Callable[[Any], Any]]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """How a tool is called so that it succeeds and so that it fails, on a fresh sandbox each.

    Attributes:
        tool: The tool's name.
        minimal: Required arguments only.
        everything: Every argument that can be given together.
        also: Further arguments that succeed, when some exclude each other.
        failing: Arguments that fit the schema (mostly), and that Portkey or a rule refuses.
        sends: Method and path of the request that the minimal call makes last, such as ("GET", "/v1/labels").
        before: Tool calls to make first, in order.
        key: The sandbox key to call with; the admin key when None.
    """

    tool: str
    minimal: Arguments
    everything: Arguments
    failing: Arguments
    sends: tuple[str, str] | None
    before: tuple[tuple[str, Arguments], ...] = ()
    key: str | None = None
    also: tuple[Arguments, ...] = ()
