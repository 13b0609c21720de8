"""Which Host and Origin headers are welcome.

One list answers for both, so that the Origin gate, the Host gate and CORS can never disagree.
An entry is an origin (`https://app.example.com`), or a host without a scheme (`app.example.com`), which
stands for any scheme. A port makes the entry exact; no port, or `:*`, admits any port. `*.` before the name
(`https://*.example.com`) stands for all names below it, not for the name itself. `*` admits all.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

_MAX_PORT: Final = 65535
_MAX_LENGTH: Final = 512
_NAME: Final = r"[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*\.?"
_AUTHORITY: Final = rf"(?P<host>\[[0-9A-Fa-f:.]+\]|{_NAME})(?::(?P<port>[1-9][0-9]{{0,4}}|\*))?"
_HOST: Final = re.compile(_AUTHORITY)
_ORIGIN: Final = re.compile(rf"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://{_AUTHORITY}")
_ANY_SUBDOMAIN: Final = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*://)?\*\.(?P<rest>.+)")
# A whole top-level domain is nobody's own, and addresses have nothing below them.
_OWN_DOMAIN: Final = re.compile(r"(?:[a-z0-9_-]+\.)+(?=[a-z0-9-]*[a-z])[a-z0-9-]+|localhost")
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}
LOOPBACK_HOSTS: Final = ("localhost", "127.0.0.1", "[::1]")


@dataclass(frozen=True, slots=True)
class _Location:
    scheme: str | None
    host: str
    port: int | None
    subdomains: bool = False

    def covers(self, host: str) -> bool:
        if not self.subdomains:
            return host == self.host
        return host.endswith(f".{self.host}")


def _host_name(text: str) -> str | None:
    """Return a name in lower case without a dot at its end, or an IPv6 address in its one short form."""
    if text.startswith("["):
        try:
            return f"[{ipaddress.IPv6Address(text[1:-1])}]"
        except ValueError:
            return None
    return text.lower().removesuffix(".")


def _location(text: str, *, is_entry: bool) -> _Location | None:
    if len(text) > _MAX_LENGTH:
        return None
    match = _ORIGIN.fullmatch(text) or _HOST.fullmatch(text)
    if match is None:
        return None
    host = _host_name(match["host"])
    port_text = match["port"]
    if host is None or (port_text == "*" and not is_entry):
        return None
    port = None if port_text in {None, "*"} else int(port_text)
    if port is not None and port > _MAX_PORT:
        return None
    scheme = match.groupdict().get("scheme")
    return _Location(scheme.lower() if scheme else None, host, port)


def _entry(text: str) -> _Location | None:
    match = _ANY_SUBDOMAIN.fullmatch(text)
    if match is None:
        return _location(text, is_entry=True)
    base = _location(f"{match['scheme'] or ''}{match['rest']}", is_entry=True)
    if base is None or not _OWN_DOMAIN.fullmatch(base.host):
        return None
    return replace(base, subdomains=True)


@dataclass(frozen=True, slots=True)
class AllowList:
    """A parsed allow-list; make one with `parse`.

    Attributes:
        everything: The list holds `*`.
        locations: The other entries.
    """

    everything: bool
    locations: frozenset[_Location]

    @classmethod
    def parse(cls, entries: Iterable[str]) -> AllowList:
        """Read the entries of a list.

        Raises:
            ValueError: Entries that are neither an origin, a host nor `*`; the message names all of them.
        """
        everything = False
        locations: set[_Location] = set()
        unreadable: list[str] = []
        for entry in entries:
            text = entry.strip().removesuffix("/")
            location = _entry(text)
            if text == "*":
                everything = True
            elif location is not None:
                locations.add(location)
            else:
                unreadable.append(repr(entry))
        if unreadable:
            message = (
                f"Not an origin: {', '.join(unreadable)}. Write https://app.example.com, "
                "https://app.example.com:8443, https://*.example.com, app.example.com, "
                "app.example.com:8443 or *."
            )
            raise ValueError(message)
        return cls(everything, frozenset(locations))

    @classmethod
    def loopback(cls) -> AllowList:
        """The names of this machine, on http and https, with any port."""
        return cls.parse(f"{scheme}://{host}" for scheme in _DEFAULT_PORTS for host in LOOPBACK_HOSTS)

    def allows_origin(self, origin: str) -> bool:
        """Judge the value of an Origin header. `null` and malformed values are never allowed, even by `*`."""
        asked = _location(origin, is_entry=False)
        if asked is None or asked.scheme is None:
            return False
        if self.everything:
            return True
        asked_port = asked.port or _DEFAULT_PORTS.get(asked.scheme)
        return any(
            entry.covers(asked.host)
            and entry.scheme in {None, asked.scheme}
            and (entry.port is None or entry.port == asked_port)
            for entry in self.locations
        )

    def allows_host(self, host: str) -> bool:
        """Judge the value of a Host header by its name alone.

        A rebound name is what the check defends against; the port is one this process listens on anyway.
        Loopback names are always allowed: no other machine can make a browser use them for itself.
        """
        asked = _location(host, is_entry=False)
        if asked is None or asked.scheme is not None:
            return False
        if self.everything or asked.host in LOOPBACK_HOSTS:
            return True
        return any(entry.covers(asked.host) for entry in self.locations)
