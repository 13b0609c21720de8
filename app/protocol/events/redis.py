"""Events kept in Redis: one Redis Stream a session, one round trip an event."""

from __future__ import annotations

import asyncio
import re
import secrets
import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final, TypeAlias, cast

from redis.exceptions import RedisError

from app.protocol.events.log import EventLogError, Position, StoredEvent, new_token

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from redis.asyncio import Redis

_EVENT_ID: Final = re.compile(r"(\d{1,20}-\d{1,20})\.([A-Za-z0-9_-]{22})")
_PAGE: Final = 64
"""Events read in one round trip."""

Fields: TypeAlias = "dict[bytes, bytes]"
Rows: TypeAlias = "list[tuple[bytes, Fields]]"


class RedisEventLog:
    """An `EventLog` in Redis, for several processes.

    Each session has one key, `{prefix:session}`; the braces keep all that concerns a session in one cluster
    slot. An event id is the entry's place in that stream and a random token, which is compared before
    anything is read.

    Args:
        client: The client of `connect`. The log owns it and closes it.
        prefix: What the keys begin with.
        max_events: How many events of one session are kept, about; the oldest go first.
        ttl: Seconds after its last event that a session's events are kept.
        deadline: Seconds an operation may take, connecting included.
        pause: Seconds after a failure in which the log is not asked again, so that a dead Redis costs one
            caller its deadline and not each of them.
        clock: Seconds that never go back.
    """

    def __init__(
        self,
        client: Redis,
        *,
        prefix: str = "mcp:event-store",
        max_events: int = 1000,
        ttl: int = 3600,
        deadline: float = 5.0,
        pause: float = 5.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = client
        self._prefix = prefix
        self._max_events = max_events
        self._ttl = ttl
        self._deadline = deadline
        self._pause = pause
        self._clock = clock
        self._paused_until = float("-inf")

    async def append(self, session: str, stream: str, message: bytes) -> str:
        """Keep one event and push its session's expiry back, in one round trip."""
        key, token = self._key(session), new_token()
        fields: Any = {"s": stream, "t": token, "m": message}
        async with self._attempt(), self._client.pipeline(transaction=False) as pipe:
            pipe.xadd(key, fields, maxlen=self._max_events, approximate=True)
            pipe.expire(key, self._ttl)
            place: bytes = (await pipe.execute())[0]
        return f"{place.decode()}.{token}"

    async def find(self, session: str, event_id: str) -> Position | None:
        """Return where an event of this session stands; an id of another form reaches no key."""
        if (match := _EVENT_ID.fullmatch(event_id)) is None:
            return None
        place, token = match.groups()
        async with self._attempt():
            rows = cast("Rows", await self._client.xrange(self._key(session), place, place))
        if not rows:
            return None
        fields = rows[0][1]
        if not secrets.compare_digest(fields[b"t"].decode(), token):
            return None
        return Position(session, fields[b"s"].decode(), mark=place, message=fields[b"m"])

    async def after(self, position: Position) -> AsyncIterator[StoredEvent]:
        """Yield the later events of the stream, a page at a time."""
        key, mark, more = self._key(position.session), position.mark, True
        while more:
            async with self._attempt():
                rows = cast("Rows", await self._client.xrange(key, f"({mark}", count=_PAGE))
            more = len(rows) == _PAGE
            for place, fields in rows:
                mark = place.decode()
                if fields[b"s"].decode() == position.stream:
                    yield StoredEvent(f"{mark}.{fields[b't'].decode()}", fields[b"m"])

    async def aclose(self) -> None:
        """Close the connections; the events stay until they expire."""
        await self._client.aclose()

    def _key(self, session: str) -> str:
        return f"{{{self._prefix}:{session}}}"

    @asynccontextmanager
    async def _attempt(self) -> AsyncIterator[None]:
        if self._clock() < self._paused_until:
            raise EventLogError("the event store failed a moment ago and is left alone")
        try:
            async with asyncio.timeout(self._deadline):
                yield
        except TimeoutError as error:
            self._paused_until = self._clock() + self._pause
            raise EventLogError(f"the event store did not answer within {self._deadline:g} s") from error
        except (RedisError, OSError) as error:
            self._paused_until = self._clock() + self._pause
            raise EventLogError(f"the event store failed ({type(error).__name__})") from error
