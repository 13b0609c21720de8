"""Events kept in Redis: one Redis Stream a stream, one round trip for what is kept at once."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections import OrderedDict, deque
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeAlias, cast

import anyio
import orjson
import structlog
from redis.exceptions import ResponseError

from app.protocol.events.log import Event, EventLogError
from app.protocol.sealing import NoSealing, UnsealError
from app.redis_client import Breaker, RedisUnavailableError
from app.telemetry.component import OK, ComponentState

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from redis.asyncio import Redis

    from app.protocol.events.log import Stream
    from app.protocol.sealing import Sealing

log = structlog.get_logger(__name__)

OVERHEAD: Final = 512
"""Bytes an event is taken to cost in Redis besides its message."""

_PAGE: Final = 64
_LEASE_MS: Final = 10_000
_RENEW: Final = 3.0
_RENEW_WHEN_DOWN: Final = 0.5
_MOST_OWED: Final = 256
_MOST_OWED_BYTES: Final = 16 * 1024 * 1024

Fields: TypeAlias = "dict[bytes, bytes]"
Rows: TypeAlias = "list[tuple[bytes, Fields]]"


@dataclass(slots=True)
class _Written:
    key: str
    expires_at: float
    events: int = 0
    bytes: int = 0


class RedisEventLog:
    """An `EventLog` in Redis, for several processes.

    Each stream has one key, `{prefix:events:address}`; the braces keep it in one cluster slot. Each process
    that writes has a key that says it is alive, `{prefix:writer:name}`. What this process wrote is bounded in
    events and bytes; the streams not written for longest go first.

    Args:
        client: The client of `connect`. The log owns it and closes it.
        blocking: Another one, for those who wait for events; each takes a connection as long as it waits.
        breaker: Shared by all who use this Redis.
        prefix: What the keys begin with.
        sealing: Encrypts the messages.
        max_events: How many events of this process are kept.
        max_bytes: How many bytes they take.
        ttl: Seconds after its last event that a stream is kept.
        deadline: Seconds an operation may take, connecting included.
        clock: Seconds that never go back.
    """

    def __init__(  # noqa: PLR0913 - the parts come from the composition root, each by name
        self,
        client: Redis,
        *,
        blocking: Redis,
        breaker: Breaker | None = None,
        prefix: str = "mcp:event-store",
        sealing: Sealing | None = None,
        max_events: int = 10_000,
        max_bytes: int = 64 * 1024 * 1024,
        ttl: int = 3600,
        deadline: float = 5.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.writer = secrets.token_hex(8)
        self._client = client
        self._blocking = blocking
        self._breaker = breaker or Breaker()
        self._prefix = prefix
        self._sealing = sealing or NoSealing()
        self._max_events = max_events
        self._max_bytes = max_bytes
        self._ttl = ttl
        self._deadline = deadline
        self._clock = clock
        self._written: OrderedDict[str, _Written] = OrderedDict()
        self._events = 0
        self._bytes = 0
        self._owed: deque[tuple[Stream, Event]] = deque()
        self._owed_bytes = 0

    async def append(self, stream: Stream, *events: Event, oldest: int = 1) -> None:
        """Keep the next events of a stream and push its expiry back, in one round trip."""
        size = sum([len(event.message) + OVERHEAD for event in events])
        if size > self._max_bytes:
            raise EventLogError(f"events of {size} bytes are larger than the whole event store")
        address = stream.address
        key = self._key(address)
        surplus = self._count_in(address, key, len(events), size)
        rows = [(self._fields(address, event), f"{event.number}-0") for event in events]
        trim: dict[str, Any] = {"minid": f"{oldest}-0", "approximate": False} if oldest > 1 else {}
        async with self._attempt(self._deadline), self._client.pipeline(transaction=False) as pipe:
            for fields, place in rows:
                pipe.xadd(key, fields, id=place, **trim)
            pipe.expire(key, self._ttl)
            for old in surplus:
                pipe.unlink(old)
            for added in (await pipe.execute(raise_on_error=False))[: len(rows)]:
                # One that is there was kept when it was sent before, and only the answer was lost.
                is_there = isinstance(added, ResponseError) and "equal or smaller" in str(added)
                if isinstance(added, Exception) and not is_there:
                    raise added

    def owe(self, stream: Stream, event: Event) -> None:
        """Keep the event when Redis can be reached again, within bounds."""
        if len(event.message) > _MOST_OWED_BYTES:
            return
        self._owed.append((stream, event))
        self._owed_bytes += len(event.message)
        while len(self._owed) > _MOST_OWED or self._owed_bytes > _MOST_OWED_BYTES:
            self._owed_bytes -= len(self._owed.popleft()[1].message)

    async def read(self, stream: Stream, number: int) -> list[Event] | None:
        """Return that event and some of those after it."""
        address = stream.address
        async with self._attempt(self._deadline):
            found = await self._client.xrange(self._key(address), f"{number}-0", count=_PAGE)
        rows = cast("Rows", found)
        if not rows or _number(rows[0][0]) != number:
            return None
        return [self._event(address, row) for row in rows]

    async def later(self, stream: Stream, number: int, wait: float) -> list[Event]:
        """Return some events after that number, as soon as there are any."""
        address = stream.address
        key = self._key(address)
        async with self._attempt(wait + self._deadline):
            found: Any = await self._blocking.xread(
                {key: f"{number}-0"}, count=_PAGE, block=max(1, round(wait * 1000))
            )
        return [self._event(address, row) for _, rows in found or () for row in cast("Rows", rows)]

    async def alive(self, writer: str) -> bool:
        """Tell whether the key of that process is there."""
        if writer == self.writer:
            return True
        async with self._attempt(self._deadline):
            return bool(await self._client.exists(self._lease(writer)))

    @asynccontextmanager
    async def run(self) -> AsyncIterator[None]:
        """Say that this process is alive, and keep what is owed."""
        try:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(self._renew)
                try:
                    yield
                finally:
                    tasks.cancel_scope.cancel()
        finally:
            with anyio.CancelScope(shield=True):
                await self._leave()

    def state(self) -> ComponentState:
        """Return "failed" while Redis does not work: calls go on, and no stream can be resumed."""
        if self._breaker.closed:
            return OK
        return ComponentState("failed", "redis does not answer: streams cannot be resumed")

    async def _renew(self) -> None:
        while True:
            try:
                async with self._breaker.attempt(self._deadline):
                    await self._client.set(self._lease(self.writer), 1, px=_LEASE_MS)
                await self._pay()
            except (RedisUnavailableError, EventLogError):
                await asyncio.sleep(_RENEW_WHEN_DOWN)
            else:
                await asyncio.sleep(_RENEW)

    async def _pay(self) -> None:
        while self._owed:
            stream, event = self._owed[0]
            await self.append(stream, event)
            if self._owed and self._owed[0] == (stream, event):
                self._owed.popleft()
                self._owed_bytes -= len(event.message)

    async def _leave(self) -> None:
        try:
            async with self._breaker.attempt(min(self._deadline, 1.0)):
                await self._client.unlink(self._lease(self.writer))
        except RedisUnavailableError:
            log.info("lease_not_given_back")
        await self._client.aclose()
        await self._blocking.aclose()

    def _count_in(self, address: str, key: str, events: int, size: int) -> list[str]:
        """Count events of this process, and return the keys of the streams that make room for them."""
        now = self._clock()
        written = self._written.setdefault(address, _Written(key, now))
        written.expires_at = now + self._ttl
        written.events += events
        written.bytes += size
        self._events += events
        self._bytes += size
        self._written.move_to_end(address)
        surplus = []
        while len(self._written) > 1:
            oldest = next(iter(self._written.values()))
            expired = oldest.expires_at <= now
            if not (expired or self._events > self._max_events or self._bytes > self._max_bytes):
                break
            self._written.popitem(last=False)
            self._events -= oldest.events
            self._bytes -= oldest.bytes
            if not expired:
                surplus.append(oldest.key)
        return surplus

    def _fields(self, address: str, event: Event) -> Any:  # noqa: ANN401 - redis-py's type is invariant
        fields = {
            "m": self._sealing.seal(event.message, f"{address}.{event.number}"),
            "w": event.writer,
            "r": orjson.dumps(event.request_id),
        }
        return {**fields, "l": "1"} if event.last else fields

    def _event(self, address: str, row: tuple[bytes, Fields]) -> Event:
        place, fields = row
        number = _number(place)
        try:
            message = self._sealing.unseal(fields[b"m"], f"{address}.{number}")
        except UnsealError as error:
            raise EventLogError(f"an event cannot be read: {error}") from error
        return Event(number, message, b"l" in fields, fields[b"w"].decode(), orjson.loads(fields[b"r"]))

    def _key(self, address: str) -> str:
        return f"{{{self._prefix}:events:{address}}}"

    def _lease(self, writer: str) -> str:
        return f"{{{self._prefix}:writer:{writer}}}"

    @asynccontextmanager
    async def _attempt(self, deadline: float) -> AsyncIterator[None]:
        try:
            async with self._breaker.attempt(deadline):
                yield
        except RedisUnavailableError as error:
            raise EventLogError(str(error)) from error


def _number(place: bytes) -> int:
    return int(place.partition(b"-")[0])
