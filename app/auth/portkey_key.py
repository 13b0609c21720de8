"""The Portkey key that goes with a caller, where it is not the server's own."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import Final

from pydantic import SecretStr

HEADER: Final = "x-portkey-api-key"
"""The header in which a caller brings a key; Portkey's own name for it."""
SHORTEST_KEY: Final = 8
LONGEST_KEY: Final = 1024
_KEY: Final = re.compile(rf"[!-~]{{{SHORTEST_KEY},{LONGEST_KEY}}}")
_MARK_HEX_DIGITS: Final = 32


@dataclass(frozen=True, slots=True)
class PortkeyKey:
    """A key and where it came from. `repr` and `str` are masked.

    Attributes:
        secret: The key.
        origin: What to look at when Portkey does not accept it, as a phrase.
        mark: Tells it from other keys and never reveals it; sessions are bound to it.
    """

    secret: SecretStr
    origin: str
    mark: str


def named_key(name: str, secret: str) -> PortkeyKey:
    """Return the key of a credential of the policy file. Its mark stays when the key is rotated."""
    return PortkeyKey(SecretStr(secret), f"the credential {name} of the policy file", f"credential:{name}")


def brought_key(value: bytes) -> PortkeyKey:
    """Take a caller's own key out of a header value.

    Raises:
        ValueError: It cannot be a key; the message is fit for the caller and shows nothing of it.
    """
    secret = value.decode("latin-1").strip(" \t")
    if not _KEY.fullmatch(secret):
        message = (
            f"The header {HEADER} holds no Portkey key. Send the key alone: {SHORTEST_KEY} to {LONGEST_KEY}"
            " characters of visible ASCII, without blanks."
        )
        raise ValueError(message)
    digest = hashlib.sha256(secret.encode()).hexdigest()[:_MARK_HEX_DIGITS]
    return PortkeyKey(SecretStr(secret), f"the key that you send in the header {HEADER}", f"key:{digest}")
