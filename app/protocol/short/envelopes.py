"""The `_meta` of requests: each one is checked once, and clients send the same one with every request."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import orjson

from app.protocol.auditing import TRACE_CONTEXT, Client
from app.protocol.plain import are_plain_capabilities, is_plain_client
from app.protocol.short.reading import VERSION
from app.protocol.vocabulary import CLIENT_CAPABILITIES_KEY, CLIENT_INFO_KEY, VERSION_KEY

_REQUIRED: Final = {VERSION_KEY, CLIENT_CAPABILITIES_KEY}
_PLAIN: Final = _REQUIRED | {CLIENT_INFO_KEY}
_TRACE: Final = {*TRACE_CONTEXT, "baggage"}
_LARGEST: Final = 2048
_REMEMBERED: Final = 512


@dataclass(frozen=True, slots=True)
class Envelope:
    """What a client says of itself with each request.

    Attributes:
        client: What it calls itself; None when it does not say.
    """

    client: Client | None


def envelope(meta: object) -> Envelope | None:
    """Return a plain `_meta`; None for one that the SDK refuses, or that asks for more than an answer."""
    if not isinstance(meta, dict):
        return None
    # Each request has its own of these; they go nowhere but to the trace.
    traced = meta.keys() & _TRACE
    if any(not isinstance(meta[name], str) for name in traced):
        return None
    lasting = {name: value for name, value in meta.items() if name not in _TRACE} if traced else meta
    try:
        written = orjson.dumps(lasting)
    except TypeError:
        return None
    return _read(written) if len(written) <= _LARGEST else None


@lru_cache(_REMEMBERED)
def _read(written: bytes) -> Envelope | None:
    meta = orjson.loads(written)
    if not _REQUIRED <= meta.keys() <= _PLAIN:
        return None
    if meta[VERSION_KEY] != VERSION or not are_plain_capabilities(meta[CLIENT_CAPABILITIES_KEY]):
        return None
    if CLIENT_INFO_KEY not in meta:
        return Envelope(None)
    info = meta[CLIENT_INFO_KEY]
    return Envelope(Client(name=info["name"], version=info["version"])) if is_plain_client(info) else None
