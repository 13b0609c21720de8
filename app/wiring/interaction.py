"""What the server says to people and clients of its own accord, from the settings."""

from __future__ import annotations

from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING

from app.protocol.changes.notices import ChangeNotices, tool_events
from app.protocol.confirmation_once import MemoryOnce
from app.protocol.state_keys import StateKeys
from app.telemetry.component import OK

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable

    from redis.asyncio import Redis

    from app.protocol.changes.redis import RedisBus
    from app.protocol.confirmation_once import Once
    from app.protocol.request_state_check import KeyCheck
    from app.settings import Settings
    from app.telemetry.component import Component, ComponentState


class Interaction:
    """The parts of one process.

    Attributes:
        asks: Whether a person is asked before a call that destroys.
        once: Remembers the answers that were used.
        state_keys: Seal what clients carry between a question and its answer.
        state_ttl: Seconds for which that is good.
        notices: Tells clients that what they may list or read has changed.

    Args:
        settings: How to serve.
        domains: The tool domains there are, permitted or not.
        changes: Whether the tools that a caller may use can change while the process runs.
    """

    def __init__(self, settings: Settings, *, domains: Iterable[str] = (), changes: bool = False) -> None:
        self._redis = _redis(settings)
        self._prefix = settings.redis_key_prefix
        self.state_keys = StateKeys.of(key.get_secret_value() for key in settings.state_keys)
        self.state_ttl = settings.confirm_timeout_ms / 1000
        self.asks = settings.confirm == "destructive"
        self.once = self._answers()
        self._on_release: list[Callable[[], None]] = []
        self._released = False
        self._key_check = self._key_comparison()
        domains = tuple(domains)
        self._bus = self._shared_bus(domains) if changes else None
        self.notices = ChangeNotices(
            possible=changes,
            sessions=settings.session_mode == "stateful" or settings.transport == "stdio",
            bus=self._bus,
            domains=domains,
            max_age=settings.stream_max_age_seconds,
            most_streams=settings.max_concurrent_requests,
        )

    def components(self) -> dict[str, Component]:
        """Return the parts that /ready tells of."""
        components: dict[str, Component] = {"request_state": self._request_state}
        if self._bus is not None:
            components["changes"] = self._bus.state
        return components

    def on_release(self, end: Callable[[], None]) -> None:
        """Have `end` called when the process stops, or now when it does already."""
        self._on_release.append(end)
        if self._released:
            end()

    def release(self) -> None:
        """End what waits without an end of its own: the process stops."""
        self._released = True
        for end in self._on_release:
            end()
        self.notices.release()

    @asynccontextmanager
    async def run(self) -> AsyncIterator[None]:
        """Work within this context; at its end nothing is left."""
        async with AsyncExitStack() as stack:
            if self._redis is not None:
                stack.push_async_callback(self._redis.aclose)
            if self._key_check is not None:
                await stack.enter_async_context(self._key_check.run())
            if self._bus is not None:
                await stack.enter_async_context(self._bus.run())
            stack.push_async_callback(self.notices.aclose)
            yield

    def _request_state(self) -> ComponentState:
        return OK if self._key_check is None else self._key_check.state()

    def _answers(self) -> Once:
        if self._redis is None:
            return MemoryOnce()
        from app.protocol.confirmation_once_redis import RedisOnce

        return RedisOnce(self._redis, prefix=self._prefix, local=MemoryOnce())

    def _key_comparison(self) -> KeyCheck | None:
        if self._redis is None:
            return None
        from app.protocol.request_state_check import KeyCheck

        return KeyCheck(self.state_keys, self._redis, prefix=self._prefix)

    def _shared_bus(self, domains: Iterable[str]) -> RedisBus | None:
        if self._redis is None:
            return None
        from app.protocol.changes.redis import RedisBus

        return RedisBus(self._redis, prefix=self._prefix, after_gap=tool_events(domains))


def _redis(settings: Settings) -> Redis | None:
    """Replicas are told of each other by Redis; the process on standard streams has none."""
    if settings.redis_url is None or settings.transport == "stdio":
        return None
    from app.redis_client import connect

    return connect(settings.redis_url.get_secret_value())
