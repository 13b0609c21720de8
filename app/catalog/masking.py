"""Secrets in answers: hidden before a model reads them, and never written back by mistake.

Portkey returns some secrets in full, such as an `api_key` inside a gateway config's target, or the headers of
a logged request. An agent needs to know that they are set, not what they are.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from operator import is_
from typing import Final

import orjson

from app.catalog.json_value import MAX_DEPTH, JsonObject, JsonValue

MASK: Final = "[hidden by portkey-admin-mcp]"
TOO_DEEP: Final = "[left out by portkey-admin-mcp: nested too deeply]"

_SECRET: Final = re.compile(
    r"(^|[_\-.])(api[_-]?key|authorization|password|passwd|passphrase|secret|private[_-]?key|secret[_-]?key|"
    r"secret[_-]?access[_-]?key|(session|access|refresh|auth|bearer|api|ad|id|security)[_-]?token|"
    r"vault[_-]?token|vault[_-]?secret[_-]?id|client[_-]?auth|custom[_-]?headers|credentials?|cookie)$"
)
_ALREADY_MASKED: Final = re.compile(r"^(masked|redacted)[_\-.]")
_HUMP: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")

_NAMING: Final = ("name", "key", "header")
_NAMED: Final = ("value", "values")

# An authorization header in running text. A digit is asked for, so that prose about it stays.
_CREDENTIAL: Final = re.compile(r"\b(bearer|basic)\s+(?=[\w\-.~+/]*\d)[\w\-.~+/]{12,}=*", re.IGNORECASE)
_PAIR: Final = 2
_SHORTEST_CREDENTIAL: Final = len("basic ") + 12
_PLAIN: Final = frozenset({type(None), bool, int, float})
_JSON_STARTS: Final = frozenset("{[ \t\r\n")
_JSON_WITH_SECRET: Final = re.compile(
    r"[\"\\](?:[\w\-.]*)(key|authorization|passw|passphrase|secret|token|credential|cookie)", re.IGNORECASE
)
# What stands under the bare name `key` is a secret when it looks like one: long and mixed.
_LOOKS_SECRET: Final = re.compile(r"(?=\S*\d)(?=\S*[A-Za-z])[^\s*…]{16,}")

_KEY_ID: Final = re.compile(r"\*|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)

_DECISIVE: Final = frozenset((*_NAMED, "key", "secret_key", "properties"))
"""Names of members of which the other members decide."""

_ENVELOPES: Final = ("data", "result")
_SHOWN_ONCE: Final = ("key", "client_auth", "token")


@lru_cache(4096)
def is_secret(name: str) -> bool:
    """Whether what stands under this name is a secret, in snake_case, kebab-case or camelCase."""
    plain = _HUMP.sub("_", name).lower()
    return _SECRET.search(plain) is not None and _ALREADY_MASKED.search(plain) is None


def hide_secrets(
    value: JsonValue, *, secret: bool = False, described: bool = False, depth: int = 0
) -> JsonValue:
    """Return the value with each secret in it replaced by `MASK`, at any depth.

    A secret is a non-empty text or number under a secret's name; the value beside such a name
    (`{"name": "Authorization", "value": ...}`, `["Authorization", ...]`); an authorization header in running
    text; and all of these in JSON that is written as text. What holds none is returned itself, not a copy.

    Args:
        value: An answer, or a part of one. What is nested deeper than 100 levels is left out.
        secret: The value itself stands under a secret's name.
        described: Its members are the properties of a JSON Schema: what describes a `password` is no secret.
        depth: How deep it stands.
    """
    if isinstance(value, str):
        return (MASK if value else value) if secret else _hide_in_text(value, depth)
    if not isinstance(value, list | dict):
        return value if not secret or value is None or isinstance(value, bool) else MASK
    if depth >= MAX_DEPTH:
        return TOO_DEEP
    if isinstance(value, list):
        return _hide_in_list(value, secret, depth)
    if not secret and decide_nothing(tuple(value)):
        return _hide_inside(value, depth)
    schema = value.get("type") == "object"
    return {
        name: hide_secrets(
            item,
            secret=secret
            or (not (described and isinstance(item, dict)) and _is_secret_in(value, name, item)),
            described=schema and name == "properties",
            depth=depth + 1,
        )
        for name, item in value.items()
    }


def _hide_inside(members: JsonObject, depth: int) -> JsonObject:
    """Hide secrets in an object whose names say of none of its members that it is one.

    Most objects are such, and most of their members say by their type or length that they hold nothing.
    """
    changed: JsonObject = {}
    for name, item in members.items():
        if type(item) is str:
            if len(item) < _SHORTEST_CREDENTIAL and item[:1] not in _JSON_STARTS:
                continue
        elif type(item) in _PLAIN:
            continue
        hidden = hide_secrets(item, depth=depth + 1)
        if hidden is not item:
            changed[name] = hidden
    return {**members, **changed} if changed else members


def _hide_in_list(items: list[JsonValue], secret: bool, depth: int) -> list[JsonValue]:  # noqa: FBT001
    inside = depth + 1
    if secret or (len(items) == _PAIR and isinstance(items[0], str) and is_secret(items[0])):
        # All of it, or what stands beside a secret's name.
        return [
            hide_secrets(item, secret=secret or place == 1, depth=inside) for place, item in enumerate(items)
        ]
    hidden = [
        _hide_inside(item, inside)
        if type(item) is dict and inside < MAX_DEPTH and decide_nothing(tuple(item))
        else hide_secrets(item, depth=inside)
        for item in items
    ]
    return items if all(map(is_, hidden, items)) else hidden


@lru_cache(4096)
def decide_nothing(names: tuple[str, ...]) -> bool:
    """Whether an object with just these names says of none of its members that it is a secret."""
    return not any(name in _DECISIVE or is_secret(name) for name in names)


def hide_all_but_new(answer: JsonObject) -> tuple[JsonObject, bool]:
    """Hide secrets, but not the ones a call has just made, which stand at the top of its answer.

    Returns:
        The answer, and whether there is such a new secret in it.
    """
    shown: JsonObject = {}
    found = False
    for name, item in answer.items():
        if name in _ENVELOPES and isinstance(item, dict):
            shown[name], inside = _spare(item)
            found = found or inside
        else:
            part, new = _spare({name: item})
            shown |= part
            found = found or new
    return shown, found


def holds_mask(value: JsonValue) -> bool:
    """Whether the placeholder stands anywhere in the value."""
    if isinstance(value, str):
        return MASK in value
    if isinstance(value, list):
        return any(holds_mask(item) for item in value)
    return isinstance(value, dict) and any(holds_mask(item) for item in value.values())


def _spare(members: JsonObject) -> tuple[JsonObject, bool]:
    new = {name for name, item in members.items() if item and (name in _SHOWN_ONCE or is_secret(name))}
    hidden = hide_secrets({name: item for name, item in members.items() if name not in new})
    others = hidden if isinstance(hidden, dict) else {}
    return {name: members[name] if name in new else others[name] for name in members}, bool(new)


def _is_secret_in(members: Mapping[str, JsonValue], name: str, item: JsonValue) -> bool:
    if name == "secret_key" and ("secret_path" in members or "secret_reference_id" in members):
        # A secret reference names the member of a secret that a vault keeps.
        return False
    if name in _NAMED:
        if members.get("key") == "api_key" and _names_keys(item):
            # The condition of a limit: which API keys, by their ids, it is about.
            return False
        return any(isinstance(called := members.get(key), str) and is_secret(called) for key in _NAMING)
    if name == "key":
        return isinstance(item, str) and "value" not in members and _LOOKS_SECRET.fullmatch(item) is not None
    return is_secret(name)


def _names_keys(item: JsonValue) -> bool:
    if isinstance(item, list):
        return all(_names_keys(one) for one in item)
    return isinstance(item, str) and _KEY_ID.fullmatch(item) is not None


def _hide_in_text(text: str, depth: int) -> str:
    # Most texts are short and neither: two cheap looks spare them the expressions.
    if len(text) >= _SHORTEST_CREDENTIAL and ("bearer" in (lower := text.lower()) or "basic" in lower):
        text = _CREDENTIAL.sub(rf"\1 {MASK}", text)
    if text[:1] not in _JSON_STARTS or text.lstrip()[:1] not in ("{", "["):
        return text
    if not _JSON_WITH_SECRET.search(text):
        return text
    try:
        decoded: JsonValue = orjson.loads(text)
        hidden = hide_secrets(decoded, depth=depth + 1)
    except orjson.JSONDecodeError:
        return text
    return text if hidden == decoded else orjson.dumps(hidden).decode()
