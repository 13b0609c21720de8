"""Requests as bytes, with the usual headers unless a row brings its own."""

from __future__ import annotations

import json
from typing import Any, TypeAlias

Bytes: TypeAlias = "str | bytes"

PING = b'{"jsonrpc":"2.0","id":1,"method":"ping"}'
_ACCEPT = b"application/json, text/event-stream"


def raw(text: Bytes) -> bytes:
    """Text as it goes over the wire: Latin-1 for headers."""
    return text if isinstance(text, bytes) else text.encode("latin-1")


def head(line: Bytes, *headers: Bytes, **defaults: bytes) -> bytes:
    """A request line and headers, with those of `defaults` (`host`, `content_type`) that `headers` lack.

    A header that is only a name and a colon, such as "Host:", is left out altogether.
    """
    given = [raw(header) for header in headers]
    names = {header.partition(b":")[0].strip().lower() for header in given}
    usual = [(name.replace("_", "-").encode(), value) for name, value in defaults.items()]
    lines = [raw(line), *(name + b": " + value for name, value in usual if name not in names)]
    return b"\r\n".join([*lines, *(one for one in given if one.partition(b":")[2]), b"", b""])


def get(target: Bytes = "/health", *headers: Bytes, method: str = "GET") -> bytes:
    """A request without a body."""
    return head(b"%s %s HTTP/1.1" % (method.encode(), raw(target)), *headers, host=b"localhost")


def post(*headers: Bytes, body: bytes = PING, target: Bytes = "/mcp", method: str = "POST") -> bytes:
    """A request with a body; a ping to the MCP endpoint unless said otherwise."""
    start = head(
        b"%s %s HTTP/1.1" % (method.encode(), raw(target)),
        *headers,
        host=b"localhost",
        content_type=b"application/json",
        accept=_ACCEPT,
        content_length=b"%d" % len(body),
    )
    return start + body


def message(method: Any = "ping", **changes: Any) -> bytes:
    """A JSON-RPC request as a body; a change to None leaves a member out."""
    whole = {"jsonrpc": "2.0", "id": 1, "method": method} | changes
    return json.dumps({name: value for name, value in whole.items() if value is not None}).encode()


def modern(method: str = "tools/list", *headers: Bytes, name: str | None = None, **params: Any) -> bytes:
    """A whole request of MCP 2026-07-28, with the headers that name its method and what it calls."""
    meta = {
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientInfo": {"name": "hostile", "version": "1"},
        "io.modelcontextprotocol/clientCapabilities": {},
    }
    named = {} if name is None else {"name": name, "arguments": {}}
    body = message(method, params={**named, "_meta": meta} | params)
    own = {raw(header).partition(b":")[0].lower() for header in headers}
    usual = [b"MCP-Protocol-Version: 2026-07-28", b"Mcp-Method: " + method.encode()]
    usual += [] if name is None else [b"Mcp-Name: " + name.encode()]
    return post(*(one for one in usual if one.partition(b":")[0].lower() not in own), *headers, body=body)
