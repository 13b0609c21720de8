"""Which hosts of a base URL are private, judged by their spelling alone; no name is resolved."""

from __future__ import annotations

import ipaddress
import re
import socket
from typing import Final

_NAME: Final = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?:\.(?!-)[a-z0-9_-]{1,63})*", re.ASCII)
_NUMERIC_LABEL: Final = re.compile(r"[0-9]+|0x[0-9a-f]*", re.ASCII)
_LOCAL_NAMES: Final = frozenset({"localhost", "localhost.localdomain", "ip6-localhost", "ip6-loopback"})
_LONGEST_NAME: Final = 253
_NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")


def is_private_host(host: str) -> bool:
    """Tell whether a lower-case host, without brackets, names this machine or a private network.

    IPv4 is understood in every spelling the system's resolver accepts (`127.1`, `0x7f000001`), and inside
    IPv6 addresses that carry one. Names other than the localhost family count as public.

    Raises:
        ValueError: it is neither a host name nor an address.
    """
    if ":" in host:
        return _is_private_address(ipaddress.IPv6Address(host))
    name = host.removesuffix(".")
    if len(name) > _LONGEST_NAME or not _NAME.fullmatch(name):
        raise ValueError("not a host name")
    if _NUMERIC_LABEL.fullmatch(name.rpartition(".")[2]):
        try:
            packed = socket.inet_aton(name)
        except OSError as error:
            raise ValueError("not an IPv4 address") from error
        return _is_private_address(ipaddress.IPv4Address(packed))
    return name in _LOCAL_NAMES or name.endswith(".localhost")


def _is_private_address(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    if isinstance(address, ipaddress.IPv6Address):
        carried = address.ipv4_mapped or address.sixtofour
        if carried is None and address in _NAT64:
            carried = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if carried is not None:
            return _is_private_address(carried)
        if address.is_site_local:
            return True
    return not address.is_global or address.is_multicast or address.is_reserved
