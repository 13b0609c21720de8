"""From a reference to the Portkey key that it names."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from app.auth.portkey_key import LONGEST_KEY, SHORTEST_KEY, PortkeyKey, brought_key, named_key

if TYPE_CHECKING:
    from collections.abc import Mapping

    from app.auth.policy_file.model import Reference

_LARGEST_FILE: Final = 65_536
_ALONE: Final = (
    f"must hold the key alone: {SHORTEST_KEY} to {LONGEST_KEY} characters of visible ASCII, without blanks."
)


def resolve(name: str, reference: Reference, env: Mapping[str, str]) -> PortkeyKey:
    """Fetch the key of a credential.

    Args:
        name: The credential's.
        reference: Where the key is.
        env: The environment variables.

    Raises:
        ValueError: It is not there, or is no key; the message says what to do and shows nothing of it.
    """
    if reference.env is not None:
        where = f"The environment variable {reference.env}"
        content = env.get(reference.env, "").strip()
        if not content:
            raise ValueError(f"{where} is not set. Set it to the key.")
    else:
        where, content = _read(reference.file or "")
    try:
        brought_key(content.encode())
    except ValueError:
        raise ValueError(f"{where} {_ALONE}") from None
    return named_key(name, content)


def place_of(reference: Reference) -> str:
    """Say where a key is, in words."""
    return f"environment variable {reference.env}" if reference.env else f"file {reference.file}"


def _read(path: str) -> tuple[str, str]:
    try:
        with Path(path).open("rb") as file:
            content = file.read(_LARGEST_FILE + 1)
        text = content.decode("utf-8-sig").strip()
    except (OSError, ValueError) as error:
        reason = (getattr(error, "strerror", None) or "no UTF-8 text").lower()
        raise ValueError(f"The file {path} cannot be read ({reason}).") from None
    if not text:
        raise ValueError(f"The file {path} is empty. Put the key into it.")
    return f"The file {path}", text
