"""How to add this service to the common clients: one line each, for the status page and the terminal."""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass
from typing import Final

NAME: Final = "portkey"
"""What the service is called in a client's list of servers."""


@dataclass(frozen=True, slots=True)
class Setup:
    """What to write, and where, to add the service to a client."""

    client: str
    where: str
    line: str


def setups(endpoint: str, *, token: bool) -> tuple[Setup, ...]:
    """Return the set-up of each client.

    Args:
        endpoint: The advertised URL of the MCP endpoint.
        token: Whether callers need a bearer token; a placeholder stands for it.
    """
    headers = {"Authorization": "Bearer YOUR_TOKEN"} if token else {}
    claude = ["claude", "mcp", "add", "--transport", "http", NAME, endpoint]
    for name, value in headers.items():
        claude += ["--header", f"{name}: {value}"]
    server: dict[str, object] = {"url": endpoint} | ({"headers": headers} if headers else {})
    code = ["code", "--add-mcp", json.dumps({"name": NAME, "type": "http"} | server)]
    return (
        Setup("Claude Code", "in a terminal", shlex.join(claude)),
        Setup("Cursor", "in ~/.cursor/mcp.json", json.dumps({"mcpServers": {NAME: server}})),
        Setup("VS Code", "in a terminal", shlex.join(code)),
    )
