"""`initialize`: each one is checked once, and clients send the same one whenever they connect."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import orjson

from app.protocol.plain import are_plain_capabilities, is_plain_client
from app.protocol.vocabulary import HANDSHAKE_VERSIONS

INITIALIZE: Final = "initialize"

_HANDSHAKE: Final = {"protocolVersion", "capabilities", "clientInfo"}
_LARGEST: Final = 4096
_REMEMBERED: Final = 256


@dataclass(frozen=True, slots=True)
class Handshake:
    """A plain handshake.

    Attributes:
        version: The version that the client asks for and gets.
        params: What it says of itself, as a session keeps it.
    """

    version: str
    params: dict[str, Any]


def handshake(params: object) -> Handshake | None:
    """Return a plain handshake; None for one that the SDK refuses, or has to look at more closely."""
    try:
        written = orjson.dumps(params)
    except TypeError:
        return None
    return _read(written) if len(written) <= _LARGEST else None


@lru_cache(_REMEMBERED)
def _read(written: bytes) -> Handshake | None:
    params = orjson.loads(written)
    if not isinstance(params, dict) or params.keys() != _HANDSHAKE:
        return None
    version = params["protocolVersion"]
    plain = are_plain_capabilities(params["capabilities"]) and is_plain_client(params["clientInfo"])
    return Handshake(str(version), params) if plain and version in HANDSHAKE_VERSIONS else None
