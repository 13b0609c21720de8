"""Records in a Redis stream, for all replicas together."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from itertools import takewhile
from typing import TYPE_CHECKING, Final

from redis.exceptions import RedisError

from app.telemetry.audit.sink import SinkFailedError

if TYPE_CHECKING:
    from redis.asyncio import Redis

FIELD: Final = "record"


class RedisSink:
    """A `Sink` in a Redis stream: each record is an entry with one field, `record`.

    A record whose answer was lost is sent again, so it may be there twice, with the same `id`.

    Args:
        client: The client of `app.redis_client.connect`. The sink owns it and closes it.
        stream: The stream's key.
        max_records: How many records are kept, about; the oldest go first.
        deadline: Seconds that writing a batch may take, connecting included.
    """

    def __init__(self, client: Redis, stream: str, *, max_records: int, deadline: float = 2.0) -> None:
        self._client = client
        self._stream = stream
        self._max_records = max_records
        self._deadline = deadline

    @property
    def name(self) -> str:
        """What it is called in the log and in /ready."""
        return "audit stream"

    async def write(self, lines: Sequence[bytes]) -> None:
        """Add the records in one round trip."""
        try:
            async with asyncio.timeout(self._deadline), self._client.pipeline(transaction=False) as pipe:
                for line in lines:
                    pipe.xadd(self._stream, {FIELD: line}, maxlen=self._max_records, approximate=True)
                answers = await pipe.execute(raise_on_error=False)
        except TimeoutError as error:
            raise SinkFailedError(f"no answer within {self._deadline:g} s") from error
        except (RedisError, OSError) as error:
            raise SinkFailedError(type(error).__name__) from error
        written = sum(1 for _ in takewhile(lambda answer: not isinstance(answer, Exception), answers))
        if written < len(lines):
            raise SinkFailedError(type(answers[written]).__name__, written=written)

    async def reopen(self) -> None:
        """Do nothing: a stream is not moved away."""

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.aclose()
