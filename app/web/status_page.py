"""GET /: a page for the person who opens the server's address in a browser."""

from __future__ import annotations

import base64
import hashlib
from html import escape
from typing import TYPE_CHECKING

from starlette.responses import Response

from app.web.clients import setups

if TYPE_CHECKING:
    from starlette.requests import Request

    from app.web.options import WebOptions

_STYLE = """
:root { color-scheme: light dark; --ink: #1b1f24; --soft: #57606a; --line: #d8dee4;
  --paper: #fff; --code: #f6f8fa; --accent: #0a7d5a; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6edf3; --soft: #9198a1; --line: #30363d;
  --paper: #0d1117; --code: #161b22; --accent: #3fb98f; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.55 system-ui, sans-serif; }
main { max-width: 46rem; margin: 0 auto; padding: 3.5rem 1.25rem; }
h1 { margin: 0; font-size: 1.75rem; letter-spacing: -0.02em; }
h2 { margin: 2.5rem 0 0.75rem; font-size: 1.1rem; }
h3 { margin: 1.25rem 0 0.25rem; font-size: 0.95rem; }
p { margin: 0.5rem 0; color: var(--soft); }
h1 small { color: var(--soft); font-size: 0.9rem; font-weight: 400; letter-spacing: 0; }
dl { display: grid; grid-template-columns: max-content 1fr; margin: 1.75rem 0 0;
  border-top: 1px solid var(--line); }
dt, dd { margin: 0; padding: 0.55rem 0; border-bottom: 1px solid var(--line); overflow-wrap: anywhere; }
dt { padding-right: 2rem; color: var(--soft); }
code, pre { font: 0.875rem/1.5 ui-monospace, Menlo, Consolas, monospace; }
pre { margin: 0.25rem 0; padding: 0.75rem 1rem; overflow-x: auto; background: var(--code);
  border: 1px solid var(--line); border-radius: 8px; user-select: all; }
a { color: var(--accent); }
"""
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_SECURITY_POLICY = (
    f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; img-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_AUTHENTICATION = {
    "none": "none: everybody who reaches this address may call",
    "bearer": "bearer: send “Authorization: Bearer <token>”",
    "clerk": "clerk: sign in through your organisation",
}
_SESSIONS = {
    "stateful": "stateful: a client may resume what it began",
    "stateless": "stateless: every request stands alone",
}
_BACKENDS = {
    "sandbox": "sandbox: an emulator in this process, nothing reaches Portkey",
    "portkey": "live: tools act on your Portkey organisation",
}
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Portkey Admin MCP</title>
<link rel="icon" href="data:,">
<style>{style}</style>
</head>
<body>
<main>
<h1>Portkey Admin MCP <small>{version}</small></h1>
<p>An MCP server for Portkey&#8217;s Admin API: workspaces, keys, configs, prompts, guardrails,
analytics and more, for agents to work with.</p>
<dl>
{facts}
</dl>
<h2>Connect</h2>
{clients}
<h2>Look closer</h2>
<p><a href="/health">/health</a> · <a href="/ready">/ready</a> · <a href="/auth/info">/auth/info</a></p>
</main>
</body>
</html>
"""


def render(options: WebOptions) -> str:
    """Write the page; every value in it is escaped."""
    facts = {
        "Endpoint": options.endpoint,
        "Authentication": _AUTHENTICATION[options.auth_mode],
        "Sessions": _SESSIONS[options.session_mode],
        "Backend": _BACKENDS[options.backend],
    }
    return _PAGE.format(
        style=_STYLE,
        version=escape(options.version),
        facts="\n".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in facts.items()),
        clients="\n".join(
            f"<h3>{escape(setup.client)}, {escape(setup.where)}</h3>\n<pre>{escape(setup.line)}</pre>"
            for setup in setups(options.endpoint, token=options.auth_mode == "bearer")
        ),
    )


class StatusPage:
    """Serves the page, written once."""

    def __init__(self, options: WebOptions) -> None:
        self._html = render(options)

    async def show(self, _request: Request) -> Response:
        """Answer with the page, and a policy that admits its style sheet and nothing else."""
        return Response(
            self._html,
            media_type="text/html",
            headers={"Content-Security-Policy": _SECURITY_POLICY, "Cache-Control": "no-store"},
        )
