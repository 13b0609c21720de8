"""Whether this process wants traffic."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Callable

    from app.web.upstream_check import UpstreamCheck

Phase = Literal["starting", "serving", "draining"]


class Readiness:
    """The phase of this process, and what else /ready reports.

    Attributes:
        phase: "starting" until the socket listens, then "serving", and "draining" from the first signal on.
        upstream: Asks Portkey; None reports on this process alone.
    """

    def __init__(
        self, *, session_count: Callable[[], int] = lambda: 0, upstream: UpstreamCheck | None = None
    ) -> None:
        """Start in the phase "starting".

        Args:
            session_count: Tells how many MCP sessions are open.
            upstream: Asks Portkey; None reports on this process alone.
        """
        self.phase: Phase = "starting"
        self.upstream = upstream
        self._session_count = session_count

    @property
    def sessions(self) -> int:
        """The number of open MCP sessions."""
        return self._session_count()

    def serving(self) -> None:
        """Enter the phase "serving", unless the process is already draining."""
        if self.phase == "starting":
            self.phase = "serving"

    def draining(self) -> None:
        """Enter the phase "draining"; there is no way back."""
        self.phase = "draining"

    async def aclose(self) -> None:
        """Stop asking Portkey."""
        if self.upstream is not None:
            await self.upstream.aclose()
