"""Which proxies in front of this service are believed about who is calling (MCP_TRUST_PROXY)."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

IPAddress: TypeAlias = "ipaddress.IPv4Address | ipaddress.IPv6Address"
IPNetwork: TypeAlias = "ipaddress.IPv4Network | ipaddress.IPv6Network"

MAX_HOPS: Final = 32
_NAMES: Final = {
    "loopback": ("127.0.0.0/8", "::1/128"),
    "linklocal": ("169.254.0.0/16", "fe80::/10"),
    "uniquelocal": ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"),
}
_NOBODY: Final = frozenset({"false", "no", "off"})
_ONE_PROXY: Final = frozenset({"true", "yes", "on"})


def plain(address: IPAddress) -> IPAddress:
    """Return an IPv4 address for one that is mapped into IPv6, and any other as it is."""
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


@dataclass(frozen=True, slots=True)
class TrustedProxies:
    """A number of proxies that are in front whatever their address, or the addresses of proxies.

    Attributes:
        hops: How many, counted from this process outwards.
        networks: Where proxies stand.
    """

    hops: int = 0
    networks: tuple[IPNetwork, ...] = ()

    @classmethod
    def parse(cls, text: str) -> TrustedProxies:
        """Read the setting: `false`, a number, or addresses, networks and names of networks with commas.

        `true` is taken for 1. To believe any number of hops would be to believe the client itself.

        Raises:
            ValueError: With a sentence that names what cannot be read and what to write.
        """
        word = text.strip().lower()
        if word in _NOBODY:
            return cls()
        if word in _ONE_PROXY:
            return cls(hops=1)
        if word.isascii() and word.isdigit() and int(word[:4]) <= MAX_HOPS:
            return cls(hops=int(word[:4]))
        networks: list[IPNetwork] = []
        unreadable: list[str] = []
        for entry in filter(None, map(str.strip, word.split(","))):
            try:
                networks.extend(_networks(entry))
            except ValueError:
                unreadable.append(repr(entry))
        if unreadable or not networks:
            raise ValueError(_advice(unreadable))
        return cls(networks=tuple(networks))

    def trusts(self, address: IPAddress | None, position: int) -> bool:
        """Tell whether the machine `position` hops away is a proxy of ours; 0 is whoever is connected.

        Args:
            address: Its address; None when it has none, as over a Unix socket.
            position: How many hops are between it and this process.
        """
        if position < self.hops:
            return True
        return address is not None and any(address in network for network in self.networks)


def _networks(entry: str) -> Iterator[IPNetwork]:
    for text in _NAMES.get(entry, (entry,)):
        yield ipaddress.ip_network(text, strict=False)


def _advice(unreadable: Iterable[str]) -> str:
    what = ", ".join(unreadable)
    not_read = f"Not an address or a network: {what}. " if what else ""
    return (
        f"{not_read}Use false, loopback, the number of proxies in front (0 to {MAX_HOPS}), or their addresses"
        " and networks separated by commas, such as 10.0.0.0/8,fd00::/8 or uniquelocal (private networks)."
    )
