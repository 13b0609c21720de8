"""Arguments as an audit record may keep them: without secrets, and bounded.

Arguments hold more secrets than answers do, and in rougher forms: text that was meant to be JSON, the bare
`key` of a provider, a password inside a URL. What is in doubt is hidden.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Final

import orjson

from app.catalog.json_value import MAX_DEPTH, JsonObject, JsonValue
from app.catalog.masking import MASK, TOO_DEEP, hide_secrets, is_secret

LARGEST: Final = 8192
"""Bytes of JSON that the arguments of one record take at most."""
LONGEST_TEXT: Final = 1000
"""Characters of one text that are kept."""
MOST_ITEMS: Final = 50
"""Items of a list, and members of an object, that are kept."""
_DEEPEST: Final = 12
_LONGEST_NAME: Final = 64
_LARGEST_IN_A_LARGE_ONE: Final = 64

_SPEAKS_OF_SECRETS: Final = re.compile(
    r"key|authorization|passw|passphrase|secret|token|credential|cookie|bearer", re.IGNORECASE
)
_USER_INFO: Final = re.compile(r"(?<=://)[^/\s@]+(?=@)")
_QUERY_VALUE: Final = re.compile(r"([?&]([\w\-.]+)=)[^&#\s\"']+")
_IN_A_QUERY: Final = frozenset({"key", "token", "sig", "signature"})


def recorded_arguments(arguments: Mapping[str, JsonValue], *, secret: str | None = None) -> JsonObject:
    """Return the arguments with secrets hidden, JSON text decoded, and what is long cut and marked so.

    The result takes at most `LARGEST` bytes of JSON.

    Args:
        arguments: What a client sent.
        secret: A text to hide wherever it stands.
    """
    hidden = _without(without_secrets(arguments), secret) if secret else without_secrets(arguments)
    shown = {name: _cut(value, 1) for name, value in _first(hidden).items()}
    if _size(shown) <= LARGEST:
        return shown
    small = {
        name: value if _size(value) <= _LARGEST_IN_A_LARGE_ONE else _left_out(value)
        for name, value in shown.items()
    }
    return small if _size(small) <= LARGEST else {"...": _left_out(shown)}


def arguments_digest(arguments: Mapping[str, JsonValue]) -> str:
    """Return a digest that is the same for the same arguments, whatever the secrets in them.

    Secrets do not enter it: a short one could be found by trying.
    """
    return f"sha256:{hashlib.sha256(_canonical(without_secrets(arguments))).hexdigest()}"


def without_secrets(arguments: Mapping[str, JsonValue]) -> JsonObject:
    """Return the arguments with secrets hidden, and JSON text decoded."""
    read = {
        name: MASK if name == "key" and isinstance(value, str) and value else _read(value, 1, name)
        for name, value in arguments.items()
    }
    hidden = hide_secrets(read)
    return hidden if isinstance(hidden, dict) else {}


def _without(members: Mapping[str, JsonValue], secret: str) -> JsonObject:
    return {name.replace(secret, MASK): _value_without(item, secret) for name, item in members.items()}


def _value_without(value: JsonValue, secret: str) -> JsonValue:
    if isinstance(value, str):
        return value.replace(secret, MASK)
    if isinstance(value, list):
        return [_value_without(item, secret) for item in value]
    return _without(value, secret) if isinstance(value, dict) else value


def _read(value: JsonValue, depth: int, name: str = "") -> JsonValue:
    """Decode text that is JSON, and hide in other text what `hide_secrets` does not look for."""
    if isinstance(value, str):
        return MASK if value and name in ("token", "tokens") else _read_text(value, depth)
    if not isinstance(value, list | dict):
        return value
    if depth >= MAX_DEPTH:
        return TOO_DEEP
    if isinstance(value, list):
        return [_read(item, depth + 1, name) for item in value]
    return {member: _read(item, depth + 1, member) for member, item in value.items()}


def _read_text(text: str, depth: int) -> JsonValue:
    start = text.lstrip()[:1]
    if start in ("{", "[", '"'):
        try:
            decoded: JsonValue = orjson.loads(text)
        except ValueError:
            if _SPEAKS_OF_SECRETS.search(text):
                return MASK
        else:
            return _read(decoded, depth + 1) if depth < MAX_DEPTH else TOO_DEEP
    text = _USER_INFO.sub(MASK, text)
    return _QUERY_VALUE.sub(_hide_query_value, text)


def _hide_query_value(found: re.Match[str]) -> str:
    name = found[2]
    return f"{found[1]}{MASK}" if is_secret(name) or name.lower() in _IN_A_QUERY else found[0]


def _cut(value: JsonValue, depth: int) -> JsonValue:
    if isinstance(value, str):
        more = len(value) - LONGEST_TEXT
        return value if more <= 0 else f"{value[:LONGEST_TEXT]}[cut: {more:,} more characters]"
    if not isinstance(value, list | dict):
        return value
    if depth >= _DEEPEST:
        return _left_out(value)
    if isinstance(value, dict):
        return {name: _cut(item, depth + 1) for name, item in _first(value).items()}
    shown = [_cut(item, depth + 1) for item in value[:MOST_ITEMS]]
    more = len(value) - MOST_ITEMS
    return [*shown, f"[cut: {more:,} more items]"] if more > 0 else shown


def _first(members: Mapping[str, JsonValue]) -> JsonObject:
    """The first members, under names of bounded length."""
    names = list(members)[:MOST_ITEMS]
    shown = {
        name if len(name) <= _LONGEST_NAME else f"{name[:_LONGEST_NAME]}...": members[name] for name in names
    }
    more = len(members) - MOST_ITEMS
    return {**shown, "...": f"[cut: {more:,} more]"} if more > 0 else shown


def _left_out(value: JsonValue) -> str:
    return f"[left out: {_size(value):,} bytes]"


def _size(value: JsonValue) -> int:
    return len(_canonical(value))


def _canonical(value: JsonValue) -> bytes:
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    except TypeError:
        # Integers beyond 64 bits and lone surrogates, which clients can send and orjson does not write.
        return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()
