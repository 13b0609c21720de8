"""JSON as Python types, and what of it can be sent."""

from __future__ import annotations

from math import isfinite
from typing import Final, TypeAlias

from app.portkey.json_types import JsonValue

__all__ = ["MAX_DEPTH", "JsonObject", "JsonValue", "is_unicode", "unsendable"]

JsonObject: TypeAlias = "dict[str, JsonValue]"

MAX_DEPTH: Final = 100
"""Levels of lists and objects taken from a client or shown to one."""

_INTEGERS: Final = range(-(2**63), 2**64)


def unsendable(value: JsonValue, depth: int = 0) -> str | None:
    """Say why this value has no place in a request, as the end of a sentence, or None when it has."""
    if isinstance(value, str):
        return (
            None
            if is_unicode(value)
            else "holds a character that is not valid Unicode (half of a surrogate pair)"
        )
    if isinstance(value, float):
        return None if isfinite(value) else "holds a number that is not finite"
    if isinstance(value, int):
        return None if value in _INTEGERS else "holds an integer of more than 64 bits"
    if not isinstance(value, list | dict):
        return None
    if depth >= MAX_DEPTH:
        return f"is nested more than {MAX_DEPTH} levels deep"
    inside = [*value, *value.values()] if isinstance(value, dict) else value
    return next((reason for item in inside if (reason := unsendable(item, depth + 1))), None)


def is_unicode(text: str) -> bool:
    """Whether the text can be written as UTF-8."""
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
