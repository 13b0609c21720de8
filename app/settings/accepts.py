"""What a setting accepts: each entry is a parser of the trimmed text and the words that describe it.

A parser raises `ValueError` without a message of its own: the words are what the operator reads.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from pydantic_core import core_schema

from app.settings.encryption_key import decode_key
from app.settings.redis_address import RedisAddress

if TYPE_CHECKING:
    from collections.abc import Callable

    from pydantic import GetCoreSchemaHandler

# Node's timers and most databases end here too; 24.8 days in milliseconds.
LARGEST: Final = 2_147_483_647
_LARGEST_SIZE: Final = 2**40
_MOST_DIGITS: Final = 15
_SIZE = re.compile(r"([0-9]{1,15}) *(b|kb|kib|mb|mib|gb|gib)?", re.IGNORECASE)
_UNITS: Final = {"b": 1, "kb": 2**10, "kib": 2**10, "mb": 2**20, "mib": 2**20, "gb": 2**30, "gib": 2**30}
_VISIBLE_ASCII = re.compile(r"[!-~]+")
# RFC 6749, section 3.3.
_SCOPE = re.compile(r"[!#-\[\]-~]+")
_LOOPBACK_NAMES: Final = frozenset({"localhost", "127.0.0.1", "::1"})
SHORTEST_STATE_KEY: Final = 32
_TRUE: Final = frozenset({"1", "true", "yes", "on"})
_FALSE: Final = frozenset({"0", "false", "no", "off"})


@dataclass(frozen=True, slots=True)
class Accepts:
    """The accepted values of a setting, as a parser and in words.

    Attributes:
        words: A phrase that continues "use …".
        parse: From the trimmed text to the value; raises ValueError.
    """

    words: str
    parse: Callable[[str], object]

    def __get_pydantic_core_schema__(
        self, source: object, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        """Parse text first, then let pydantic check the result against the annotated type."""
        return core_schema.no_info_before_validator_function(self._parse_text, handler(source))

    def _parse_text(self, value: object) -> object:
        return self.parse(value) if isinstance(value, str) else value


def text(words: str) -> Accepts:
    """Accept any text."""
    return Accepts(words, str)


def choice(*names: str, words: str | None = None, **synonyms: str) -> Accepts:
    """Accept one of the names in any case; a synonym stands for the name it maps to."""

    def parse(given: str) -> str:
        name = given.lower()
        return synonyms.get(name, name)

    return Accepts(words or f"{', '.join(names[:-1])} or {names[-1]}", parse)


def whole_number(minimum: int, maximum: int = LARGEST, *, unit: str = "", note: str = "") -> Accepts:
    """Accept ASCII digits only, within the bounds; `unit` and `note` only add to the words."""

    def parse(given: str) -> int:
        if not (given.isascii() and given.isdigit() and len(given) <= _MOST_DIGITS):
            raise ValueError
        number = int(given)
        if not minimum <= number <= maximum:
            raise ValueError
        return number

    of_unit = f" of {unit}" if unit else ""
    return Accepts(f"a whole number{of_unit} from {minimum} to {maximum}{note}", parse)


def _parse_flag(given: str) -> bool:
    word = given.lower()
    if word not in _TRUE | _FALSE:
        raise ValueError
    return word in _TRUE


def _parse_size(given: str) -> int:
    match = _SIZE.fullmatch(given)
    if match is None:
        raise ValueError
    size = int(match[1]) * _UNITS[(match[2] or "b").lower()]
    if not 1 <= size <= _LARGEST_SIZE:
        raise ValueError
    return size


def _parse_names(given: str) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(name.strip().lower() for name in given.split(",") if name.strip()))
    if not names:
        raise ValueError
    return names


def names_of(*known: str) -> Accepts:
    """Accept some of the names, separated by commas, in any case."""

    def parse(given: str) -> tuple[str, ...]:
        names = _parse_names(given)
        if not set(names) <= set(known):
            raise ValueError
        return names

    return Accepts(f"some of {', '.join(known)}, separated by commas", parse)


def _parse_origins(given: str) -> tuple[str, ...]:
    origins = tuple(dict.fromkeys(part.strip().rstrip("/") for part in given.split(",") if part.strip()))
    if not origins:
        raise ValueError
    return origins


def _parse_values(given: str) -> tuple[str, ...]:
    values = tuple(dict.fromkeys(part.strip() for part in given.split(",") if part.strip()))
    if not values or not all(_VISIBLE_ASCII.fullmatch(value) for value in values):
        raise ValueError
    return values


def _parse_scopes(given: str) -> tuple[str, ...]:
    scopes = tuple(dict.fromkeys(given.replace(",", " ").split()))
    if not scopes or not all(_SCOPE.fullmatch(scope) for scope in scopes):
        raise ValueError
    return scopes


def parse_secrets(given: str) -> tuple[str, ...]:
    """Return the comma-separated values; raise ValueError for any that cannot stand in an HTTP header."""
    return _parse_values(given)


def _parse_state_keys(given: str) -> tuple[str, ...]:
    keys = _parse_values(given)
    if any(len(key) < SHORTEST_STATE_KEY for key in keys):
        raise ValueError
    return keys


def parse_secret(given: str) -> str:
    """Return a value that can stand in an HTTP header; raise ValueError for one that cannot."""
    if not _VISIBLE_ASCII.fullmatch(given):
        raise ValueError
    return given


def _parse_http_url(given: str) -> str:
    parts = urlsplit(given)
    usable = (
        given.isprintable()
        and " " not in given
        and parts.scheme in {"http", "https"}
        and parts.hostname
        and "@" not in parts.netloc
        and not (parts.query or parts.fragment)
        and parts.port != 0
    )
    if not usable:
        raise ValueError
    return given.rstrip("/")


def _parse_issuer_url(given: str) -> str:
    _parse_http_url(given)
    parts = urlsplit(given)
    if parts.scheme != "https" and parts.hostname not in _LOOPBACK_NAMES:
        raise ValueError
    return given


def _parse_redis_url(given: str) -> str:
    RedisAddress.parse(given)
    return given


def _parse_encryption_keys(given: str) -> tuple[str, ...]:
    keys = _parse_values(given)
    for key in keys:
        decode_key(key)
    return keys


FLAG: Final = Accepts("true or false (also 1 or 0, yes or no, on or off)", _parse_flag)
SIZE: Final = Accepts(
    "a size such as 512kb, 1mb or 1048576 (b, kb, mb, gb; 1kb = 1024 bytes), at most 1024gb", _parse_size
)
NAMES: Final = Accepts("names separated by commas", _parse_names)
ORIGINS: Final = Accepts(
    "origins or hosts separated by commas, such as https://app.example.com or localhost:*, or `*` for all",
    _parse_origins,
)
VALUES: Final = Accepts("one value or several separated by commas", _parse_values)
SCOPES: Final = Accepts("scopes separated by commas or blanks", _parse_scopes)
SECRETS: Final = Accepts("one token or several separated by commas, in visible ASCII", parse_secrets)
STATE_KEYS: Final = Accepts(
    f"keys separated by commas, each of {SHORTEST_STATE_KEY} characters or more in visible ASCII",
    _parse_state_keys,
)
SECRET: Final = Accepts("a key in visible ASCII, without spaces", parse_secret)
HTTP_URL: Final = Accepts(
    "an absolute http or https URL without user name, query or fragment", _parse_http_url
)
ISSUER_URL: Final = Accepts(
    "an https URL without user name, query or fragment (http on loopback only)", _parse_issuer_url
)
REDIS_URL: Final = Accepts(
    "a redis:// or rediss:// URL such as redis://localhost:6379, or one of Sentinels or a cluster, see"
    " sessions.md",
    _parse_redis_url,
)
ENCRYPTION_KEYS: Final = Accepts(
    "one key or several separated by commas, each 32 bytes in base64 or hex; `openssl rand -base64 32` makes"
    " one",
    _parse_encryption_keys,
)
