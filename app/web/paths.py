"""The paths this service answers on. Each one also works with a slash at its end, without a redirect."""

from typing import Final

MCP: Final = "/mcp"
HEALTH: Final = "/health"
READY: Final = "/ready"
AUTH_INFO: Final = "/auth/info"
STATUS: Final = "/"
STATUS_SCRIPT: Final = "/status.js"
METRICS: Final = "/metrics"
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

_ROUTES: Final = {
    spelling: path
    for path in (MCP, HEALTH, READY, AUTH_INFO, STATUS, STATUS_SCRIPT, METRICS)
    for spelling in spellings(path)
} | dict.fromkeys(METADATA, "/.well-known")


def route_of(path: str) -> str:
    """Return the one name of a path for whoever counts requests; "other" for what is nothing of ours."""
    return _ROUTES.get(path, "other")
