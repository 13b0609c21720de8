"""The requests of the benchmark, as bytes on the wire."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import orjson

Operation = Literal["initialize", "tools/list", "tools/call"]
Era = Literal["2025", "2026", "plain"]
"""What a client speaks: MCP of 2025 or 2026, or plain HTTP to the stand-in for Portkey."""
OPERATIONS: tuple[Operation, ...] = ("initialize", "tools/list", "tools/call")
VERSIONS: dict[str, str] = {"2025": "2025-11-25", "2026": "2026-07-28"}
TOOL = "get_workspace"
ARGUMENTS = {"workspace_id": "ws-finance"}
TOKEN = "bench-token-0123456789abcdef"  # noqa: S105 - of servers that live as long as a run
CLIENT = {"name": "bench", "version": "1"}


@dataclass(frozen=True, slots=True)
class Message:
    """A JSON-RPC message and the headers that its era wants with it."""

    body: bytes
    headers: tuple[tuple[str, str], ...]


def initialized() -> Message:
    return _message({"jsonrpc": "2.0", "method": "notifications/initialized"}, "2025")


def message(operation: Operation, era: Era) -> Message:
    """The request for an operation of MCP. In the 2026 era server/discover stands where initialize was."""
    params: dict[str, Any] = {}
    method: str = operation
    if operation == "tools/call":
        params = {"name": TOOL, "arguments": ARGUMENTS}
    elif operation == "initialize" and era == "2026":
        method = "server/discover"
    elif operation == "initialize":
        params = {"protocolVersion": VERSIONS["2025"], "capabilities": {}, "clientInfo": CLIENT}
    if era == "2026":
        params["_meta"] = {
            "io.modelcontextprotocol/protocolVersion": VERSIONS["2026"],
            "io.modelcontextprotocol/clientInfo": CLIENT,
            "io.modelcontextprotocol/clientCapabilities": {},
        }
    return _message({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}, era)


def _message(content: dict[str, Any], era: Era) -> Message:
    headers = [
        ("Authorization", f"Bearer {TOKEN}"),
        ("Content-Type", "application/json"),
        ("Accept", "application/json, text/event-stream"),
        ("MCP-Protocol-Version", VERSIONS[era]),
    ]
    if era == "2026":
        headers.append(("Mcp-Method", content["method"]))
        if name := content["params"].get("name"):
            headers.append(("Mcp-Name", name))
    return Message(orjson.dumps(content), tuple(headers))


def plain_get(port: int) -> bytes:
    """What a tools/call asks Portkey for, as whoever needs no MCP would ask."""
    return http_request("GET", port, (), path=f"/v1/admin/workspaces/{ARGUMENTS['workspace_id']}")


def delete(session: str, port: int) -> bytes:
    """The request that ends a session."""
    return http_request("DELETE", port, (("Authorization", f"Bearer {TOKEN}"), ("Mcp-Session-Id", session)))


def http_request(
    method: str, port: int, headers: tuple[tuple[str, str], ...], body: bytes = b"", path: str = "/mcp"
) -> bytes:
    """The whole request to loopback."""
    lines = [f"{method} {path} HTTP/1.1", f"Host: 127.0.0.1:{port}"]
    lines += [f"{name}: {value}" for name, value in headers]
    if method == "POST":
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode() + body
