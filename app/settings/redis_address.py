"""Redis URLs: one server, a master that Sentinels watch, or a cluster."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal
from urllib.parse import SplitResult, unquote, urlsplit

Topology = Literal["single", "sentinel", "cluster"]

_SCHEMES: Final[dict[str, tuple[Topology, bool]]] = {
    "redis": ("single", False),
    "rediss": ("single", True),
    "redis+sentinel": ("sentinel", False),
    "rediss+sentinel": ("sentinel", True),
    "redis+cluster": ("cluster", False),
    "rediss+cluster": ("cluster", True),
}
_DEFAULT_PORTS: Final[dict[Topology, int]] = {"single": 6379, "sentinel": 26379, "cluster": 6379}
_MASTER_PARTS: Final = 2


@dataclass(frozen=True, slots=True)
class RedisAddress:
    """Where Redis is, and as whom to connect.

    Attributes:
        topology: What answers at the hosts.
        hosts: Names and ports: of the server, of the Sentinels, or of some nodes of the cluster.
        tls: Whether to speak TLS.
        username: The ACL user; None for the default one.
        password: The password; None for none.
        database: Number of the database; 0 in a cluster.
        master: The name by which the Sentinels know the master; "" without Sentinels.
    """

    topology: Topology
    hosts: tuple[tuple[str, int], ...]
    tls: bool
    username: str | None
    password: str | None
    database: int = 0
    master: str = ""

    @classmethod
    def parse(cls, url: str) -> RedisAddress:
        """Read a URL.

        Raises:
            ValueError: It is none of the forms.
        """
        parts = urlsplit(url)
        if parts.scheme not in _SCHEMES:
            raise ValueError("unknown scheme")
        topology, tls = _SCHEMES[parts.scheme]
        credentials, _, places = parts.netloc.rpartition("@")
        username, _, password = credentials.partition(":")
        hosts = tuple(_host(place, _DEFAULT_PORTS[topology]) for place in places.split(","))
        if topology == "single" and len(hosts) > 1:
            raise ValueError("one host")
        master, database = _path(topology, parts)
        return cls(
            topology,
            hosts,
            tls,
            unquote(username) or None,
            unquote(password) or None,
            database,
            master,
        )


def _host(text: str, default_port: int) -> tuple[str, int]:
    parts = urlsplit(f"//{text}")
    if not parts.hostname or parts.port == 0:
        raise ValueError("no host")
    return parts.hostname, parts.port or default_port


def _path(topology: Topology, parts: SplitResult) -> tuple[str, int]:
    steps = [unquote(step) for step in parts.path.split("/") if step]
    master = ""
    if topology == "sentinel":
        if not 1 <= len(steps) <= _MASTER_PARTS:
            raise ValueError("no master")
        master = steps.pop(0)
    if topology == "cluster" and steps and steps != ["0"]:
        raise ValueError("a cluster has database 0 alone")
    if len(steps) > 1 or not all(step.isdigit() for step in steps):
        # A database may also be named in the query of a plain URL, which redis-py reads.
        raise ValueError("the database is a number")
    return master, int(steps[0]) if steps else 0
