"""Whether the replicas of a deployment can open each other's `requestState`, found out through Redis.

Every replica notes the names of its keys. Two replicas get along when each opens what the other seals, so
keys that are being rotated in the right order (docs/confirmation.md) are no fault.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Final, cast

import structlog
from redis.exceptions import RedisError

from app.telemetry.component import OK, ComponentState

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable

    from redis.asyncio import Redis

    from app.protocol.state_keys import StateKeys

NOT_SHARED: Final = ComponentState("degraded", "keys of this process only: set MCP_STATE_KEYS")
DIFFERENT: Final = ComponentState("degraded", "replicas have different keys")
UNKNOWN: Final = ComponentState("degraded", "redis does not answer: keys not compared")

# One round trip on the clock of Redis. One member for each set of keys, however many replicas have it; the
# newest 64 are plenty, and the rest of a flood is dropped.
_SCRIPT: Final = """
local now = tonumber(redis.call('TIME')[1])
redis.call('ZADD', KEYS[1], now, ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - tonumber(ARGV[2]))
redis.call('ZREMRANGEBYRANK', KEYS[1], 0, -65)
redis.call('EXPIRE', KEYS[1], ARGV[2])
return redis.call('ZRANGE', KEYS[1], 0, -1)
"""


class KeyCheck:
    """Compares the keys of this replica with those of the others, now and then.

    Args:
        keys: The keys of this replica.
        client: The client of `connect`, owned and closed by whoever made it.
        prefix: What the Redis key begins with.
        every: Seconds between two looks. A replica that is gone counts for three of these.
        deadline: Seconds a look may take, connecting included.
    """

    def __init__(
        self, keys: StateKeys, client: Redis, *, prefix: str, every: float = 10.0, deadline: float = 1.0
    ) -> None:
        self._ids = keys.ids
        self._shared = keys.shared
        self._script = client.register_script(_SCRIPT)
        self._key = f"{{{prefix}:request-state-keys}}"
        self._every = every
        self._deadline = deadline
        self._found = OK
        self._log: structlog.typing.FilteringBoundLogger = structlog.get_logger("app.protocol")

    def state(self) -> ComponentState:
        """Return "degraded" when another replica could not open what this one seals, or might not."""
        return self._found if self._shared else NOT_SHARED

    @asynccontextmanager
    async def run(self) -> AsyncIterator[None]:
        """Look within this context, the first time at once."""
        task = asyncio.create_task(self._keep_looking())
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def look(self) -> None:
        """Note the own keys, and compare them with those of the others."""
        ttl = max(1, round(self._every * 3))
        try:
            async with asyncio.timeout(self._deadline):
                answer = await self._script(keys=[self._key], args=[",".join(self._ids), ttl])
        except (RedisError, OSError):
            # A TimeoutError is an OSError.
            found = UNKNOWN
        else:
            rings = [tuple(member.decode().split(",")) for member in cast("list[bytes]", answer)]
            found = OK if get_along(self._ids, rings) else DIFFERENT
        if found != self._found and self._shared:
            self._log.warning("request_state_keys", status=found.status, reason=found.reason)
        self._found = found

    async def _keep_looking(self) -> None:
        while True:
            try:
                await self.look()
            except Exception:  # noqa: BLE001 - it is logged, and the next look may be better
                self._found = UNKNOWN
                self._log.exception("request_state_keys")
            await asyncio.sleep(self._every)


def get_along(own: tuple[str, ...], others: Iterable[tuple[str, ...]]) -> bool:
    """Tell whether what a replica with one of `others` seals can be opened with `own`, and the reverse.

    Each is a ring of key names, of which the first seals.
    """
    return all(ring[0] in own and own[0] in ring for ring in others)
