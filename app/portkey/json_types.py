"""The types of JSON as Portkey speaks it, and a strict encoder for request bodies."""

from __future__ import annotations

from math import isfinite
from typing import TypeAlias

import orjson

JsonValue: TypeAlias = "bool | int | float | str | list[JsonValue] | dict[str, JsonValue] | None"


def encode_json(value: JsonValue) -> bytes:
    """Encode a request body.

    orjson writes NaN and infinity as null, and null lifts a limit in Portkey. They are refused instead.

    Raises:
        ValueError: the value cannot be written as JSON; the message says why and quotes no value.
    """
    try:
        if not _all_finite(value):
            raise ValueError("the body contains a number that is not finite")
        return orjson.dumps(value)
    except (TypeError, RecursionError) as error:
        raise ValueError(f"the body cannot be written as JSON ({type(error).__name__})") from error


def decode_json(body: bytes) -> JsonValue:
    """Read an answer: None for an empty body, the text itself when it is not JSON."""
    content = body.removeprefix(b"\xef\xbb\xbf").strip()
    if not content:
        return None
    try:
        data: JsonValue = orjson.loads(content)
    except orjson.JSONDecodeError:
        return content.decode("utf-8", errors="replace")
    return data


def _all_finite(value: JsonValue) -> bool:
    if isinstance(value, float):
        return isfinite(value)
    if isinstance(value, dict):
        return all(_all_finite(item) for item in value.values())
    if isinstance(value, list):
        return all(_all_finite(item) for item in value)
    return True
