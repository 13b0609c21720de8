"""The SDK's server, with what this service says of itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mcp.server.lowlevel import Server

if TYPE_CHECKING:
    from collections.abc import Callable

    from mcp.server.connection import Connection

    from app.protocol.core import Core


class AdminServer(Server[Any]):
    """Stamps each result of the 2026 era with name and version only.

    Attributes:
        core: What answers.
        connected: Told of each session of the 2025 era that the SDK begins to serve.
    """

    core: Core
    connected: Callable[[Connection], None]

    @property
    def server_info_stamp(self) -> dict[str, Any]:
        """What each result says of its server; `server/discover` says it in full."""
        return dict(self.core.results.stamp)
