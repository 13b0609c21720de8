"""Before its first answers a process needs no MCP SDK, whose import takes longer than all the rest."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

SCRIPT = """
import asyncio, json, sys

from app.protocol.late import LateHandler
from app.service import Service, read_settings

LateHandler.__init__.__kwdefaults__["after"] = 600.0
import app.web.server

META = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientCapabilities": {},
    "io.modelcontextprotocol/clientInfo": {"name": "test", "version": "1"},
}
HELLO = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}}


async def ask(application, method, path="/mcp", headers=(), body=b""):
    given = [(b"host", b"127.0.0.1"), (b"content-length", b"%d" % len(body)), *headers]
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "path": path,
        "raw_path": path.encode(), "root_path": "", "scheme": "http", "query_string": b"",
        "headers": given, "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80), "state": {},
    }
    sent, first = [], [{"type": "http.request", "body": body, "more_body": False}]

    async def receive():
        return first.pop() if first else await asyncio.Event().wait()

    async def send(message):
        sent.append(message)

    await application(scope, receive, send)
    assert sent[0]["status"] == 200, sent
    assert path != "/mcp" or b'"result"' in b"".join(message.get("body", b"") for message in sent), sent
    return sent[0]


async def call(application, method, params, version="2026-07-28", session=None):
    headers = [
        (b"content-type", b"application/json"), (b"accept", b"application/json, text/event-stream"),
    ]
    if version == "2026-07-28":
        params = {**params, "_meta": META}
        headers.append((b"mcp-method", method.encode()))
        if "name" in params:
            headers.append((b"mcp-name", params["name"].encode()))
    if session:
        headers.append((b"mcp-session-id", session))
    if version:
        headers.append((b"mcp-protocol-version", version.encode()))
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode()
    answer = await ask(application, "POST", headers=headers, body=body)
    return dict(answer["headers"]).get(b"mcp-session-id")


async def main():
    settings = json.loads(sys.argv[1])
    application, readiness = Service(read_settings(settings)).application()
    async with application.router.lifespan_context(application):
        readiness.serving()
        for path in ("/health", "/ready", "/auth/info", "/"):
            await ask(application, "GET", path)
        await call(application, "tools/list", {})
        await call(application, "server/discover", {})
        await call(application, "tools/call", {"name": "list_workspaces", "arguments": {}})
        session = await call(application, "initialize", HELLO, "")
        await call(application, "tools/list", {}, "2025-11-25", session)
        call_of = {"name": "list_configs", "arguments": {}}
        await call(application, "tools/call", call_of, "2025-11-25", session)
        early = {name.partition(".")[0] for name in sys.modules}
        await call(application, "prompts/list", {})
        assert "mcp" in sys.modules
    print(*sorted(early & set(sys.argv[2:])))


asyncio.run(main())
"""


LATE = ("mcp", "mcp_types", "opentelemetry", "redis", "prometheus_client", "jwt", "aiohttp")


@pytest.mark.parametrize("mode", ["stateless", "stateful"])
def test_plain_requests_are_answered_before_the_sdk_is_there(mode: str) -> None:
    settings = json.dumps({"MCP_HOST": "127.0.0.1", "MCP_SESSION_MODE": mode})
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, settings, *LATE],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (done.stdout.splitlines()[-1:], done.returncode) == ([""], 0), done.stderr
