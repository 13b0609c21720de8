"""The SDK's server, with what this service says of itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mcp.server.lowlevel import Server

if TYPE_CHECKING:
    from app.protocol.core import Core


class AdminServer(Server[Any]):
    """Stamps each result of the 2026 era with name and version only.

    Attributes:
        core: What answers.
    """

    core: Core

    @property
    def server_info_stamp(self) -> dict[str, Any]:
        """What each result says of its server; `server/discover` says it in full."""
        return dict(self.core.results.stamp)
