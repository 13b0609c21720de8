"""Whether a prompt as Portkey has it is already as somebody wants it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import orjson

from app.catalog.json_value import JsonObject, JsonValue


def differences(current: JsonObject, wanted: Mapping[str, JsonValue]) -> list[str]:
    """Return the names in `wanted` whose value is not the one `current` has."""
    return [
        name for name, value in wanted.items() if not _COMPARE.get(name, same_json)(current.get(name), value)
    ]


def lacks(current: JsonValue, wanted: JsonObject) -> bool:
    """Whether an object misses one of these members, or has it with another value."""
    held = current if isinstance(current, dict) else {}
    return any(name not in held or not same_json(held[name], value) for name, value in wanted.items())


def same_json(left: JsonValue, right: JsonValue) -> bool:
    """Whether two values are the same JSON. 1 and 1.0 are; 1 and true are not."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(same_json, left, right))
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(same_json(left[name], right[name]) for name in left)
    return left == right


def _same_template(left: JsonValue, right: JsonValue) -> bool:
    """Messages are JSON inside the string, which Portkey may have written anew."""
    if left == right:
        return True
    messages = _messages(left)
    return messages is not None and same_json(messages, _messages(right))


def _messages(template: JsonValue) -> JsonValue:
    if not isinstance(template, str):
        return None
    try:
        decoded: JsonValue = orjson.loads(template)
    except orjson.JSONDecodeError:
        return None
    return decoded if isinstance(decoded, list) else None


def _same_parameters(left: JsonValue, right: JsonValue) -> bool:
    """Portkey adds the model to the parameters it answers with."""
    if isinstance(left, dict) and isinstance(right, dict) and "model" not in right:
        left = {name: value for name, value in left.items() if name != "model"}
    return same_json(left, right)


def _same_list(left: JsonValue, right: JsonValue) -> bool:
    """None at all is `null` or an empty list."""
    return same_json(left or [], right or [])


def _same_flag(left: JsonValue, right: JsonValue) -> bool:
    """Portkey answers with 0 and 1, and documents false and true."""
    return bool(left) == bool(right)


_COMPARE: Mapping[str, Callable[[JsonValue, JsonValue], bool]] = {
    "string": _same_template,
    "parameters": _same_parameters,
    "functions": _same_list,
    "tools": _same_list,
    "is_raw_template": _same_flag,
}
