"""Session records kept in Redis, for several processes: one round trip an operation, each a script."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast

import structlog

from app.protocol.owner import account_of
from app.protocol.sealing import NoSealing, UnsealError
from app.protocol.sessions.store import StoreUnavailableError, key_of
from app.redis_client import Breaker, RedisUnavailableError
from app.telemetry.component import OK, ComponentState

if TYPE_CHECKING:
    from redis.asyncio import Redis

    from app.protocol.sealing import Sealing
    from app.protocol.sessions.redis_bus import RedisBus
    from app.protocol.sessions.store import Refusal

log = structlog.get_logger(__name__)

# All on the clock of Redis, which the processes share. KEYS: the record; all sessions, and those of the
# owner, by the moment they expire; the bus.
_NOW: Final = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local key, owner = ARGV[1], ARGV[2]
local function use(idle)
  local till = string.format('%.0f', now + idle)
  redis.call('PEXPIRE', KEYS[1], idle)
  for position = 2, owner == '' and 2 or 3 do
    redis.call('ZADD', KEYS[position], till, key)
    redis.call('PEXPIRE', KEYS[position], idle)
  end
end
"""
_OPEN: Final = (
    _NOW
    + """
local idle, most, most_owned = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now)
local count = redis.call('ZCARD', KEYS[2])
if count >= most then return {'full', count} end
if owner ~= '' then
  redis.call('ZREMRANGEBYSCORE', KEYS[3], '-inf', now)
  if redis.call('ZCARD', KEYS[3]) >= most_owned then return {'quota', count} end
end
redis.call('HSET', KEYS[1], 'owner', owner, 'record', ARGV[3])
use(idle)
return {'', count + 1}
"""
)
_TOUCH: Final = (
    _NOW
    + """
local kept = redis.call('HMGET', KEYS[1], 'owner', 'record')
if kept[1] ~= owner then return {false, redis.call('ZCARD', KEYS[2])} end
use(tonumber(ARGV[3]))
return {kept[2], redis.call('ZCARD', KEYS[2])}
"""
)
_END: Final = (
    _NOW
    + """
if redis.call('HGET', KEYS[1], 'owner') ~= owner then return {0, redis.call('ZCARD', KEYS[2])} end
redis.call('DEL', KEYS[1])
redis.call('ZREM', KEYS[2], key)
if owner ~= '' then redis.call('ZREM', KEYS[3], key) end
redis.call('XADD', KEYS[4], 'MAXLEN', '~', ARGV[4], '*', 'k', 'ended', 'a', key, 'b', '', 'f', ARGV[3])
redis.call('EXPIRE', KEYS[4], ARGV[5])
return {1, redis.call('ZCARD', KEYS[2])}
"""
)


class RedisSessionStore:
    """A `SessionStore` in Redis.

    All its keys carry the hash tag `{prefix:sessions}`, for scripts see several of them: in a cluster, the
    records of all sessions, about a kilobyte each, are in one slot.

    Args:
        client: The client of `connect`. The store owns it and closes it.
        bus: Tells other replicas that a session ended.
        breaker: Shared by all who use this Redis.
        prefix: What the keys begin with.
        sealing: Encrypts the records.
        idle_timeout: Seconds without use after which a session is gone.
        max_sessions: Sessions at most, in all processes together.
        max_per_account: Sessions at most of one principal, whatever its Portkey keys.
        deadline: Seconds an operation may take, connecting included.
    """

    shared = True

    def __init__(  # noqa: PLR0913 - the parts come from the composition root, each by name
        self,
        client: Redis,
        *,
        bus: RedisBus,
        breaker: Breaker | None = None,
        prefix: str = "mcp:event-store",
        sealing: Sealing | None = None,
        idle_timeout: float = 3600.0,
        max_sessions: int = 1000,
        max_per_account: int = 250,
        deadline: float = 1.0,
    ) -> None:
        self._client = client
        self._bus = bus
        self._breaker = breaker or Breaker()
        self._tag = f"{{{prefix}:sessions}}"
        self._sealing = sealing or NoSealing()
        self._idle_ms = max(1, round(idle_timeout * 1000))
        self._max_sessions = max_sessions
        self._max_per_account = max_per_account
        self._deadline = deadline
        self.count = 0
        """How many sessions are open in all processes, as of the last answer."""

    async def open(self, session_id: str, owner: str, record: bytes) -> Refusal | None:
        """Keep a new session, unless there are too many."""
        sealed = self._sealing.seal(record, _place(session_id, owner))
        limits = (self._idle_ms, self._max_sessions, self._max_per_account)
        refusal = cast("bytes", await self._run(_OPEN, session_id, owner, sealed, *limits)).decode()
        return cast("Refusal", refusal) if refusal else None

    async def touch(self, session_id: str, owner: str) -> bytes | None:
        """Return the record of a session and start its idle time anew."""
        sealed = await self._run(_TOUCH, session_id, owner, self._idle_ms)
        if sealed is None:
            return None
        try:
            return self._sealing.unseal(cast("bytes", sealed), _place(session_id, owner))
        except UnsealError as error:
            # Its client begins a new one, as after any change that a session does not survive.
            log.warning("session_record_unreadable", reason=str(error))
            return None

    async def end(self, session_id: str, owner: str) -> bool:
        """Forget a session, and tell the other replicas in the same step."""
        bus = self._bus
        ended = cast("int", await self._run(_END, session_id, owner, bus.name, bus.MOST, bus.SECONDS))
        return ended == 1

    def state(self) -> ComponentState:
        """Return "failed" while Redis does not work: only sessions that are live here go on."""
        if self._breaker.closed:
            return OK
        return ComponentState("failed", "redis does not answer: only sessions in use here go on")

    async def aclose(self) -> None:
        """Close the connections; the sessions stay until they expire."""
        await self._client.aclose()

    async def _run(self, script: str, session_id: str, owner: str, *arguments: str | bytes | int) -> Any:  # noqa: ANN401
        key = key_of(session_id)
        tag, account = self._tag, account_of(owner)
        keys = [f"{tag}:s:{key}", f"{tag}:all", f"{tag}:o:{account}", self._bus.key]
        client: Any = self._client
        try:
            async with self._breaker.attempt(self._deadline):
                result, count = await client.eval(script, len(keys), *keys, key, owner, *arguments)
        except RedisUnavailableError as error:
            raise StoreUnavailableError(str(error)) from error
        self.count = int(count)
        return result


def _place(session_id: str, owner: str) -> str:
    return f"session {key_of(session_id)} {owner}"
