"""Whether this process wants traffic."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from app.telemetry.component import Component, ComponentState
    from app.web.upstream_check import UpstreamCheck, Verdict

Phase = Literal["starting", "serving", "draining"]
NotReady = Literal["starting", "draining", "component_failed", "portkey"]


@dataclass(frozen=True, slots=True)
class Report:
    """How this process is, at one moment.

    Attributes:
        lacking: Why it wants no traffic; None when it does.
        components: How each part is, by name.
        portkey: What asking Portkey found; None when nobody asked.
    """

    lacking: NotReady | None
    components: Mapping[str, ComponentState]
    portkey: Verdict | None = None


class Readiness:
    """The phase of this process, and what else /ready reports.

    Attributes:
        phase: "starting" until the socket listens, then "serving", and "draining" from the first signal on.
        upstream: Asks Portkey; None reports on this process alone.
    """

    def __init__(
        self,
        *,
        session_count: Callable[[], int] = lambda: 0,
        upstream: UpstreamCheck | None = None,
        components: Mapping[str, Component] | None = None,
        required: Collection[str] = (),
        on_release: Callable[[], None] = lambda: None,
    ) -> None:
        """Start in the phase "starting".

        Args:
            session_count: Tells how many MCP sessions are open.
            upstream: Asks Portkey; None reports on this process alone.
            components: The parts that may fail, by name.
            required: Names of those without which this process wants no traffic.
            on_release: Ends what waits without an end of its own, such as a question to a person.
        """
        self.phase: Phase = "starting"
        self.upstream = upstream
        self._session_count = session_count
        self._components = dict(components or {})
        self._required = frozenset(required)
        self._on_release = on_release

    @property
    def sessions(self) -> int:
        """The number of open MCP sessions."""
        return self._session_count()

    def components(self) -> dict[str, ComponentState]:
        """Return how each part is now, by name."""
        return {name: state() for name, state in self._components.items()}

    def lacks(self, components: Mapping[str, ComponentState]) -> bool:
        """Tell whether a part that is required has failed."""
        return any(state.status == "failed" for name, state in components.items() if name in self._required)

    async def report(self) -> Report:
        """Look at everything there is. Waits for Portkey, where it is asked, until the check's deadline."""
        components = self.components()
        if (away := self._away()) is not None:
            return Report(away, components)
        if self.lacks(components):
            return Report("component_failed", components)
        if self.upstream is None:
            return Report(None, components)
        verdict = await self.upstream.verdict()
        # The phase may have changed while Portkey was being asked.
        return Report(
            self._away() or ("portkey" if verdict.reason is not None else None), components, verdict
        )

    def _away(self) -> NotReady | None:
        return None if self.phase == "serving" else self.phase

    def serving(self) -> None:
        """Enter the phase "serving", unless the process is already draining."""
        if self.phase == "starting":
            self.phase = "serving"

    def draining(self) -> None:
        """Enter the phase "draining"; there is no way back."""
        self.phase = "draining"

    def release(self) -> None:
        """End what waits without an end of its own, so that a drain need not wait for it."""
        self._on_release()

    async def aclose(self) -> None:
        """Stop asking Portkey."""
        if self.upstream is not None:
            await self.upstream.aclose()
