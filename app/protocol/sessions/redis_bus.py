"""The bus in Redis: one short stream that every replica reads."""

from __future__ import annotations

import asyncio
import secrets
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, ClassVar, Final, cast

import anyio
import structlog

from app.protocol.sealing import NoSealing, UnsealError
from app.protocol.sessions.bus import Word
from app.protocol.sessions.store import StoreUnavailableError
from app.redis_client import Breaker, RedisUnavailableError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from redis.asyncio import Redis

    from app.protocol.sealing import Sealing
    from app.protocol.sessions.bus import Hear, Kind

log = structlog.get_logger(__name__)

_BLOCK: Final = 5.0
_PAGE: Final = 64
_HEARING: Final = 5.0
_PAUSE: Final = 0.5


class RedisBus:
    """A `Bus` for the replicas that share a Redis and a prefix.

    A stream and not a channel, because who was cut off for a moment then still hears what was said meanwhile,
    and because it works in a cluster as anywhere.

    Args:
        client: The client of `connect`. The bus owns it and closes it.
        breaker: Shared by all who use this Redis.
        prefix: What the keys begin with.
        sealing: Encrypts what clients said.
        deadline: Seconds an operation may take, connecting included.
    """

    MOST: ClassVar[int] = 10_000
    """Words that are kept, about, for who is late."""
    SECONDS: ClassVar[int] = 300

    def __init__(
        self,
        client: Redis,
        *,
        breaker: Breaker | None = None,
        prefix: str = "mcp:event-store",
        sealing: Sealing | None = None,
        deadline: float = 1.0,
    ) -> None:
        self.name = secrets.token_hex(8)
        self.key = f"{{{prefix}:sessions}}:bus"
        self._client = client
        self._breaker = breaker or Breaker()
        self._sealing = sealing or NoSealing()
        self._deadline = deadline

    async def tell(self, word: Word) -> None:
        """Tell all others, in one round trip."""
        body = self._sealing.seal(word.body, _place(word.kind, word.about)) if word.body else b""
        fields: Any = {"k": word.kind, "a": word.about, "b": body, "f": self.name}
        try:
            async with (
                self._breaker.attempt(self._deadline),
                self._client.pipeline(transaction=False) as pipe,
            ):
                pipe.xadd(self.key, fields, maxlen=self.MOST, approximate=True)
                pipe.expire(self.key, self.SECONDS)
                await pipe.execute()
        except RedisUnavailableError as error:
            raise StoreUnavailableError(str(error)) from error

    @asynccontextmanager
    async def listening(self, hear: Hear) -> AsyncIterator[None]:
        """Within this context, call `hear` with what others tell."""
        try:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(self._listen, hear)
                try:
                    yield
                finally:
                    tasks.cancel_scope.cancel()
        finally:
            with anyio.CancelScope(shield=True):
                await self._client.aclose()

    async def _listen(self, hear: Hear) -> None:
        last: bytes | None = None
        while True:
            try:
                if last is None:
                    last = await self._newest()
                async with self._breaker.attempt(_BLOCK + self._deadline):
                    found: Any = await self._client.xread(
                        {self.key: last}, count=_PAGE, block=round(_BLOCK * 1000)
                    )
            except RedisUnavailableError:
                await asyncio.sleep(_PAUSE)
                continue
            for _, rows in found or ():
                for place, fields in rows:
                    last = cast("bytes", place)
                    await self._pass_on(fields, hear)

    async def _newest(self) -> bytes:
        async with self._breaker.attempt(self._deadline):
            rows: Any = await self._client.xrevrange(self.key, count=1)
        return cast("bytes", rows[0][0]) if rows else b"0-0"

    async def _pass_on(self, fields: dict[bytes, bytes], hear: Hear) -> None:
        if fields[b"f"].decode() == self.name:
            return
        kind, about, body = fields[b"k"].decode(), fields[b"a"].decode(), fields[b"b"]
        try:
            word = Word(
                cast("Kind", kind), about, self._sealing.unseal(body, _place(kind, about)) if body else b""
            )
            with anyio.fail_after(_HEARING):
                await hear(word)
        except UnsealError as error:
            log.warning("word_of_replica_unreadable", reason=str(error))
        except Exception:
            # One word that cannot be acted on must not deafen this replica.
            log.exception("word_of_replica_failed", kind=kind)


def _place(kind: str, about: str) -> str:
    return f"bus {kind} {about}"
