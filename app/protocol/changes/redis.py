"""Changes told to all replicas, over Redis pub/sub.

A message that a replica missed is gone, so after a broken connection its own listeners are told that all may
have changed. While Redis is down each replica tells its own listeners.
"""

from __future__ import annotations

import asyncio
import secrets
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final

import orjson
import structlog
from redis.exceptions import RedisError

from app.protocol.changes.events import LocalBus, PromptsListChanged, ResourceUpdated, ToolsListChanged
from app.telemetry.component import OK, ComponentState

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable

    from redis.asyncio import Redis

    from app.protocol.changes.events import Change

_ALONE: Final = ComponentState("degraded", "redis does not answer: other replicas are not told of changes")
_KINDS: Final[dict[str, Change]] = {
    "tools": ToolsListChanged(),
    "prompts": PromptsListChanged(),
}


class RedisBus:
    """The bus of all replicas. Works within `run`; outside of it, in this process only.

    Args:
        client: The client of `connect`, owned and closed by whoever made it.
        prefix: What the channel's name begins with.
        after_gap: What may have changed while messages were missed.
        deadline: Seconds an operation may take, connecting included.
        pause: Seconds between two attempts to connect.
        quiet: Seconds of silence after which the connection is asked whether it lives.
    """

    def __init__(
        self,
        client: Redis,
        *,
        prefix: str,
        after_gap: Iterable[Change],
        deadline: float = 1.0,
        pause: float = 1.0,
        quiet: float = 15.0,
    ) -> None:
        self._client = client
        self._channel = f"{prefix}:changes"
        self._after_gap = tuple(after_gap)
        self._deadline = deadline
        self._pause = pause
        self._quiet = quiet
        self._here = LocalBus()
        self._name = secrets.token_hex(8)
        self._connected = False
        self._sharing = True
        self._log: structlog.typing.FilteringBoundLogger = structlog.get_logger("app.protocol")

    def state(self) -> ComponentState:
        """Return "degraded" while other replicas cannot be heard."""
        return OK if self._connected else _ALONE

    def subscribe(self, listener: Callable[[Change], None]) -> Callable[[], None]:
        """Register a listener; return what ends that."""
        return self._here.subscribe(listener)

    async def publish(self, event: Change) -> None:
        """Tell the listeners of this process at once, and the other replicas when Redis answers in time."""
        await self._here.publish(event)
        try:
            async with asyncio.timeout(self._deadline):
                await self._client.publish(self._channel, _to_wire(self._name, event))
        except (RedisError, OSError) as error:
            # A TimeoutError is an OSError.
            if self._sharing:
                self._log.warning("changes_not_shared", reason=type(error).__name__)
            self._sharing = False
        else:
            self._sharing = True

    @asynccontextmanager
    async def run(self) -> AsyncIterator[None]:
        """Hear the other replicas within this context."""
        task = asyncio.create_task(self._keep_hearing())
        try:
            yield
        finally:
            # redis-py may take a cancellation for a broken connection, so it is repeated until it counts.
            while not task.done():
                task.cancel()
                await asyncio.wait({task}, timeout=0.1)

    async def _keep_hearing(self) -> None:
        missed = False
        while True:
            try:
                await self._hear(missed=missed)
            except (RedisError, OSError) as error:
                if self._connected or not missed:
                    self._log.warning("changes_not_heard", reason=type(error).__name__)
            except Exception:  # noqa: BLE001 - it is logged
                # Whatever else it is, this replica must not be deaf from now on.
                self._log.exception("changes_not_heard")
            self._connected, missed = False, True
            await asyncio.sleep(self._pause)

    async def _hear(self, *, missed: bool) -> None:
        """Pass on what the other replicas publish, until the connection breaks."""
        async with self._client.pubsub() as channel:
            async with asyncio.timeout(self._deadline):
                await channel.subscribe(self._channel)
                await channel.get_message(timeout=self._deadline)
            self._connected = True
            if missed:
                self._log.warning("changes_heard_again")
                for change in self._after_gap:
                    await self._here.publish(change)
            while True:
                message = await channel.get_message(timeout=self._quiet)
                if message is None:
                    async with asyncio.timeout(self._deadline):
                        await channel.ping()
                    message = await channel.get_message(timeout=self._deadline)
                    if message is None:
                        raise TimeoutError
                if message["type"] == "message" and (event := _from_wire(self._name, message["data"])):
                    await self._here.publish(event)


def _to_wire(sender: str, event: Change) -> bytes:
    if isinstance(event, ResourceUpdated):
        return orjson.dumps({"from": sender, "uri": event.uri})
    return orjson.dumps({"from": sender, "kind": next(kind for kind, one in _KINDS.items() if one == event)})


def _from_wire(own_name: str, data: bytes) -> Change | None:
    """Return the event of another replica; None for one of this process and for what cannot be read."""
    try:
        told: Any = orjson.loads(data)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(told, dict) or told.get("from") == own_name:
        return None
    if isinstance(uri := told.get("uri"), str):
        return ResourceUpdated(uri)
    kind = told.get("kind")
    return _KINDS.get(kind) if isinstance(kind, str) else None
