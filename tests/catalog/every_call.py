"""The calls of all domains, and the values in them made definite."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from types import MappingProxyType
from typing import Any

from app.catalog.registry import DOMAINS
from tests.catalog.calls import Call


@dataclass(frozen=True, slots=True)
class World:
    """What an argument may be looked up in: the answers of the calls made before."""

    answers: list[Any] = field(default_factory=list)


@cache
def every_call() -> Mapping[str, Call]:
    """Return the calls by tool name, in the order of the domains. A domain's module may be missing."""
    modules = [f"tests.catalog.calls.{domain.replace('-', '_')}" for domain in DOMAINS]
    calls = [call for name in modules if find_spec(name) for call in import_module(name).CALLS]
    by_name = {call.tool: call for call in calls}
    assert len(by_name) == len(calls), "two calls of one tool"
    return MappingProxyType(by_name)


def settled(arguments: Mapping[str, Any], world: World) -> dict[str, Any]:
    """Return the arguments with each callable among their values called."""
    return {name: value(world) if callable(value) else value for name, value in arguments.items()}
