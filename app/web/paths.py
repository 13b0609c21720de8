"""The paths this service answers on. Each one also works with a slash at its end, without a redirect."""

from typing import Final

MCP: Final = "/mcp"
HEALTH: Final = "/health"
READY: Final = "/ready"
AUTH_INFO: Final = "/auth/info"
STATUS: Final = "/"


def spellings(path: str) -> tuple[str, ...]:
    """List the exact request paths that mean `path`."""
    return (path,) if path == STATUS else (path, f"{path}/")


PROBES: Final = frozenset({*spellings(HEALTH), *spellings(READY)})
"""What orchestrators ask for, by whatever name they know this host."""
