"""Who is behind the proxies in front: Forwarded (RFC 7239) and X-Forwarded-For and -Proto.

Each proxy adds what it saw at the right, so the lists are read from there: what a trusted machine wrote is
believed, and the first machine that is not trusted is the client. What stands further left is hearsay, and so
is everything left of an entry that cannot be read. The host is never taken from here.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from app.web.trusted_proxies import MAX_HOPS, plain

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from app.web.trusted_proxies import IPAddress, TrustedProxies

Scheme = Literal["http", "https"]
Headers: TypeAlias = "Iterable[tuple[bytes, bytes]]"

_LISTS: Final = frozenset({b"forwarded", b"x-forwarded-for", b"x-forwarded-proto"})
_SCHEMES: Final[dict[str, Scheme]] = {"http": "http", "https": "https"}
_PORT: Final = r"(?::(?P<port>[0-9]{1,5}|_[A-Za-z0-9._-]{1,64}))?"
_IPV6: Final = r"\[(?P<v6>[0-9A-Fa-f]{0,4}:[0-9A-Fa-f:.]{1,41})\]"
_NODE: Final = re.compile(rf"(?:{_IPV6}|(?P<v4>[0-9.]{{7,15}})){_PORT}")
# No address and no scheme holds a comma or a semicolon, so a list can be cut at each of them, quoted or not.
# That way a quotation mark from the client cannot swallow what the proxy wrote after it.
_PAIR: Final = re.compile(
    r"[ \t]*(?P<name>[!#$%&'*+.^_`|~0-9A-Za-z-]+)="
    r'(?:(?P<token>[!#$%&\'*+.^_`|~0-9A-Za-z-]+)|"(?P<quoted>[^"\\]*)")[ \t]*'
)
_LARGEST_PORT: Final = 65_535
_ADDRESSES_REMEMBERED: Final = 4096


@dataclass(frozen=True, slots=True)
class Caller:
    """Where a request comes from.

    Attributes:
        address: The client's; None where the connection has none.
        port: The client's; 0 when nobody told it.
        scheme: What the client spoke to the outermost trusted proxy; None when nobody told it.
    """

    address: IPAddress | None
    port: int
    scheme: Scheme | None = None


@dataclass(frozen=True, slots=True)
class _Hop:
    address: IPAddress | None
    port: int = 0
    scheme: Scheme | None = None


def find_caller(peer: tuple[str, int] | None, headers: Headers, trusted: TrustedProxies) -> Caller:
    """Find out who is calling.

    When both kinds of header are there and name different clients, neither is believed: a proxy that writes
    one of them passes the other on as the client sent it.

    Args:
        peer: Address and port of the other end of the connection.
        headers: The request's, names in lower case.
        trusted: Whom to believe.

    Returns:
        The caller; the peer itself unless it is trusted and says otherwise.
    """
    address = _address(peer[0]) if peer else None
    connected = Caller(address, peer[1] if peer else 0)
    if not trusted.trusts(address, 0):
        return connected
    lists: dict[bytes, list[str]] = {}
    for name, value in headers:
        if name in _LISTS:
            lists.setdefault(name, []).append(value.decode("latin-1"))
    found = [
        _walk(connected, ",".join(lists[name]), read, trusted)
        for name, read in ((b"forwarded", _forwarded_hop), (b"x-forwarded-for", _plain_hop))
        if name in lists
    ]
    if len({caller.address for caller, _ in found}) > 1:
        return connected
    caller, depth = found[0] if found else (connected, 1)
    if caller.scheme is None and b"x-forwarded-proto" in lists:
        scheme = _scheme_at(",".join(lists[b"x-forwarded-proto"]), depth)
        return Caller(caller.address, caller.port, scheme)
    return caller


def _walk(
    connected: Caller, text: str, read: Callable[[str], _Hop | None], trusted: TrustedProxies
) -> tuple[Caller, int]:
    """Go from the right to the first machine that is not trusted; return it, and how many hops away it is."""
    caller, depth = connected, 0
    for entry in reversed(_entries(text)):
        hop = read(entry)
        if hop is None:
            break
        depth += 1
        scheme = hop.scheme or caller.scheme
        if hop.address is None:
            caller = Caller(caller.address, caller.port, scheme)
            break
        caller = Caller(hop.address, hop.port, scheme)
        if not trusted.trusts(hop.address, depth):
            break
    return caller, max(depth, 1)


def _entries(text: str) -> list[str]:
    parts = text.rsplit(",", MAX_HOPS)[-MAX_HOPS:]
    return [part.strip(" \t") for part in parts if part.strip(" \t")]


def _scheme_at(text: str, depth: int) -> Scheme | None:
    """Return the scheme of the hop; the leftmost one where proxies replace the list, not add to it."""
    schemes = _entries(text)[-depth:]
    return _SCHEMES.get(schemes[0].lower()) if schemes else None


def _plain_hop(entry: str) -> _Hop | None:
    return _node(entry) or _unbracketed(entry)


def _forwarded_hop(entry: str) -> _Hop | None:
    pairs: dict[str, str] = {}
    for part in entry.split(";"):
        match = _PAIR.fullmatch(part)
        if match is None or match["name"].lower() in pairs:
            return None
        pairs[match["name"].lower()] = match["token"] or match["quoted"] or ""
    scheme = _SCHEMES.get(pairs.get("proto", "").lower())
    # Without an address, or with a hidden or unknown one, the hop still tells the scheme.
    hop = _node(pairs.get("for", "")) or _Hop(None)
    return _Hop(hop.address, hop.port, scheme)


def _node(text: str) -> _Hop | None:
    match = _NODE.fullmatch(text)
    address = _address(match["v6"] or match["v4"]) if match else None
    if match is None or address is None:
        return None
    port = int(match["port"]) if match["port"] and match["port"].isdigit() else 0
    return _Hop(address, port) if port <= _LARGEST_PORT else None


def _unbracketed(text: str) -> _Hop | None:
    address = _address(text) if ":" in text and "%" not in text else None
    return _Hop(address) if address else None


@lru_cache(_ADDRESSES_REMEMBERED)
def _address(text: str) -> IPAddress | None:
    try:
        return plain(ipaddress.ip_address(text))
    except ValueError:
        return None
