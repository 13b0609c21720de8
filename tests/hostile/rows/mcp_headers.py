"""The headers of MCP: versions, sessions, names that must agree with the body, and resumption."""

from __future__ import annotations

from collections.abc import Callable

from tests.hostile.row import Request, Row
from tests.hostile.wire import PING, get, message, modern, post, raw
from tests.hostile.world import OTHER_TOKEN, TOKEN, World

_INVALID, _NO_METHOD, _PARAMS, _MISMATCH = -32600, -32601, -32602, -32020
_MINE = f"Authorization: Bearer {TOKEN}"
_OTHERS = f"Authorization: Bearer {OTHER_TOKEN}"
_INITIALIZE = message(
    "initialize",
    params={"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "h", "version": "1"}},
)
_STREAM = "Accept: text/event-stream"


def _version(name: str, value: str | bytes) -> Row:
    request = post(b"MCP-Protocol-Version: " + raw(value))
    return Row(f"version: {name}", request, 400, _PARAMS)


def _modern(name: str, request: bytes, code: int | str, status: int = 400) -> Row:
    return Row(f"header: {name}", request, status, code)


def _session(
    name: str,
    status: int,
    code: int | str | None,
    *headers: str | bytes,
    method: str = "POST",
    body: bytes = PING,
) -> Row:
    if method == "POST":
        request = post(_MINE, *headers, body=body)
    else:
        request = get("/mcp", _MINE, _STREAM, *headers, method=method)
    return Row(f"session: {name}", request, status, code, "sessions")


def _own_session(build: Callable[[str], bytes]) -> Request:
    """A request with the header of the session that the holder of `TOKEN` has open."""

    def request(world: World) -> bytes:
        return build(f"Mcp-Session-Id: {world.session}")

    return request


def _with_session(name: str, status: int, code: int | str | None, build: Callable[[str], bytes]) -> Row:
    return Row(f"session: {name}", _own_session(build), status, code, "sessions")


def _resumed(name: str, cursor: bytes) -> Row:
    """There is nothing to resume, and the client is told so."""
    last = b"Last-Event-ID: " + cursor
    request = _own_session(lambda mine: get("/mcp", _MINE, _STREAM, mine, last))
    return Row(f"session: resumed from {name}", request, 400, _INVALID, "sessions")


MCP_HEADERS = [
    _version("junk", "junk"),
    _version("of the future", "9999-99-99"),
    _version("blank", " \t"),
    _version("two with a comma", "2025-11-25, 2025-06-18"),
    _version("markup", "<script>alert(1)</script>"),
    _version("bytes that are no text", b"\xff\xfe"),
    _version("five thousand letters", "2" * 5000),
    _version("modern, for a message of the era before", "2026-07-28"),
    Row("version: of the era before", post("MCP-Protocol-Version: 2025-03-26"), 200),
    Row(
        "version: two headers",
        post("MCP-Protocol-Version: 2025-11-25", "MCP-Protocol-Version: 2026-07-28"),
        400,
        "bad_request",
    ),
    Row(
        "version: modern, and a stream is asked for",
        get("/mcp", "MCP-Protocol-Version: 2026-07-28"),
        405,
        "method_not_allowed",
    ),
    # names in headers and body
    _modern("another method than the body's", modern("tools/list", "Mcp-Method: ping"), _MISMATCH),
    _modern(
        "a call that calls itself a listing",
        modern("tools/call", "Mcp-Method: tools/list", name="list_users"),
        _MISMATCH,
    ),
    _modern("the method in capitals", modern("tools/list", "Mcp-Method: TOOLS/LIST"), _MISMATCH),
    _modern("no method", modern("tools/list", "Mcp-Method:"), _MISMATCH),
    _modern(
        "another tool than the body's",
        modern("tools/call", "Mcp-Name: list_users", name="delete_user"),
        _MISMATCH,
    ),
    _modern("no tool", modern("tools/call", "Mcp-Name:", name="list_users"), _MISMATCH),
    _modern(
        "a tool in Base64 that is none",
        modern("tools/call", "Mcp-Name: =?base64?!!?=", name="list_users"),
        _MISMATCH,
    ),
    _modern("a tool that is no text", modern("tools/call", b"Mcp-Name: \xff", name="list_users"), _MISMATCH),
    _modern(
        "the method twice",
        modern("tools/list", "Mcp-Method: tools/list", "Mcp-Method: tools/call"),
        "bad_request",
    ),
    _modern(
        "the tool twice",
        modern("tools/call", "Mcp-Name: list_users", "Mcp-Name: delete_user", name="list_users"),
        "bad_request",
    ),
    _modern("a method that nobody knows", modern("nonsense"), _NO_METHOD, 404),
    _modern("a handshake", modern("initialize"), _NO_METHOD, 404),
    _modern(
        "an answer in place of a request",
        post("MCP-Protocol-Version: 2026-07-28", body=b'{"jsonrpc":"2.0","id":1,"result":{}}'),
        _INVALID,
    ),
    _modern(
        "no metadata",
        post("MCP-Protocol-Version: 2026-07-28", "Mcp-Method: tools/list", body=message("tools/list")),
        _PARAMS,
    ),
    Row("header: a good request", modern(), 200),
    # what may be answered
    Row("accept: nothing", post("Accept:"), 406, _INVALID),
    Row("accept: JSON alone", post("Accept: application/json"), 406, _INVALID),
    Row("accept: events alone", post("Accept: text/event-stream"), 406, _INVALID),
    Row("accept: pages", post("Accept: text/html"), 406, _INVALID),
    Row("accept: bytes that are no text", post(b"Accept: \xff;;,=/"), 406, _INVALID),
    Row("accept: anything", post("Accept: */*"), 200),
    Row("accept: ten thousand types", post("Accept: " + "a/b," * 10_000 + "*/*"), 200),
    # sessions
    Row("session: one where there are none", post("Mcp-Session-Id: junk"), 200),
    _session("none", 400, _INVALID),
    _session("junk", 404, _INVALID, "Mcp-Session-Id: junk"),
    _session("blank", 404, _INVALID, "Mcp-Session-Id: \t"),
    _session("five thousand letters", 404, _INVALID, "Mcp-Session-Id: " + "5" * 5000),
    _session("a path", 404, _INVALID, "Mcp-Session-Id: ../../etc/passwd"),
    _session("bytes that are no text", 404, _INVALID, b"Mcp-Session-Id: \xff\xfe"),
    _session("a key of Redis", 404, _INVALID, "Mcp-Session-Id: mcp:event-store:*"),
    _session("junk, and a stream is asked for", 404, _INVALID, "Mcp-Session-Id: junk", method="GET"),
    _session("junk, to be ended", 404, _INVALID, "Mcp-Session-Id: junk", method="DELETE"),
    _session("none, to be ended", 400, _INVALID, method="DELETE"),
    _session("none, and a stream is asked for", 400, _INVALID, method="GET"),
    _with_session("good", 200, None, lambda mine: post(_MINE, mine)),
    _with_session("in capitals", 404, _INVALID, lambda mine: post(_MINE, mine.upper())),
    _with_session("twice", 400, "bad_request", lambda mine: post(_MINE, mine, mine)),
    _with_session("good, then junk", 400, "bad_request", lambda mine: post(_MINE, mine, "Mcp-Session-Id: x")),
    _with_session("of somebody else", 404, _INVALID, lambda theirs: post(_OTHERS, theirs)),
    _with_session(
        "of somebody else, to be ended",
        404,
        _INVALID,
        lambda theirs: get("/mcp", _OTHERS, theirs, method="DELETE"),
    ),
    _with_session(
        "of somebody else, and its stream is asked for",
        404,
        _INVALID,
        lambda theirs: get("/mcp", _OTHERS, _STREAM, theirs),
    ),
    _with_session("without a token", 401, "unauthorized", post),
    _with_session(
        "with a version that is junk", 400, _PARAMS, lambda mine: post(_MINE, mine, "MCP-Protocol-Version: x")
    ),
    Row("session: one more than the server takes", post(body=_INITIALIZE), 503, _INVALID, "full", times=3),
    Row(
        "session: one more than a caller may have",
        post(_MINE, body=_INITIALIZE),
        429,
        _INVALID,
        "shared",
        times=3,
    ),
    Row("session: another caller still may", post(_OTHERS, body=_INITIALIZE), 200, None, "shared"),
    # a caller's own Portkey key
    Row(
        "key: brought where none may be",
        post("X-Portkey-Api-Key: pk-0123456789"),
        403,
        "portkey_key_not_allowed",
    ),
    # resumption
    _resumed("an event that never was", b"junk"),
    _resumed("a number below zero", b"-1"),
    _resumed("a key of Redis", b"mcp:event-store:*"),
    _resumed("bytes that are no text", b"\xff\xfe"),
    _resumed("ten thousand digits", b"1" * 10_000),
    _with_session(
        "resumed from two events",
        400,
        "bad_request",
        lambda mine: get("/mcp", _MINE, _STREAM, mine, "Last-Event-ID: 1", "Last-Event-ID: 2"),
    ),
    _with_session(
        "of somebody else, resumed",
        404,
        _INVALID,
        lambda theirs: get("/mcp", _OTHERS, _STREAM, theirs, "Last-Event-ID: 1"),
    ),
]
