"""What may change while a process runs, and telling of it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from app.protocol.changes.events import LocalBus, PromptsListChanged, ResourceUpdated, ToolsListChanged
from app.protocol.uris import GUIDE_URI, domain_uri

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterable

    from app.protocol.changes.events import Bus, Change


class ChangeNotices:
    """Publishes changes to whoever listens, in this process and as far as the bus reaches.

    Attributes:
        possible: Whether anything can change while this process runs. If not, clients are promised nothing.
        sessions: Whether there are sessions of the 2025 revisions that can be told.
        bus: Carries the events to the listeners.
        max_age: Seconds after which a stream of changes ends, to be opened anew.
        most_streams: Streams of changes at once in this process.

    Args:
        possible: See above.
        sessions: See above.
        bus: See above; None for one of this process.
        domains: The tool domains there are, permitted or not.
        max_age: See above.
        most_streams: See above.
    """

    def __init__(
        self,
        *,
        possible: bool = False,
        sessions: bool = False,
        bus: Bus | None = None,
        domains: Iterable[str] = (),
        max_age: float = 3600.0,
        most_streams: int = 1024,
    ) -> None:
        self.possible = possible
        self.sessions = sessions
        self.bus: Bus = bus or LocalBus()
        self.max_age = max_age
        self.most_streams = most_streams
        self._events = tool_events(domains)
        self._tasks: set[asyncio.Task[None]] = set()
        self._on_release: list[Callable[[], None]] = []
        self._released = False

    def tools_changed(self) -> None:
        """Tell that other tools are permitted now. Returns at once; call it in the event loop."""
        self.spawn(self._publish())

    def spawn(self, work: Coroutine[None, None, None]) -> None:
        """Run something that has to do with a notice, until `aclose` at the latest."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def on_release(self, end: Callable[[], None]) -> None:
        """Have `end` called when the process stops, or now when it does already."""
        self._on_release.append(end)
        if self._released:
            end()

    def release(self) -> None:
        """End the streams of listeners: the process stops."""
        self._released = True
        for end in self._on_release:
            end()

    async def aclose(self) -> None:
        """Break off what is still being told."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _publish(self) -> None:
        # All at once, so that a Redis that does not answer costs its deadline once.
        await asyncio.gather(*map(self.bus.publish, self._events))


def tool_events(domains: Iterable[str]) -> tuple[Change, ...]:
    """Return what changes for clients with the tools: the list, the prompts that need them, and the pages."""
    pages = [GUIDE_URI, *map(domain_uri, domains)]
    return (ToolsListChanged(), PromptsListChanged(), *map(ResourceUpdated, pages))
