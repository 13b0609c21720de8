"""Keeping secrets out of the log: a structlog processor that masks by name and by value."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterable, Mapping
from functools import lru_cache
from itertools import islice, pairwise
from typing import Final
from urllib.parse import quote

from structlog.typing import EventDict, WrappedLogger

MASK: Final = "***"
MASKED_ALREADY: Final = "_masked_already"
"""Member of an event whose value is members of it: plain JSON in which secrets are masked."""
# Masking shorter values would eat ordinary words; the settings warn about them.
SHORTEST_MASKED_VALUE: Final = 4
_DEEPEST: Final = 8
_LONGEST_TEXT: Final = 16_384
_MOST_ITEMS: Final = 200
_PAIR: Final = 2
_TEXTS_REMEMBERED: Final = 2048
_LONGEST_REMEMBERED: Final = 128
_NAMES_REMEMBERED: Final = 512

_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_SECRET_WORDS: Final = frozenset(
    {
        "authorization",
        "apikey",
        "bearer",
        "cookie",
        "credential",
        "passphrase",
        "passwd",
        "password",
        "secret",
        "token",
    }
)
_SECRET_PAIRS: Final = frozenset({("api", "key"), ("private", "key"), ("encryption", "key")})
_HEADER_IN_TEXT = re.compile(
    r"""(?i)((?:authorization|x-portkey-api-key|cookie)(?:['"]?\s*[:=]\s*(?:b?['"])?|['"],\s*b?['"]))"""
    r"""(?:(?:bearer|basic)\s+)?[^\s'",)]+"""
)


@lru_cache(maxsize=1024)
def names_a_secret(name: str) -> bool:
    """Tell whether what stands under this name is a secret: api_key, apiKey, X-Api-Key, auth_tokens."""
    words = [word.lower().removesuffix("s") for word in _WORDS.findall(name)]
    return not _SECRET_WORDS.isdisjoint(words) or not _SECRET_PAIRS.isdisjoint(pairwise(words))


class Redactor:
    """Copies an event into plain JSON values with secrets masked; bounded in depth, width and length.

    Masked are values under a secret's name at any depth (numbers stay: a count of tokens is no token), header
    lines inside text, and each known secret wherever it occurs.
    """

    def __init__(self, secrets: Iterable[str]) -> None:
        self._secrets: tuple[str, ...] = ()
        self.learn(secrets)

    def learn(self, secrets: Iterable[str]) -> None:
        """Mask these from now on as well, percent-encoded too, the longest first."""
        known = {form for secret in secrets for form in (secret, quote(secret, safe=""))}
        known = {form for form in known if len(form) >= SHORTEST_MASKED_VALUE} | {*self._secrets}
        self._secrets = tuple(sorted(known, key=len, reverse=True))
        # Most texts of a log are names, ids and paths that come again and again.
        self._texts: dict[str, str] = {}
        self._names: dict[str, tuple[str, bool]] = {}

    def __call__(self, _logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        """Return the event as it may be written; this is a structlog processor.

        What is under `MASKED_ALREADY` is left as it is: a redactor with the same secrets has been over it.
        """
        shown: EventDict = {}
        self.fill(shown, event)
        return shown

    def fill(self, shown: EventDict, event: EventDict) -> None:
        """Copy an event into `shown` as it may be written."""
        masked = event.pop(MASKED_ALREADY, None)
        if masked is not None:
            shown.update(masked)
        names, texts = self._names, self._texts
        for given, value in event.items():
            name, is_secret = names.get(given) or self._judged(given)
            kind = type(value)
            if kind is str:
                if is_secret:
                    shown[name] = MASK
                else:
                    known = texts.get(value)
                    shown[name] = self.text(value) if known is None else known
            elif value is None or kind is int or kind is bool:
                shown[name] = value
            else:
                shown[name] = MASK if is_secret and kind is not float else self._value(value, 0)
        if masked is not None:
            shown.update(masked)

    def value(self, value: object) -> object:
        """Return a value as it may be written."""
        return self.text(value) if type(value) is str else self._value(value, 0)

    def text(self, text: str) -> str:
        """Return the text with secrets masked, shortened when it is long."""
        # Taken before the secrets are: what another thread learns meanwhile must not miss what is kept here.
        texts = self._texts
        known = texts.get(text)
        if known is not None:
            return known
        masked = self._masked(text)
        if len(text) <= _LONGEST_REMEMBERED:
            if len(texts) >= _TEXTS_REMEMBERED:
                texts.clear()
            texts[text] = masked
        return masked

    def _judged(self, given: object) -> tuple[str, bool]:
        """Return a name as it is shown, and whether what stands under it is a secret."""
        names = self._names
        name = given if type(given) is str else str(given)
        judged = self.text(name), names_a_secret(name)
        if len(name) <= _LONGEST_REMEMBERED:
            if len(names) >= _NAMES_REMEMBERED:
                names.clear()
            names[name] = judged
        return judged

    def _masked(self, text: str) -> str:
        for secret in self._secrets:
            if secret in text:
                text = text.replace(secret, MASK)
        if ":" in text or "=" in text or "," in text:
            text = _HEADER_IN_TEXT.sub(rf"\g<1>{MASK}", text)
        if len(text) <= _LONGEST_TEXT:
            return text
        # Both ends are kept: a traceback says at its end what went wrong.
        half = _LONGEST_TEXT // 2
        return f"{text[:half]}… ({len(text) - 2 * half} characters left out) …{text[-half:]}"

    def _named(self, name: str, value: object, depth: int) -> object:
        if names_a_secret(name) and not (value is None or isinstance(value, bool | int | float)):
            return MASK
        return self._value(value, depth)

    def _value(self, value: object, depth: int) -> object:
        if isinstance(value, str):
            return self.text(value)
        if value is None or isinstance(value, bool | int):
            return value
        if isinstance(value, float):
            return value if math.isfinite(value) else repr(value)
        # What is abstract comes last: it takes far longer to tell.
        if isinstance(value, dict | list | tuple | set | frozenset | Mapping):
            return self._container(value, depth + 1) if depth < _DEEPEST else "…"
        return self.text(_text_of(value))

    def _container(self, value: Mapping[object, object] | Collection[object], depth: int) -> object:
        if isinstance(value, dict) or (not isinstance(value, list | tuple) and isinstance(value, Mapping)):
            names = [(_text_of(name), item) for name, item in islice(value.items(), _MOST_ITEMS)]
            return {self.text(name): self._named(name, item, depth) for name, item in names}
        if isinstance(value, tuple) and len(value) == _PAIR and isinstance(value[0], str | bytes):
            # A header as a pair of name and value.
            return [self._value(value[0], depth), self._named(_text_of(value[0]), value[1], depth)]
        return [self._value(item, depth) for item in islice(value, _MOST_ITEMS)]


def _text_of(value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bytes | bytearray):
        return bytes(value[:_LONGEST_TEXT]).decode("utf-8", "backslashreplace")
    try:
        return repr(value)
    except Exception:  # noqa: BLE001 - a broken __repr__ of another library must not break logging
        return f"<{type(value).__name__}>"


def no_control_characters(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Escape control characters in the top-level text of an event, so that input cannot draw on a terminal.

    The traceback under `exception` keeps its line ends.
    """
    return {
        name: _escaped(value, keep="\n" if name == "exception" else "") if isinstance(value, str) else value
        for name, value in event.items()
    }


def _escaped(text: str, *, keep: Collection[str]) -> str:
    if text.isprintable():
        return text
    return "".join(
        char if char.isprintable() or char in keep else char.encode("unicode_escape").decode("ascii")
        for char in text
    )
