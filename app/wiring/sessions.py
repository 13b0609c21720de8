"""Sessions and their events, from the settings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from app.protocol.events.memory import MemoryEventLog
from app.protocol.sessions.memory import MemorySessionStore
from app.protocol.stores import Stores
from app.settings.encryption_key import decode_key

if TYPE_CHECKING:
    from collections.abc import Callable

    from app.protocol.events.log import EventLog
    from app.protocol.sealing import Sealing
    from app.protocol.sessions.redis_bus import RedisBus
    from app.protocol.sessions.store import SessionStore
    from app.redis_client import Breaker
    from app.settings import Settings
    from app.telemetry.component import Component

_SESSION_SECONDS: Final = 1.0
"""Longest wait for Redis about a session: each request asks, and a live session goes on without an answer."""

_WAITING: Final = 256
"""Clients of one process that may wait for events in Redis at once."""


def components_of(stores: Stores) -> dict[str, Component]:
    """Return how the parts are, by name."""
    parts = {"sessions": stores.store, "events": stores.event_log}
    return {name: part.state for name, part in parts.items() if part is not None}


def kept_events_of(stores: Stores) -> Callable[[], int] | None:
    """Return what counts the events that this process keeps; None when it keeps none itself."""
    log = stores.event_log
    return (lambda: log.count) if isinstance(log, MemoryEventLog) else None


def build_stores(settings: Settings) -> Stores:
    """Build the stores that the settings ask for. Connects to nothing yet."""
    stateful = settings.session_mode == "stateful"
    shared_sessions = stateful and settings.session_store_mode == "redis"
    shared = _Shared.of(settings) if shared_sessions or settings.event_store_mode == "redis" else None
    bus = None if shared is None else shared.bus()
    return Stores(
        _session_store(settings, shared, bus) if stateful else None,
        _event_log(settings, shared),
        bus,
        idle_timeout=settings.session_timeout_ms / 1000,
    )


def _session_store(settings: Settings, shared: _Shared | None, bus: RedisBus | None) -> SessionStore:
    idle_timeout = settings.session_timeout_ms / 1000
    if settings.session_store_mode == "memory" or shared is None or bus is None:
        return MemorySessionStore(
            idle_timeout=idle_timeout,
            max_sessions=settings.max_sessions,
            max_per_account=settings.max_sessions_per_principal,
        )
    from app.protocol.sessions.redis import RedisSessionStore
    from app.redis_client import connect

    return RedisSessionStore(
        connect(shared.url),
        bus=bus,
        breaker=shared.breaker,
        prefix=shared.prefix,
        sealing=shared.sealing,
        idle_timeout=idle_timeout,
        max_sessions=settings.max_sessions,
        max_per_account=settings.max_sessions_per_principal,
        deadline=shared.session_deadline,
    )


def _event_log(settings: Settings, shared: _Shared | None) -> EventLog | None:
    if settings.event_store_mode == "off":
        return None
    if settings.event_store_mode == "memory" or shared is None:
        return MemoryEventLog(
            max_events=settings.event_store_max_events,
            max_bytes=settings.event_store_max_bytes,
            ttl=settings.event_ttl_seconds,
        )
    from app.protocol.events.redis import RedisEventLog
    from app.redis_client import connect

    return RedisEventLog(
        connect(shared.url),
        blocking=connect(shared.url, connections=_WAITING),
        breaker=shared.breaker,
        prefix=shared.prefix,
        sealing=shared.sealing,
        max_events=settings.event_store_max_events,
        max_bytes=settings.event_store_max_bytes,
        ttl=settings.event_ttl_seconds,
        deadline=settings.event_store_command_timeout_ms / 1000,
    )


@dataclass(frozen=True, slots=True)
class _Shared:
    """What all who use the same Redis have in common."""

    url: str
    prefix: str
    breaker: Breaker
    sealing: Sealing
    session_deadline: float

    @classmethod
    def of(cls, settings: Settings) -> _Shared:
        from app.protocol.sealing import AesSealing, NoSealing
        from app.redis_client import Breaker

        keys = [decode_key(key.get_secret_value()) for key in settings.event_encryption_keys]
        return cls(
            settings.redis_url.get_secret_value() if settings.redis_url else "",
            settings.redis_key_prefix,
            Breaker(),
            AesSealing(keys) if keys else NoSealing(),
            min(settings.event_store_command_timeout_ms / 1000, _SESSION_SECONDS),
        )

    def bus(self) -> RedisBus:
        from app.protocol.sessions.redis_bus import RedisBus
        from app.redis_client import connect

        return RedisBus(
            connect(self.url),
            breaker=self.breaker,
            prefix=self.prefix,
            sealing=self.sealing,
            deadline=self.session_deadline,
        )
