"""How a key for AES-256 is written."""

from __future__ import annotations

import base64
import binascii
import re
from typing import Final

_HEX: Final = re.compile(r"[0-9A-Fa-f]{64}")
_BASE64: Final = re.compile(r"[A-Za-z0-9+/_-]{43}=?")
_BYTES: Final = 32


def decode_key(text: str) -> bytes:
    """Return the 32 bytes that are written in base64 (also its URL-safe form, also unpadded) or in hex.

    Raises:
        ValueError: They are written in another form, or are not 32.
    """
    if _HEX.fullmatch(text):
        return bytes.fromhex(text)
    if not _BASE64.fullmatch(text):
        raise ValueError("not a key of 32 bytes")
    try:
        key = base64.b64decode(text.replace("-", "+").replace("_", "/").rstrip("=") + "=", validate=True)
    except binascii.Error as error:
        raise ValueError("not base64") from error
    if len(key) != _BYTES:
        raise ValueError("not a key of 32 bytes")
    return key
