"""The SDK's server, with what this service says of itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mcp.server.lowlevel import NotificationOptions, Server
from mcp_types.version import MODERN_PROTOCOL_VERSIONS

if TYPE_CHECKING:
    from mcp_types import ServerCapabilities

    from app.protocol.caller import Callers
    from app.protocol.calling import ToolCalls
    from app.protocol.changes.notices import ChangeNotices
    from app.protocol.stored import StoredResults


@dataclass(frozen=True, slots=True)
class Core:
    """What answers, whichever way a request comes in.

    Attributes:
        callers: Finds out who asks.
        calls: Calls tools.
        stored: Results that are the same again.
    """

    callers: Callers
    calls: ToolCalls
    stored: StoredResults


class AdminServer(Server[Any]):
    """Stamps each result of the 2026 era with name and version only, and promises only what can happen.

    Attributes:
        notices: What may change while this process runs.
        core: What answers.
    """

    notices: ChangeNotices
    core: Core

    @property
    def server_info_stamp(self) -> dict[str, Any]:
        """What each result says of its server; `server/discover` says it in full."""
        return {"name": self.name, "version": self.version}

    def get_capabilities(
        self,
        notification_options: NotificationOptions | None = None,  # noqa: ARG002 - decided here
        experimental_capabilities: dict[str, dict[str, Any]] | None = None,
        extensions: dict[str, dict[str, Any]] | None = None,
        *,
        protocol_version: str | None = None,
    ) -> ServerCapabilities:
        """Say which changes a client of this revision hears of.

        They are those of tools and prompts, and in the 2026 era of resources that it names. The list of
        resources itself never changes.
        """
        modern = protocol_version in MODERN_PROTOCOL_VERSIONS
        told = self.notices.possible and (modern or self.notices.sessions)
        options = NotificationOptions(prompts_changed=told, tools_changed=told)
        found = super().get_capabilities(
            options, experimental_capabilities, extensions, protocol_version=protocol_version
        )
        if modern:
            # The SDK promises everything once subscriptions/listen is served.
            if found.tools is not None:
                found.tools.list_changed = told
            if found.prompts is not None:
                found.prompts.list_changed = told
            if found.resources is not None:
                found.resources.list_changed = False
                found.resources.subscribe = told
        return found
