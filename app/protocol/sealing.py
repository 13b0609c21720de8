"""Keeps what is stored in Redis unreadable, and bound to its place, for whoever has no key."""

from __future__ import annotations

import hashlib
import secrets
from typing import TYPE_CHECKING, Final, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

if TYPE_CHECKING:
    from collections.abc import Sequence

_PLAIN: Final = b"\x00"
_VERSION: Final = b"\x01"
_KEY_ID: Final = 4
_NONCE: Final = 12


class UnsealError(Exception):
    """Stored data was not sealed with a known key, or not for this place."""


class Sealing(Protocol):
    """Turns data into what is stored, and back."""

    def seal(self, data: bytes, place: str) -> bytes:
        """Return what to store at a place."""

    def unseal(self, stored: bytes, place: str) -> bytes:
        """Return the data that was sealed for that place.

        Raises:
            UnsealError: It was not.
        """


class NoSealing:
    """Stores data as it is, behind a mark that says so."""

    def seal(self, data: bytes, place: str) -> bytes:  # noqa: ARG002 - plain data is bound to no place
        """Return the mark and the data."""
        return _PLAIN + data

    def unseal(self, stored: bytes, place: str) -> bytes:  # noqa: ARG002
        """Return the data, unless it is sealed."""
        if stored[:1] != _PLAIN:
            raise UnsealError("it is encrypted, and there is no key")
        return stored[1:]


class AesSealing:
    """AES-256-GCM; the place is associated data.

    Args:
        keys: Keys of 32 bytes. The first one seals, and each unseals what it sealed.
    """

    def __init__(self, keys: Sequence[bytes]) -> None:
        self._ciphers = {_key_id(key): AESGCM(key) for key in keys}
        self._first = _key_id(keys[0])

    def seal(self, data: bytes, place: str) -> bytes:
        """Return a version, the key's id, a nonce and the ciphertext."""
        nonce = secrets.token_bytes(_NONCE)
        sealed = self._ciphers[self._first].encrypt(nonce, data, place.encode())
        return _VERSION + self._first + nonce + sealed

    def unseal(self, stored: bytes, place: str) -> bytes:
        """Return the data, if one of the keys sealed it for this place."""
        start = len(_VERSION)
        key_id, nonce = stored[start : start + _KEY_ID], stored[start + _KEY_ID : start + _KEY_ID + _NONCE]
        cipher = self._ciphers.get(key_id)
        if stored[:start] != _VERSION or cipher is None:
            raise UnsealError("it is not encrypted with a key that is known here")
        try:
            return cipher.decrypt(nonce, stored[start + _KEY_ID + _NONCE :], place.encode())
        except (InvalidTag, ValueError) as error:
            raise UnsealError("it was changed, or belongs elsewhere") from error


def _key_id(key: bytes) -> bytes:
    return hashlib.blake2b(key, digest_size=_KEY_ID, person=b"mcp-event-key").digest()
