"""How to add this service to the common clients, for the status page and the terminal.

Facts of the clients, as their makers describe them in 2026: Claude's and ChatGPT's own connectors come from
the internet and sign people in with OAuth or not at all; the others run where their user is and send headers.
"""

from __future__ import annotations

import ipaddress
import json
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from app.web.options import AuthMode

NAME: Final = "portkey"
"""What the service is called in a client's list of servers."""
TOKEN: Final = "YOUR_TOKEN"  # noqa: S105 - a placeholder
_HANDSHAKE: Final = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-11-25",
        "capabilities": {},
        "clientInfo": {"name": "curl", "version": "1"},
    },
}


@dataclass(frozen=True, slots=True)
class Setup:
    """How to add the service to a client.

    Attributes:
        client: Its name.
        where: Where the text goes, or why there is none.
        text: What to copy; empty where the client cannot be used.
        then: What to do after that.
        line: The same on one line, for a terminal; empty for what would not help there.
    """

    client: str
    where: str
    text: str = ""
    then: str = ""
    line: str = ""


def setups(endpoint: str, *, auth_mode: AuthMode) -> tuple[Setup, ...]:
    """Return the set-up of each client.

    Args:
        endpoint: The advertised URL of the MCP endpoint.
        auth_mode: How callers identify themselves. A placeholder stands for a token.
    """
    headers = {"Authorization": f"Bearer {TOKEN}"} if auth_mode == "bearer" else {}
    signs_in = auth_mode == "clerk"
    return (
        _claude_code(endpoint, headers, signs_in=signs_in),
        _connector(
            "Claude",
            "In Claude, on the web or the desktop: Settings, Connectors, Add custom connector, with this URL",
            endpoint,
            auth_mode,
            f"Press Connect{' and sign in' if signs_in else ''}. "
            "On a Team or Enterprise plan an owner adds it first, for everybody.",
        ),
        _cursor(endpoint, headers, signs_in=signs_in),
        _vs_code(endpoint, headers, signs_in=signs_in),
        _connector(
            "ChatGPT",
            "In ChatGPT, on the web: Settings, Apps, Advanced settings, Developer mode on. "
            "Then Create app, with this URL",
            endpoint,
            auth_mode,
            f"As authentication choose {'OAuth, and sign in' if signs_in else 'none'}.",
        ),
        _curl(endpoint, auth_mode),
    )


def is_on_the_internet(endpoint: str) -> bool:
    """Tell whether a URL is one that somebody else's servers may reach: https, and no private address."""
    parts = urlsplit(endpoint)
    host = parts.hostname or ""
    if parts.scheme != "https" or host == "localhost" or host.endswith((".localhost", ".local", ".internal")):
        return False
    try:
        return ipaddress.ip_address(host).is_global
    except ValueError:
        return "." in host


def _claude_code(endpoint: str, headers: dict[str, str], *, signs_in: bool) -> Setup:
    command = ["claude", "mcp", "add", "--transport", "http", NAME, endpoint]
    for name, value in headers.items():
        command += ["--header", f"{name}: {value}"]
    line = shlex.join(command)
    then = "Then type /mcp in Claude Code" + (", choose portkey and sign in." if signs_in else " to see it.")
    return Setup("Claude Code", "In a terminal", line, then, line)


def _cursor(endpoint: str, headers: dict[str, str], *, signs_in: bool) -> Setup:
    config = {"mcpServers": {NAME: _server(endpoint, headers)}}
    then = "Or in .cursor/mcp.json, for one project."
    if signs_in:
        then += " Then press Connect in the settings of Cursor, under MCP, and sign in."
    return Setup(
        "Cursor",
        "In ~/.cursor/mcp.json",
        json.dumps(config, indent=2),
        then,
        f"in ~/.cursor/mcp.json: {json.dumps(config)}",
    )


def _vs_code(endpoint: str, headers: dict[str, str], *, signs_in: bool) -> Setup:
    config = {"name": NAME, "type": "http"} | _server(endpoint, headers)
    line = shlex.join(["code", "--add-mcp", json.dumps(config)])
    then = "Then run MCP: List Servers from the command palette, and start portkey"
    then += "; it asks you to sign in." if signs_in else "."
    return Setup("VS Code", "In a terminal", line, then, line)


def _connector(client: str, where: str, endpoint: str, auth_mode: AuthMode, then: str) -> Setup:
    """A client whose maker's servers make the calls."""
    if auth_mode == "bearer":
        return Setup(
            client,
            f"{client} signs people in with OAuth and cannot send a token. Use another client, or ask "
            "whoever runs this service for sign-in (MCP_AUTH_MODE=clerk).",
        )
    if not is_on_the_internet(endpoint):
        return Setup(
            client,
            f"{client} calls from the internet and cannot reach {endpoint}. It takes a public https address "
            "(MCP_PUBLIC_BASE_URL).",
        )
    return Setup(client, where, endpoint, then)


def _curl(endpoint: str, auth_mode: AuthMode) -> Setup:
    wanted = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}
    if auth_mode != "none":
        wanted = {"Authorization": f"Bearer {TOKEN}"} | wanted
    lines = [
        f"curl {shlex.quote(endpoint)}",
        *(f"-H {shlex.quote(f'{name}: {value}')}" for name, value in wanted.items()),
        f"-d {shlex.quote(json.dumps(_HANDSHAKE, separators=(',', ':')))}",
    ]
    then = "The answer names the service and tells agents how to use it."
    if auth_mode == "clerk":
        then = f"{TOKEN} is an OAuth access token. {then}"
    return Setup("curl", "In a terminal, to see that it answers", " \\\n  ".join(lines), then)


def _server(endpoint: str, headers: dict[str, str]) -> dict[str, object]:
    return {"url": endpoint} | ({"headers": headers} if headers else {})
