"""What is the same for all callers with the same tools, in the wire form of each revision.

The SDK would shape and check a whole catalogue for some ten milliseconds of the event loop, and be loaded for
it first. These results are made without it; a test compares them with what it makes of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from app.protocol import identity
from app.protocol.instructions import instructions
from app.protocol.uris import domains_of
from app.protocol.vocabulary import MODERN_VERSIONS, SERVER_INFO_KEY

if TYPE_CHECKING:
    from app.auth.policy import Policy
    from app.catalog.toolbox import Toolbox
    from app.protocol.changes.notices import ChangeNotices

FRESH_FOR_MS: Final = 300_000
"""How long a client may keep lists, resources and the server's description. They change with a deployment,
and with the policy file, of which listeners are told."""


class Results:
    """Makes them.

    Attributes:
        stamp: What each result of the 2026 era says of its server.

    Args:
        toolbox: The catalogue.
        version: This service's version.
        notices: What may change while the process runs.
        sandbox: Whether calls reach the sandbox.
        confirms: Whether the user is asked before a call that destroys.
        page_size: Tools on a page; None for all of them on one.
    """

    def __init__(
        self,
        toolbox: Toolbox,
        *,
        version: str,
        notices: ChangeNotices,
        sandbox: bool,
        confirms: bool,
        page_size: int | None = None,
    ) -> None:
        self._toolbox = toolbox
        self._notices = notices
        self._sandbox = sandbox
        self._confirms = confirms
        self._page_size = page_size
        self._info = {
            "icons": [identity.ICON],
            "name": identity.NAME,
            "title": identity.TITLE,
            "version": version,
        }
        self.stamp = {"name": identity.NAME, "version": version}

    def tools(self, policy: Policy, version: str, cursor: str | None) -> dict[str, Any] | None:
        """Return a page of tools/list; None when the cursor is not one of it.

        The cursor is the name of the last tool seen.
        """
        tools = self._toolbox.selection(policy).tools
        start = 0
        if cursor is not None:
            seen = next((place for place, tool in enumerate(tools) if tool["name"] == cursor), None)
            if seen is None:
                return None
            start = seen + 1
        page = tools[start : start + self._page_size] if self._page_size else tools[start:]
        result: dict[str, Any] = {"tools": list(page)}
        if page and start + len(page) < len(tools):
            result["nextCursor"] = page[-1]["name"]
        return self._modern(result, self.stamp) if version in MODERN_VERSIONS else result

    def description(self, policy: Policy, version: str) -> dict[str, Any]:
        """Return the result of server/discover, by which a server of the 2026 era introduces itself."""
        described = {
            "supportedVersions": list(MODERN_VERSIONS),
            "capabilities": self.capabilities(version),
            "instructions": self.instructions(policy),
        }
        return self._modern(described, self._info)

    def handshake(self, policy: Policy, version: str) -> dict[str, Any]:
        """Return the result of `initialize` in a revision of the 2025 era."""
        return {
            "capabilities": self.capabilities(version),
            "instructions": self.instructions(policy),
            "protocolVersion": version,
            "serverInfo": self._info,
        }

    def capabilities(self, version: str) -> dict[str, Any]:
        """Say what this server can do, and which changes a client of this revision hears of.

        They are those of tools and prompts, and in the 2026 era of resources that it names. The list of
        resources itself never changes.
        """
        modern = version in MODERN_VERSIONS
        told = self._notices.possible and (modern or self._notices.sessions)
        return {
            "completions": {},
            "prompts": {"listChanged": told},
            "resources": {"listChanged": False, "subscribe": modern and told},
            "tools": {"listChanged": told},
        }

    def instructions(self, policy: Policy) -> str:
        """Return what an agent should know, of the domains that the caller has."""
        domains = domains_of(self._toolbox.selection(policy))
        return instructions(domains=domains, sandbox=self._sandbox, confirms=self._confirms)

    @staticmethod
    def _modern(result: dict[str, Any], server_info: dict[str, Any]) -> dict[str, Any]:
        return {
            **result,
            "resultType": "complete",
            "cacheScope": "private",
            "ttlMs": FRESH_FOR_MS,
            "_meta": {SERVER_INFO_KEY: server_info},
        }
