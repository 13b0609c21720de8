"""MCP by hand: the bytes of both eras, for what no client library would send or stop halfway."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, Literal

import httpx2

Era = Literal["2025", "2026"]
VERSIONS: dict[Era, str] = {"2025": "2025-11-25", "2026": "2026-07-28"}
ANSWER_WITHIN = 20.0

Message = dict[str, Any]


def initialize() -> Message:
    return {
        "jsonrpc": "2.0",
        "id": 0,
        "method": "initialize",
        "params": {
            "protocolVersion": VERSIONS["2025"],
            "capabilities": {},
            "clientInfo": {"name": "end-to-end", "version": "1"},
        },
    }


def tool_call(tool: str, arguments: Message, era: Era, request_id: int = 7) -> Message:
    params: Message = {"name": tool, "arguments": arguments}
    if era == "2026":
        params["_meta"] = {
            "io.modelcontextprotocol/protocolVersion": VERSIONS["2026"],
            "io.modelcontextprotocol/clientInfo": {"name": "end-to-end", "version": "1"},
            "io.modelcontextprotocol/clientCapabilities": {},
        }
    return {"jsonrpc": "2.0", "id": request_id, "method": "tools/call", "params": params}


@dataclass
class HttpCaller:
    """Headers as a client of one era sends them, once it has said hello."""

    url: str
    era: Era
    headers: dict[str, str] = field(default_factory=dict)

    def for_message(self, message: Message) -> dict[str, str]:
        headers = {
            "Content-Type": "application/json",
            "Accept": "application/json, text/event-stream",
            "MCP-Protocol-Version": VERSIONS[self.era],
            **self.headers,
        }
        if self.era == "2026":
            headers |= {"Mcp-Method": message["method"], "Mcp-Name": message["params"]["name"]}
        return headers

    async def hello(self, client: httpx2.AsyncClient) -> None:
        """The handshake of the 2025 era; keeps the session id if there is one."""
        response = await self.post(client, initialize())
        if session := response.headers.get("mcp-session-id"):
            self.headers["Mcp-Session-Id"] = session
        await self.post(client, {"jsonrpc": "2.0", "method": "notifications/initialized"})

    async def post(self, client: httpx2.AsyncClient, message: Message) -> httpx2.Response:
        headers = self.for_message(message)
        return await client.post(self.url, json=message, headers=headers, timeout=ANSWER_WITHIN)

    def raw(self, message: Message) -> bytes:
        """The whole HTTP request, for a socket."""
        body = json.dumps(message).encode()
        headers = {"Host": httpx2.URL(self.url).netloc.decode(), **self.for_message(message)}
        lines = [f"{name}: {value}" for name, value in headers.items()]
        head = "\r\n".join(["POST /mcp HTTP/1.1", *lines, f"Content-Length: {len(body)}", "", ""])
        return head.encode() + body


def answer_of(response: httpx2.Response) -> Message:
    """The JSON-RPC answer in a JSON body, or the last message of an event stream."""
    response.raise_for_status()
    text = response.text
    if response.headers["content-type"].startswith("text/event-stream"):
        text = [line[5:] for line in text.splitlines() if line.startswith("data:") and line[5:].strip()][-1]
    answer: Message = json.loads(text)
    return answer
