"""What a walkthrough is made of."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

Json: TypeAlias = Any

_MEMBER: Final = re.compile(r"(\w+)(?:\[(\w+)=([^\]]*)\])?\.?")


@dataclass(frozen=True, slots=True)
class Call:
    """A call that the agent makes.

    Attributes:
        tool: Its name.
        arguments: What is given; `{name}` in a text stands for what an earlier answer gave.
        keep: What later calls and words use of the answer, by name: a path such as `data[slug=x].id`.
        show: The members of the answer that the page shows, at the top of it; all of them when empty.
        why: A line before the call, where it does not explain itself.
        fails: The call is meant to be refused.
    """

    tool: str
    arguments: Mapping[str, Json] = field(default_factory=dict)
    keep: Mapping[str, str] = field(default_factory=dict)
    show: tuple[str, ...] = ()
    why: str = ""
    fails: bool = False


@dataclass(frozen=True, slots=True)
class Task:
    """What an administrator asks for, the calls that do it, and what the agent says in the end."""

    title: str
    asked: str
    calls: tuple[Call, ...]
    told: str


def filled(value: Json, kept: Mapping[str, str]) -> Json:
    """The value with each `{name}` in its texts replaced by what was kept under it."""
    if isinstance(value, str):
        return value.format_map(kept)
    if isinstance(value, list):
        return [filled(item, kept) for item in value]
    return {name: filled(item, kept) for name, item in value.items()} if isinstance(value, dict) else value


def found(answer: Json, path: str) -> str:
    """What stands at a path; `|dollars` at its end writes cents as dollars.

    Raises:
        LookupError: Nothing stands there.
    """
    way, _, form = path.partition("|")
    for name, key, wanted in _MEMBER.findall(way):
        answer = answer[name]
        if key:
            answer = next((item for item in answer if str(item.get(key)) == wanted), None)
            if answer is None:
                raise LookupError(path)
    return f"${int(answer) / 100:.2f}" if form == "dollars" else str(answer)
