"""Makes Redis clients, all with the same behaviour."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING, Any, Final, cast

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from app.settings.redis_address import RedisAddress

if TYPE_CHECKING:
    from redis.asyncio.cluster import ClusterNode

_CONNECTIONS: Final = 32


def connect(url: str, *, connections: int = _CONNECTIONS) -> Redis:
    """Return a client, without connecting yet.

    It has a bounded number of connections and waits for one to be free. It repeats no command by itself: what
    was done before its answer was lost would be done twice. Deadlines are left to whoever uses it: redis-py's
    own, on Python 3.11, would swallow a cancellation that comes while a command is being sent.

    Args:
        url: A plain URL (redis, rediss), one of Sentinels (redis+sentinel://host:port,host:port/master/0) or
            one of a cluster (redis+cluster://host:port,host:port).
        connections: How many connections at most, to each node.
    """
    address = RedisAddress.parse(url)
    if address.topology == "sentinel":
        return _of_sentinel(address, connections)
    if address.topology == "cluster":
        return _of_cluster(address, connections)
    pool = BlockingConnectionPool.from_url(url, max_connections=connections, timeout=None, **_behaviour())
    return Redis.from_pool(pool)


class _Master(Redis):
    """A client that closes its connections to the Sentinels too, which redis-py (8.1) leaves open."""

    sentinels: tuple[Redis, ...] = ()

    async def aclose(self, close_connection_pool: bool | None = None) -> None:  # noqa: FBT001 - redis-py's
        """Close all connections."""
        await super().aclose(close_connection_pool)
        for sentinel in self.sentinels:
            await sentinel.aclose()


def _behaviour() -> dict[str, Any]:
    return {
        "socket_timeout": None,
        "socket_connect_timeout": None,
        "retry": Retry(NoBackoff(), 0),
        # With RESP3, redis-py (8.1) takes a connection that the server closed for a good one.
        "protocol": 2,
    }


def _who(address: RedisAddress) -> dict[str, Any]:
    named = {"username": address.username, "password": address.password}
    return {name: value for name, value in named.items() if value is not None}


def _of_sentinel(address: RedisAddress, connections: int) -> Redis:
    from redis.asyncio import sentinel  # noqa: PLC0415 - only where there are Sentinels

    tls = {"ssl": True} if address.tls else {}
    make: Any = sentinel.Sentinel
    # The credentials are the master's: most Sentinels have none of their own.
    sentinels = make(address.hosts, sentinel_kwargs={**_behaviour(), **tls})
    options = {"db": address.database, "max_connections": connections * 4, **_who(address), **tls}
    client: _Master = sentinels.master_for(address.master, redis_class=_Master, **options, **_behaviour())
    client.sentinels = tuple(sentinels.sentinels)
    return client


def _of_cluster(address: RedisAddress, connections: int) -> Redis:
    from redis.asyncio.cluster import ClusterNode, RedisCluster  # noqa: PLC0415 - only where there is a cluster

    nodes: list[ClusterNode] = [ClusterNode(host, port) for host, port in address.hosts]
    tls: dict[str, Any] = {"ssl": True, "ssl_cert_reqs": ssl.CERT_REQUIRED} if address.tls else {}
    cluster = RedisCluster(
        startup_nodes=nodes, max_connections=connections * 4, **_behaviour(), **_who(address), **tls
    )
    # What this service asks of a client, both have; they share no type.
    return cast("Redis", cluster)
