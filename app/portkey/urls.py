"""Where Portkey is, and the URL of each request.

A path parameter can never change which endpoint is called: each is percent-encoded on its own, and what a
server or proxy could read as a dot segment is refused. Nothing normalises the URL afterwards.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal, TypeAlias
from urllib.parse import quote, unquote, urlsplit

from app.portkey.hosts import is_private_host

BaseVersion: TypeAlias = Literal["v1", "v2", "public"]

PUBLIC_ORIGIN: Final = "https://api.portkey.ai"
MAX_PATH_PARAMETER: Final = 1024

_SAFE_VALUE: Final = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)
_PLACEHOLDER: Final = re.compile(r"\{([^{}]+)\}")
_SEPARATOR: Final = re.compile(r"[/\\]")
_AUTHORITY: Final = re.compile(r"(?:\[[0-9A-Fa-f:.]+\]|[^\[\]:%]+)(?::[0-9]*)?", re.ASCII)
_PATH: Final = re.compile(r"(?:/[A-Za-z0-9._~!$&'()*+,;=:@-]+)*", re.ASCII)


class BadParameter(ValueError):
    """A value that cannot go into a URL.

    Attributes:
        name: the parameter.
        reason: what is wrong, as the end of a sentence; it never quotes the value.
    """

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"{name} {reason}")
        self.name = name
        self.reason = reason


class BadPathParameter(BadParameter):
    """A value that cannot stand for exactly one segment of a path."""


class BadQueryParameter(BadParameter):
    """A query name or value that is not valid Unicode."""


def encode_path_parameter(name: str, value: str) -> str:
    """Percent-encode one path parameter.

    Raises:
        BadPathParameter: it is empty, a dot segment, or contains one or a control character, as given or
            after percent-decoding any number of times; or it is longer than 1,024 characters.
    """
    if len(value) > MAX_PATH_PARAMETER:
        raise BadPathParameter(name, f"is longer than {MAX_PATH_PARAMETER:,} characters")
    if _SAFE_VALUE.fullmatch(value):
        return value
    decoded = value
    while True:
        _refuse_unsafe(name, decoded)
        once_more = unquote(decoded)
        if once_more == decoded:
            break
        decoded = once_more
    try:
        return quote(value, safe="")
    except UnicodeEncodeError as error:
        raise BadPathParameter(name, "is not valid Unicode text") from error


def _refuse_unsafe(name: str, value: str) -> None:
    if not value.strip():
        raise BadPathParameter(name, "must not be empty")
    if any(unicodedata.category(character) == "Cc" for character in value):
        raise BadPathParameter(name, "must not contain control characters")
    if any(piece.strip() in {".", ".."} for piece in _SEPARATOR.split(value)):
        raise BadPathParameter(name, "must not be or contain the path segment '.' or '..'")


def encode_query(query: Sequence[tuple[str, str]]) -> str:
    """Encode names and values in their order, repeating repeated names, with `%20` for a space.

    Raises:
        BadQueryParameter: a name or value is not valid Unicode.
    """
    pairs: list[str] = []
    for name, value in query:
        try:
            pairs.append(f"{quote(name, safe='')}={quote(value, safe='')}")
        except UnicodeEncodeError as error:
            raise BadQueryParameter(ascii(name), "is not valid Unicode text") from error
    return "&".join(pairs)


@dataclass(frozen=True, slots=True)
class BaseUrl:
    """The address of Portkey's Admin API.

    Attributes:
        v1: the configured base, without trailing slashes.
        public: scheme and host of the endpoints that need no key. It does not follow the configured base;
            give another only where something stands in for the whole of Portkey, such as the sandbox.
    """

    v1: str
    public: str = PUBLIC_ORIGIN

    @classmethod
    def parse(
        cls, text: str, *, allow_private: bool, allow_http: bool, public: str = PUBLIC_ORIGIN
    ) -> BaseUrl:
        """Check PORTKEY_BASE_URL.

        Args:
            text: such as `https://api.portkey.ai/v1`.
            allow_private: accept localhost and private, loopback, link-local and shared addresses.
            allow_http: accept http.
            public: scheme and host of the endpoints that need no key.

        Raises:
            ValueError: a sentence that names each variable to set or correct and never quotes credentials.
        """
        scheme, host, authority, path = _split(text)
        try:
            private = is_private_host(host)
        except ValueError as error:
            raise _refusal(f"names no valid host ({error})") from error
        problems: list[str] = []
        if private and not allow_private:
            problems.append(
                f"points to this machine or a private network ({host}); "
                "if that is intended, set PORTKEY_ALLOW_PRIVATE_BASE_URL=true"
            )
        if scheme == "http" and not allow_http:
            problems.append(
                "uses http, which sends the API key unencrypted; "
                "use https, or set PORTKEY_ALLOW_INSECURE_HTTP=true"
            )
        if problems:
            raise _refusal("; it also ".join(problems))
        return cls(v1=f"{scheme}://{authority}{path}", public=public)

    @property
    def v2(self) -> str:
        """The base with a trailing `/v1` replaced by `/v2`; unchanged when it does not end so."""
        return f"{self.v1[:-3]}/v2" if self.v1.endswith("/v1") else self.v1

    def build(
        self,
        version: BaseVersion,
        template: str,
        path_params: Mapping[str, str],
        query: Sequence[tuple[str, str]],
    ) -> str:
        """The absolute, encoded URL of one request.

        Args:
            version: which of the three bases.
            template: the path, from its leading slash, with `{name}` for each path parameter.
            path_params: a value for each name of the template.
            query: names and values in the order to send; none leaves out the question mark.

        Raises:
            BadPathParameter: a path parameter is missing or cannot stand for one segment.
            BadQueryParameter: a query name or value is not valid Unicode.
        """
        base = self.v1 if version == "v1" else self.v2 if version == "v2" else self.public
        pieces = [base]
        for place, piece in enumerate(_pieces(template)):
            if place % 2 == 0:
                pieces.append(piece)
            elif piece in path_params:
                pieces.append(encode_path_parameter(piece, path_params[piece]))
            else:
                raise BadPathParameter(piece, "is missing")
        url = "".join(pieces)
        return f"{url}?{encode_query(query)}" if query else url

    def __str__(self) -> str:
        """The configured base."""
        return self.v1


@lru_cache(1024)
def _pieces(template: str) -> tuple[str, ...]:
    """Take a template apart: what stands before, between and behind the names at even places, they at odd."""
    return tuple(_PLACEHOLDER.split(template))


def _refusal(problem: str) -> ValueError:
    return ValueError(f"PORTKEY_BASE_URL {problem}.")


def _split(text: str) -> tuple[str, str, str, str]:
    """Take the URL apart into scheme, host, authority and path, refusing every other part."""
    text = text.strip(" ")
    if not text:
        raise _refusal("is empty; remove it to use https://api.portkey.ai/v1")
    # urlsplit drops tabs and line breaks silently, so they are refused before it sees them.
    if not text.isascii() or not text.isprintable() or " " in text or "\\" in text:
        raise _refusal("contains a space, a control character, a backslash or a non-ASCII character")
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError as error:
        raise _refusal("is not a valid URL; give one such as https://api.portkey.ai/v1") from error
    if parts.scheme not in {"http", "https"}:
        raise _refusal("must start with https:// (or http://)")
    if "@" in parts.netloc:
        raise _refusal("must not contain a user name or password; the key belongs in PORTKEY_API_KEY")
    if "?" in text or "#" in text:
        raise _refusal("must not contain a query or a fragment")
    host = parts.hostname
    if not host or not _AUTHORITY.fullmatch(parts.netloc):
        raise _refusal("names no valid host; give one such as https://api.portkey.ai/v1")
    if port == 0:
        raise _refusal("has port 0; give a port from 1 to 65535")
    path = parts.path.rstrip("/")
    if not _PATH.fullmatch(path) or any(piece in {".", ".."} for piece in path.split("/")):
        raise _refusal(
            "has a path with empty, dot or percent-encoded segments; write it plainly, such as /v1"
        )
    bracketed = f"[{host}]" if ":" in host else host
    return parts.scheme, host, bracketed if port is None else f"{bracketed}:{port}", path
