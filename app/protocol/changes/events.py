"""What can change while a process runs, and the bus of one process that tells of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeAlias

import structlog

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class ToolsListChanged:
    """Other tools are listed now."""


@dataclass(frozen=True, slots=True)
class PromptsListChanged:
    """Other prompts are listed now."""


@dataclass(frozen=True, slots=True)
class ResourceUpdated:
    """A resource reads otherwise now."""

    uri: str


Change: TypeAlias = ToolsListChanged | PromptsListChanged | ResourceUpdated
Listener: TypeAlias = Callable[[Change], None]


class Bus(Protocol):
    """Carries changes to listeners, in this process or in all replicas."""

    async def publish(self, event: Change) -> None:
        """Tell everybody who listens."""

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Register a listener, to be called in the event loop; return what ends that."""


class LocalBus:
    """The listeners of this process."""

    def __init__(self) -> None:
        self._listeners: dict[object, Listener] = {}

    async def publish(self, event: Change) -> None:
        """Tell every listener. One that fails does not keep it from the others."""
        for listener in list(self._listeners.values()):
            try:
                listener(event)
            except Exception:
                log.exception("listener_failed")
        # Streams are written to between two events, so that their buffers do not fill up.
        await asyncio.sleep(0)

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Register a listener; return what ends that."""
        token = object()
        self._listeners[token] = listener

        def unsubscribe() -> None:
            self._listeners.pop(token, None)

        return unsubscribe
