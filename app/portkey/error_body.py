"""Reads Portkey's error answers, in every form they take, into a message and a code."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from app.portkey.json_types import JsonValue, decode_json
from app.portkey.redaction import clean_text

MAX_MESSAGE: Final = 2000
_MAX_PLAIN_TEXT: Final = 300
_CODE: Final = re.compile(r"[A-Za-z0-9_.-]{1,64}", re.ASCII)


@dataclass(frozen=True, slots=True)
class ErrorDetail:
    """What Portkey says is wrong; `message` is empty when it says nothing readable."""

    message: str
    code: str | None


def read_error_body(body: bytes, *, secret: str | None) -> ErrorDetail:
    """Find message and code in an error body.

    Portkey answers with `{"error": {...}}`, `{"error": "text"}`, `{"success": false, "data": {...}}` or the
    fields at the top level; the code is `errorCode` or `code`. Proxies in front of it answer with text or
    HTML: short text is kept, HTML is not. The message is one line of at most 2,000 characters and never
    contains the secret.
    """
    data = decode_json(body)
    if isinstance(data, str):
        text = "" if data.startswith("<") else data
        return ErrorDetail(clean_text(text, secret=secret, limit=_MAX_PLAIN_TEXT), None)
    places = _places(data)
    message = next((text for place in places if (text := _message(place))), "")
    code = next((code for place in places if (code := _code(place, secret))), None)
    return ErrorDetail(clean_text(message, secret=secret, limit=MAX_MESSAGE), code)


def _places(data: JsonValue) -> list[JsonValue]:
    """Where message and code may be, the likeliest first."""
    if not isinstance(data, dict):
        return [data]
    return [*(data[key] for key in ("error", "data") if data.get(key)), data]


def _message(place: JsonValue) -> str:
    if isinstance(place, str):
        return place.strip()
    if isinstance(place, list):
        return "; ".join(text for item in place if (text := _message(item)))
    if isinstance(place, dict):
        return _message(place.get("message")) or _message(place.get("detail"))
    return ""


def _code(place: JsonValue, secret: str | None) -> str | None:
    if not isinstance(place, dict):
        return None
    for key in ("errorCode", "code"):
        value = place.get(key)
        if isinstance(value, int) and not isinstance(value, bool):
            value = str(value)
        if isinstance(value, str) and _CODE.fullmatch(value) and not (secret and secret in value):
            return value
    return None
