"""Arguments as an audit record may keep them: without secrets, and bounded.

Arguments hold more secrets than answers do, and in rougher forms: text that was meant to be JSON, the bare
`key` of a provider, a password inside a URL. What is in doubt is hidden. However large arguments are, they
cost a few milliseconds.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import Final, TypeVar

import orjson

from app.catalog.json_value import JsonObject, JsonValue
from app.catalog.masking import MASK, decide_nothing, hide_secrets, is_secret

LARGEST: Final = 8192
"""Bytes of JSON that the arguments of one record take at most."""
LONGEST_TEXT: Final = 1000
"""Characters of one text that are kept."""
MOST_ITEMS: Final = 50
"""Items of a list, and members of an object, that are kept."""
_MOST_VALUES: Final = 2000
_MOST_VALUES_DIGESTED: Final = 10_000
_LONGEST_TEXT_DIGESTED: Final = 65_536
_DEEPEST: Final = 12
_DEEPEST_DIGESTED: Final = 90
_LONGEST_NAME: Final = 64
_LARGEST_IN_A_LARGE_ONE: Final = 64
# What is read of a text beyond what is kept, so that a secret across the cut is seen.
_BEYOND: Final = 4096

_SPEAKS_OF_SECRETS: Final = re.compile(
    r"key|authorization|passw|passphrase|secret|token|credential|cookie|bearer", re.IGNORECASE
)
_USER_INFO: Final = re.compile(r"(?<=://)[^/\s@]+(?=@)")
_QUERY_VALUE: Final = re.compile(r"([?&]([\w\-.]+)=)[^&#\s\"']+")
_IN_A_QUERY: Final = frozenset({"key", "token", "sig", "signature"})

_NAMES_OF_TOKENS: Final = frozenset({"token", "tokens"})
_FEW: Final = 20
_EXACT: Final = 2**53
_PLAIN_TEXT: Final = re.compile(r"[\w.\-]{0,100}", re.ASCII)
"""Neither JSON nor a URL, nor a header."""

_T = TypeVar("_T")


def recorded_arguments(arguments: Mapping[str, JsonValue], *, secret: str | None = None) -> JsonObject:
    """Return the arguments with secrets hidden, JSON text decoded, and what is long cut and marked so.

    The result takes at most `LARGEST` bytes of JSON.

    Args:
        arguments: What a client sent.
        secret: A text to hide wherever it stands.
    """
    if _are_plain(arguments, secret):
        return dict(arguments)
    reader = _Reader(MOST_ITEMS, LONGEST_TEXT, _DEEPEST, _MOST_VALUES, secret)
    shown = reader.arguments(arguments)
    if _size(shown) <= LARGEST:
        return shown
    small = {
        name: value if _size(value) <= _LARGEST_IN_A_LARGE_ONE else _left_out(value)
        for name, value in shown.items()
    }
    return small if _size(small) <= LARGEST else {"...": _left_out(shown)}


def _are_plain(arguments: Mapping[str, JsonValue], secret: str | None) -> bool:
    """Tell whether arguments are kept as they are: a few ids, names and numbers, under no telling name."""
    if len(arguments) > _FEW or not _names_are_plain(tuple(arguments)):
        return False
    for value in arguments.values():
        if isinstance(value, str):
            if not _PLAIN_TEXT.fullmatch(value):
                return False
        elif not (value is None or (isinstance(value, int) and -_EXACT < value < _EXACT)):
            return False
    # A secret may be as plain as an id.
    return secret is None or not any(secret in f"{name}\n{value}" for name, value in arguments.items())


@lru_cache(1024)
def _names_are_plain(names: tuple[str, ...]) -> bool:
    """Tell whether what stands under these names is judged by itself alone."""
    return decide_nothing(names) and all(
        len(name) <= _LONGEST_NAME and name not in _NAMES_OF_TOKENS for name in names
    )


def arguments_digest(arguments: Mapping[str, JsonValue], *, secret: str | None = None) -> str:
    """Return a digest that is the same for the same arguments, whatever the secrets in them.

    Secrets do not enter it: a short one could be found by trying. A digest that begins with `sha256-cut:` is
    one of the beginning of very large arguments.
    """
    reader = _Reader(
        _MOST_VALUES_DIGESTED, _LONGEST_TEXT_DIGESTED, _DEEPEST_DIGESTED, _MOST_VALUES_DIGESTED, secret
    )
    digest = hashlib.sha256(_canonical(reader.arguments(arguments))).hexdigest()
    return f"sha256-cut:{digest}" if reader.cut else f"sha256:{digest}"


@dataclass(slots=True)
class _Reader:
    """Reads arguments up to some bounds, once.

    Attributes:
        most_items: Items of one list, or members of one object.
        longest_text: Characters of one text.
        deepest: Levels.
        values_left: Values in all.
        secret: A text to hide wherever it stands.
        cut: Something was left out.
    """

    most_items: int
    longest_text: int
    deepest: int
    values_left: int
    secret: str | None
    cut: bool = False

    def arguments(self, arguments: Mapping[str, JsonValue]) -> JsonObject:
        """Return the arguments without secrets. At the top the bare name `key` is that of a secret."""
        given = arguments
        if isinstance(key := arguments.get("key"), str) and key:
            given = {**arguments, "key": MASK}
        hidden = hide_secrets(self._members(given, 1))
        return hidden if isinstance(hidden, dict) else {}

    def _value(self, value: JsonValue, depth: int, name: str) -> JsonValue:
        if isinstance(value, str):
            return MASK if value and name in _NAMES_OF_TOKENS else self._text(value, depth)
        if not isinstance(value, list | dict):
            return value
        if depth >= self.deepest or self.values_left <= 0:
            self.cut = True
            return f"[left out: {len(value):,} {'items' if isinstance(value, list) else 'members'}]"
        if isinstance(value, dict):
            return self._members(value, depth)
        shown = [self._value(item, depth + 1, name) for item in self._first(value)]
        more = len(value) - len(shown)
        return [*shown, self._more(more, "items")] if more else shown

    def _members(self, members: Mapping[str, JsonValue], depth: int) -> JsonObject:
        names = self._first(members)
        shown = {self._name(name): self._value(members[name], depth + 1, name) for name in names}
        more = len(members) - len(names)
        return {**shown, "...": self._more(more, "members")} if more else shown

    def _first(self, values: Iterable[_T]) -> list[_T]:
        first = list(islice(values, min(self.most_items, max(self.values_left, 0))))
        self.values_left -= len(first)
        return first

    def _name(self, name: str) -> str:
        if self.secret:
            name = name.replace(self.secret, MASK)
        return name if len(name) <= _LONGEST_NAME else f"{name[:_LONGEST_NAME]}..."

    def _more(self, number: int, what: str) -> str:
        self.cut = True
        return f"[cut: {number:,} more {what}]"

    def _text(self, text: str, depth: int) -> JsonValue:
        head = text[: self.longest_text + _BEYOND]
        if head.lstrip()[:1] in ("{", "[", '"'):
            try:
                decoded: JsonValue = orjson.loads(text)
            except ValueError:
                if _SPEAKS_OF_SECRETS.search(head):
                    return MASK
            else:
                return self._value(decoded, depth + 1, "")
        if self.secret:
            head = head.replace(self.secret, MASK)
        hidden = hide_secrets(_QUERY_VALUE.sub(_hide_query_value, _USER_INFO.sub(MASK, head)))
        head = hidden if isinstance(hidden, str) else MASK
        if len(text) <= self.longest_text:
            return head
        return f"{head[: self.longest_text]}{self._more(len(text) - self.longest_text, 'characters')}"


def _hide_query_value(found: re.Match[str]) -> str:
    name = found[2]
    return f"{found[1]}{MASK}" if is_secret(name) or name.lower() in _IN_A_QUERY else found[0]


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
