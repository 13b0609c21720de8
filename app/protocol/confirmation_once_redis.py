"""Answers that were used, remembered in Redis for all replicas."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import structlog
from redis.exceptions import RedisError

if TYPE_CHECKING:
    from redis.asyncio import Redis

    from app.protocol.confirmation_once import Once


class RedisOnce:
    """An `Once` of all replicas. While Redis does not answer, each replica remembers for itself.

    Args:
        client: The client of `connect`, owned and closed by whoever made it.
        prefix: What the keys begin with.
        local: What this process remembers itself.
        deadline: Seconds an operation may take, connecting included.
    """

    def __init__(self, client: Redis, *, prefix: str, local: Once, deadline: float = 1.0) -> None:
        self._client = client
        self._prefix = prefix
        self._local = local
        self._deadline = deadline
        self._log: structlog.typing.FilteringBoundLogger = structlog.get_logger("app.protocol")

    async def claim(self, mark: str, ttl: float) -> bool:
        """Return True for the first who claims this mark within `ttl` seconds."""
        if not await self._local.claim(mark, ttl):
            return False
        try:
            async with asyncio.timeout(self._deadline):
                first = await self._client.set(
                    f"{self._prefix}:answered:{mark}", 1, nx=True, px=round(ttl * 1000)
                )
        except (RedisError, OSError) as error:
            # A TimeoutError is an OSError. To refuse every answer would be worse than what is left to do
            # without Redis: the same caller repeating its own call, with its answer, on another replica.
            self._log.warning("answer_not_shared", reason=type(error).__name__)
            return True
        return bool(first)
