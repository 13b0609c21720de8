"""What a person reads when the service starts: what it serves, how to connect, how to go live."""

from __future__ import annotations

from textwrap import fill
from typing import Final

from app.web.clients import setups

_WIDTH: Final = 100
_SANDBOX: Final = (
    "There is no PORTKEY_API_KEY, so they work on the embedded sandbox: a small invented company, to try "
    "everything out. Nothing reaches Portkey."
)
_LIVE: Final = "They act on your live Portkey organisation."


def greeting(endpoint: str, *, tools: int, sandbox: bool, token: bool) -> str:
    """Return the text.

    Args:
        endpoint: The advertised URL of the MCP endpoint.
        tools: How many tools there are.
        sandbox: Whether calls reach the sandbox.
        token: Whether callers need a bearer token.
    """
    state = f"portkey-admin-mcp serves {tools} tools at {endpoint}. {_SANDBOX if sandbox else _LIVE}"
    ways = setups(endpoint, auth_mode="bearer" if token else "none")
    lines = {setup.client: setup.line for setup in ways if setup.line}
    if sandbox:
        lines["Go live"] = "PORTKEY_API_KEY=<your admin key> make run     (or: portkey-admin-mcp)"
    lines["Check it"] = "make test-http                                (or: portkey-admin-mcp smoke)"
    told = "\n".join(f"  {name:12} {line}" for name, line in lines.items())
    return f"\n{fill(state, _WIDTH, break_on_hyphens=False, break_long_words=False)}\n\n{told}\n\n"
