"""JSON and JSON-RPC: what parsers read in different ways, and what is no message."""

from __future__ import annotations

from typing import Any

from tests.hostile.row import Row
from tests.hostile.wire import PING, message, post

_PARSE, _INVALID, _NO_METHOD, _PARAMS, _NOT_FOUND = -32700, -32600, -32601, -32602, -32002


def _ping(member: bytes) -> bytes:
    return b'{"jsonrpc":"2.0","id":1,"method":"ping",' + member + b"}"


def _no_json(name: str, body: bytes) -> Row:
    return Row(f"message: {name}", post(body=body), 400, _PARSE)


def _no_message(name: str, body: bytes) -> Row:
    return Row(f"message: {name}", post(body=body), 400, _INVALID)


def _refused(row: str, code: int, method: str, **params: Any) -> Row:
    """The message is one; what it asks for is not there."""
    return Row(f"message: {row}", post(body=message(method, params=params)), 200, code)


def _read(name: str, body: bytes, status: int = 200) -> Row:
    return Row(f"message: {name}", post(body=body), status)


MESSAGES = [
    # JSON
    _no_json("nothing", b""),
    _no_json("blanks", b" \r\n\t"),
    _no_json("half of it", PING[:-1]),
    _no_json("a letter behind it", PING + b"x"),
    _no_json("two of them", PING + PING),
    _no_json("two of them, a line each", PING + b"\n" + PING),
    _no_json("a byte order mark", b"\xef\xbb\xbf" + PING),
    _no_json("bytes that are no UTF-8", _ping(b'"params":{"a":"\xff"}')),
    _no_json("a slash as overlong UTF-8", _ping(b'"params":{"a":"\xc0\xaf"}')),
    _no_json("a surrogate as UTF-8", _ping(b'"params":{"a":"\xed\xa0\x80"}')),
    _no_json("half a surrogate pair", _ping(b'"params":{"a":"\\ud800"}')),
    _no_json("half a surrogate pair as the id", b'{"jsonrpc":"2.0","id":"\\udfff","method":"ping"}'),
    _no_json("NaN", _ping(b'"params":{"a":NaN}')),
    _no_json("Infinity", _ping(b'"params":{"a":-Infinity}')),
    _no_json("a number of five thousand digits", _ping(b'"params":{"a":' + b"9" * 5000 + b"}")),
    _no_json("a leading zero", _ping(b'"params":{"a":01}')),
    _no_json("hexadecimal", _ping(b'"params":{"a":0x1}')),
    _no_json("a comma behind the last member", _ping(b'"params":{"a":1,}')),
    _no_json("a comment", _ping(b'"params":{/* */}')),
    _no_json("single quotes", b"{'jsonrpc':'2.0','id':1,'method':'ping'}"),
    _no_json("a line break in a string", _ping(b'"params":{"a":"\n"}')),
    _no_json("a form", b"jsonrpc=2.0&id=1&method=ping"),
    _no_json("XML", b"<?xml version='1.0'?><!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]><a>&b;</a>"),
    _no_json("the method twice", b'{"jsonrpc":"2.0","id":1,"method":"ping","method":"tools/list"}'),
    _no_json(
        "the method twice, once escaped", b'{"jsonrpc":"2.0","id":1,"method":"ping","\\u006dethod":"x"}'
    ),
    _no_json("an argument twice", _ping(b'"params":{"a":{"b":1,"b":2}}')),
    Row("message: UTF-16", post(body=PING.decode().encode("utf-16")), 400, "bad_request"),
    Row("message: UTF-32 without a mark", post(body=PING.decode().encode("utf-32-le")), 400, "bad_request"),
    Row("message: a NUL", post(body=PING + b"\0"), 400, "bad_request"),
    Row("message: 129 levels deep", post(body=b"[" * 129 + b"]" * 129), 400, "json_too_deep"),
    Row("message: deep without end", post(body=b'{"a":' * 10_000), 400, "json_too_deep"),
    Row(
        "message: deep in a string first",
        post(body=b'"' + b"[" * 200 + b'"' + b"[" * 200),
        400,
        "json_too_deep",
    ),
    # JSON-RPC
    _no_message("null", b"null"),
    _no_message("a number", b"1"),
    _no_message("a text", b'"ping"'),
    _no_message("an empty list", b"[]"),
    _no_message("a batch", b"[" + PING + b"," + PING + b"]"),
    _no_message("a batch that signs in", b"[" + message("initialize", params={}) + b"]"),
    _no_message("an empty object", b"{}"),
    _no_message("another version", message(jsonrpc="1.0")),
    _no_message("the version as a number", message(jsonrpc=2.0)),
    _no_message("no version", message(jsonrpc=None)),
    _no_message("an id that is null", b'{"jsonrpc":"2.0","id":null,"method":"ping"}'),
    _no_message("an id that is a fraction", message(id=1.5)),
    _no_message("an id beyond any number", b'{"jsonrpc":"2.0","id":1e400,"method":"ping"}'),
    _no_message("an id that is true", message(id=True)),
    _no_message("an id that is a list", message(id=[1])),
    _no_message("an id that is an object", message(id={})),
    _no_message("a method that is a number", message(7)),
    _no_message("a method that is a list", message(["ping"])),
    _no_message("params that are a list", message(params=[1])),
    _no_message("params that are a text", message(params="a")),
    _no_message("an id alone", b'{"jsonrpc":"2.0","id":1}'),
    _no_message("a result that is a text", b'{"jsonrpc":"2.0","id":1,"result":"x"}'),
    _no_message("a result of nothing", b'{"jsonrpc":"2.0","result":{}}'),
    _read("an id of twenty-six digits", message(id=10**26)),
    _read("an id of thirty thousand letters", message(id="i" * 30_000)),
    _read("an id with a NUL", b'{"jsonrpc":"2.0","id":"\\u0000","method":"ping"}'),
    _read("an answer that nobody waits for", b'{"jsonrpc":"2.0","id":1,"result":{}}', 202),
    _read(
        "an error that nobody waits for", b'{"jsonrpc":"2.0","id":1,"error":{"code":1,"message":"x"}}', 202
    ),
    _read("a notification that nobody knows", message("nonsense", id=None), 202),
    _read(
        "the end of a call that never began",
        message("notifications/cancelled", id=None, params={"requestId": 9}),
        202,
    ),
    # MCP
    _refused("a method that nobody knows", _NO_METHOD, "nonsense"),
    _refused("a method without a name", _NO_METHOD, ""),
    _refused("a method of a prototype", _NO_METHOD, "__proto__"),
    _refused("a method with a NUL", _NO_METHOD, "tools/list\0"),
    _refused("metadata that is a text", _PARAMS, "ping", _meta="x"),
    _refused("a progress token that is an object", _PARAMS, "ping", _meta={"progressToken": {}}),
    _refused("a call without a tool", _PARAMS, "tools/call"),
    _refused("a tool that is a number", _PARAMS, "tools/call", name=7),
    _refused("a tool that is not there", _PARAMS, "tools/call", name="drop_tables"),
    _refused("a tool of fifty thousand letters", _PARAMS, "tools/call", name="t" * 50_000),
    _refused("a tool that is a path", _PARAMS, "tools/call", name="../list_users"),
    _refused("arguments that are a list", _PARAMS, "tools/call", name="list_users", arguments=[]),
    _refused("a cursor that nobody gave", _PARAMS, "tools/list", cursor="junk"),
    _refused("a cursor that is a number", _PARAMS, "tools/list", cursor=7),
    _refused("a resource that is a file", _NOT_FOUND, "resources/read", uri="file:///etc/passwd"),
    _refused("a resource that is no address", _NOT_FOUND, "resources/read", uri="::::"),
    _refused("a prompt that is a path", _PARAMS, "prompts/get", name="../../secret"),
    _refused("a completion of nothing", _PARAMS, "completion/complete", ref={"type": "x"}, argument=1),
    _refused("a version that is a number", _PARAMS, "initialize", protocolVersion=7),
]
