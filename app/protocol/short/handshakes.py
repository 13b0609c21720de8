"""`initialize`: each one is checked once, and clients send the same one whenever they connect."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import orjson
from mcp_types import InitializeRequestParams
from mcp_types.methods import validate_client_request
from mcp_types.version import HANDSHAKE_PROTOCOL_VERSIONS
from pydantic import ValidationError

INITIALIZE: Final = "initialize"

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
    if not isinstance(params, dict) or "_meta" in params:
        return None
    version = params.get("protocolVersion")
    if version not in HANDSHAKE_PROTOCOL_VERSIONS:
        return None
    try:
        for each in HANDSHAKE_PROTOCOL_VERSIONS:
            validate_client_request(INITIALIZE, each, params)
        parsed = InitializeRequestParams.model_validate(params, by_name=False)
    except ValidationError:
        return None
    kept = parsed.model_dump(mode="json", by_alias=True, exclude_none=True, exclude={"meta"})
    return Handshake(str(version), kept)
