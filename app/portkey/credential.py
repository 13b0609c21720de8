"""The Portkey API key: kept out of every repr, checked before it becomes a header."""

from __future__ import annotations

from dataclasses import dataclass, field


class BadCredential(ValueError):
    """The key cannot be sent as a header. The message never shows it."""


@dataclass(frozen=True, slots=True)
class Credential:
    """A Portkey API key. `repr` and `str` are masked.

    Attributes:
        api_key: the key.
        origin: where it was set, for who has to put it right.
    """

    api_key: str = field(repr=False)
    origin: str = "PORTKEY_API_KEY"

    @property
    def header_value(self) -> str:
        """The value for `x-portkey-api-key`.

        Raises:
            BadCredential: the key is empty or has characters no Portkey key has.
        """
        key = self.api_key
        if key and key.isascii() and key.isprintable() and key[0] != " " != key[-1]:
            return key
        if not key:
            raise BadCredential("is empty")
        if any(ord(character) < 0x20 or 0x7F <= ord(character) < 0xA0 for character in key):  # noqa: PLR2004 - C0, DEL, C1
            raise BadCredential("contains a line break or another control character")
        if not key.isascii():
            raise BadCredential("contains characters other than plain Latin letters, digits and punctuation")
        raise BadCredential("starts or ends with a space")

    def __str__(self) -> str:
        """Never the key."""
        return "Credential(***)"
