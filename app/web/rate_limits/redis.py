"""Buckets in Redis, for several processes that count together."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final, cast

from redis.exceptions import RedisError

from app.web.rate_limits.limits import StoreFailedError, Verdict

if TYPE_CHECKING:
    from redis.asyncio import Redis

    from app.web.rate_limits.limits import Limit

# One round trip, atomic, on the clock of Redis, which all processes share. Redis cuts numbers that a script
# returns to integers, so the tokens travel as text. A full bucket is the same as none.
_SCRIPT: Final = """
local capacity, per_ms, amount = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local all_or_nothing = ARGV[4] == '1'
local time = redis.call('TIME')
local now = time[1] * 1000 + time[2] / 1000
local stored = redis.call('HMGET', KEYS[1], 'tokens', 'at')
local tokens = capacity
if stored[1] and stored[2] then
  local elapsed = math.max(0, now - tonumber(stored[2]))
  tokens = math.min(capacity, tonumber(stored[1]) + elapsed * per_ms)
end
local admitted = 1
if all_or_nothing and tokens + amount < -0.000001 then
  admitted = 0
else
  tokens = math.min(capacity, math.max(0, tokens + amount))
end
if tokens >= capacity then
  redis.call('DEL', KEYS[1])
else
  redis.call('HSET', KEYS[1], 'tokens', string.format('%.9f', tokens), 'at', string.format('%.3f', now))
  redis.call('PEXPIRE', KEYS[1], string.format('%.0f', math.ceil((capacity - tokens) / per_ms) + 1))
end
return {admitted, string.format('%.9f', tokens)}
"""


class RedisStore:
    """A `RateLimitStore` in Redis.

    Each bucket is one key, `{prefix:bucket}`, that expires when the bucket is full again.

    Args:
        client: The client of `connect`. The store owns it and closes it.
        prefix: What the keys begin with.
        deadline: Seconds an operation may take, connecting included.
    """

    def __init__(self, client: Redis, *, prefix: str = "mcp:rate-limit", deadline: float = 0.3) -> None:
        self._client = client
        self._script = client.register_script(_SCRIPT)
        self._prefix = prefix
        self._deadline = deadline

    async def take(self, bucket: str, limit: Limit) -> Verdict:
        """Take one token if there is one."""
        return await self._run(bucket, limit, -1, all_or_nothing=True)

    async def add(self, bucket: str, limit: Limit, tokens: int) -> None:
        """Add tokens, or take some away."""
        await self._run(bucket, limit, tokens, all_or_nothing=False)

    async def aclose(self) -> None:
        """Close the connections; the buckets stay until they are full."""
        await self._client.aclose()

    async def _run(self, bucket: str, limit: Limit, amount: int, *, all_or_nothing: bool) -> Verdict:
        arguments: list[str | int] = [limit.capacity, repr(limit.rate / 1000), amount, int(all_or_nothing)]
        try:
            async with asyncio.timeout(self._deadline):
                answer = await self._script(keys=[f"{{{self._prefix}:{bucket}}}"], args=arguments)
        except TimeoutError as error:
            raise StoreFailedError(f"no answer within {self._deadline:g} s") from error
        except (RedisError, OSError) as error:
            raise StoreFailedError(type(error).__name__) from error
        admitted, tokens = cast("tuple[int, bytes]", answer)
        return Verdict(admitted == 1, float(tokens))
