"""The paths this service answers on. Each one also works with a slash at its end, without a redirect."""

from typing import Final

MCP: Final = "/mcp"
HEALTH: Final = "/health"
READY: Final = "/ready"
AUTH_INFO: Final = "/auth/info"
STATUS: Final = "/"
STATUS_SCRIPT: Final = "/status.js"
_RESOURCE_METADATA: Final = "/.well-known/oauth-protected-resource"
_SERVER_METADATA: Final = "/.well-known/oauth-authorization-server"
RESOURCE_METADATA_OF_MCP: Final = f"{_RESOURCE_METADATA}{MCP}"


def spellings(path: str) -> tuple[str, ...]:
    """List the exact request paths that mean `path`."""
    return (path,) if path == STATUS else (path, f"{path}/")


PROBES: Final = frozenset({*spellings(HEALTH), *spellings(READY)})
"""What orchestrators ask for, by whatever name they know this host."""

RESOURCE_METADATA: Final = frozenset({*spellings(_RESOURCE_METADATA), *spellings(RESOURCE_METADATA_OF_MCP)})
"""Where clients look for the metadata of the protected resource (RFC 9728, section 3.1)."""

METADATA: Final = RESOURCE_METADATA | {*spellings(_SERVER_METADATA), *spellings(f"{_SERVER_METADATA}{MCP}")}
"""All documents of OAuth discovery."""
