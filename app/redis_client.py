"""The one way this service connects to Redis."""

from __future__ import annotations

from typing import Final

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

_CONNECTIONS: Final = 32


def connect(url: str) -> Redis:
    """Return a client, without connecting yet.

    It has a bounded number of connections and waits for one to be free. It repeats no command by itself: what
    was done before its answer was lost would be done twice. Deadlines are left to whoever uses it: redis-py's
    own, on Python 3.11, would swallow a cancellation that comes while a command is being sent.
    """
    pool = BlockingConnectionPool.from_url(
        url,
        max_connections=_CONNECTIONS,
        timeout=None,
        socket_timeout=None,
        socket_connect_timeout=None,
        retry=Retry(NoBackoff(), 0),
        # With RESP3, redis-py (8.1) takes a connection that the server closed for a good one.
        protocol=2,
    )
    return Redis.from_pool(pool)
