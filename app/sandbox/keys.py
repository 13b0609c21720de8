"""The API keys the sandbox accepts. They are public: nothing but the sandbox honours them."""

from __future__ import annotations

from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Final

from app.sandbox.ids import seed_id

ADMIN_KEY: Final = "sandbox-admin-key"
READ_ONLY_KEY: Final = "sandbox-read-only-key"
WORKSPACE_KEY: Final = "sandbox-workspace-key"
NO_SCOPES_KEY: Final = "sandbox-no-scopes-key"

PUBLIC: Final = "public"
"""The scope of endpoints that need no key."""


@dataclass(frozen=True, slots=True)
class SandboxKey:
    """An API key: what it is called, which scopes it holds and which workspace it is bound to.

    `scopes` holds names such as `configs.read`; `*` stands for any run of characters.
    """

    secret: str = field(repr=False)
    name: str
    type: str
    scopes: tuple[str, ...]
    workspace_id: str | None = None
    record_id: str | None = None

    @property
    def id(self) -> str:
        """The id of the key, which is that of its record if it has one."""
        return self.record_id or seed_id("api_key", self.name)

    def allows(self, scope: str) -> bool:
        """Say whether this key holds `scope`; of two, written `a or b`, one is enough."""
        return any(fnmatchcase(one, pattern) for one in scope.split(" or ") for pattern in self.scopes)


KEYS: Final = (
    SandboxKey(ADMIN_KEY, "Platform admin", "organisation-service", ("*",)),
    SandboxKey(
        READ_ONLY_KEY,
        "Reporting dashboard",
        "organisation-service",
        ("*.list", "*.read", "*.view", "prompts.render"),
    ),
    SandboxKey(
        WORKSPACE_KEY,
        "Support assistant",
        "workspace-service",
        (
            "workspaces.read",
            "workspaces.list",
            "workspace_users.*",
            "configs.*",
            "prompts.*",
            "guardrails.*",
            "providers.*",
            "virtual_keys.*",
            "policies.*",
            "mcp_servers.*",
            "workspace_*_api_keys.*",
            "workspace_integrations.*",
            "workspace_mcp_integrations.*",
            "analytics.view",
            "logs.*",
            "completions.write",
        ),
        workspace_id=seed_id("workspace", "ws-customer-support"),
    ),
    SandboxKey(NO_SCOPES_KEY, "Retired nightly export", "organisation-service", ()),
)

NO_KEY: Final = SandboxKey("", "no key", "none", (PUBLIC,))
"""Who calls a public endpoint."""

_BY_SECRET: Final = {key.secret: key for key in KEYS}


def find_key(secret: str) -> SandboxKey | None:
    """Return the key with this secret, or None."""
    return _BY_SECRET.get(secret)
