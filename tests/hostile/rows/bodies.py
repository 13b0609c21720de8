"""Bodies: their size, type, coding and pace, whatever is in them."""

from __future__ import annotations

import gzip
import zlib

from tests.hostile.row import Row
from tests.hostile.wire import PING, get, post
from tests.hostile.world import MAX_BODY

_BOMB = gzip.compress(b"0" * 20_000_000)


def _unsupported(name: str, *headers: str | bytes, body: bytes = PING) -> Row:
    return Row(f"body: {name}", post(*headers, body=body), 415, "unsupported_media_type")


def _read(name: str, *headers: str) -> Row:
    return Row(f"body: {name}", post(*headers), 200)


def _chunked(body: bytes) -> bytes:
    return post("Content-Length:", "Transfer-Encoding: chunked", body=body)


BODIES = [
    # type
    _read("JSON in capitals", "Content-Type: APPLICATION/JSON"),
    _read("UTF-8 named", 'Content-Type: application/json;charset="UTF-8"'),
    _read("a parameter that nobody knows", "Content-Type: application/json; x=y;"),
    _unsupported("no type", "Content-Type:"),
    _unsupported("text", "Content-Type: text/plain"),
    _unsupported("a form", "Content-Type: application/x-www-form-urlencoded"),
    _unsupported("files", "Content-Type: multipart/form-data; boundary=x"),
    _unsupported("JSON of another kind", "Content-Type: application/vnd.api+json"),
    _unsupported("a type that begins like JSON", "Content-Type: application/jsonp"),
    _unsupported("two types in one header", "Content-Type: application/json, text/plain"),
    _unsupported("two types, JSON first", "Content-Type: application/json", "Content-Type: text/plain"),
    _unsupported("two types, JSON last", "Content-Type: text/plain", "Content-Type: application/json"),
    _unsupported("Latin-1", "Content-Type: application/json; charset=latin-1"),
    _unsupported("UTF-16", "Content-Type: application/json; charset=utf-16"),
    _unsupported("UTF-7", "Content-Type: application/json; charset=utf-7"),
    _unsupported("two charsets", "Content-Type: application/json; charset=utf-8; charset=utf-16"),
    _unsupported("a charset that is no text", b"Content-Type: application/json; charset=\xff"),
    _unsupported("an encoded word", "Content-Type: =?utf-8?q?application/json?="),
    _unsupported("a quotation mark that does not close", 'Content-Type: application/json; charset="utf-8'),
    # coding
    _read("identity", "Content-Encoding: Identity"),
    _unsupported("gzip", "Content-Encoding: gzip", body=gzip.compress(PING)),
    _unsupported("gzip in capitals", "Content-Encoding: GZIP", body=gzip.compress(PING)),
    _unsupported("x-gzip", "Content-Encoding: x-gzip", body=gzip.compress(PING)),
    _unsupported("deflate", "Content-Encoding: deflate", body=zlib.compress(PING)),
    _unsupported("br", "Content-Encoding: br"),
    _unsupported("zstd", "Content-Encoding: zstd"),
    _unsupported("two codings in one header", "Content-Encoding: identity, gzip"),
    _unsupported("two codings in two headers", "Content-Encoding: identity", "Content-Encoding: gzip"),
    _unsupported("a coding that nobody knows", "Content-Encoding: rot13"),
    _unsupported("a gzip bomb", "Content-Encoding: gzip", body=_BOMB),
    Row("body: a gzip bomb that says nothing", post(body=_BOMB[:MAX_BODY]), 400, "bad_request"),
    # size
    Row("body: as large as it may be", post(body=PING.ljust(MAX_BODY)), 200),
    Row("body: one byte larger", post(body=PING.ljust(MAX_BODY + 1)), 413, "payload_too_large"),
    Row(
        "body: larger in chunks",
        _chunked(
            b"1000\r\n" + b" " * 4096 + b"\r\n" + (b"1000\r\n" + b" " * 4096 + b"\r\n") * 16 + b"0\r\n\r\n"
        ),
        413,
        "payload_too_large",
    ),
    Row(
        "body: larger in chunks without end",
        _chunked((b"1000\r\n" + b" " * 4096 + b"\r\n") * 17 + b"1000\r\n"),
        413,
        "payload_too_large",
        stalls=True,
    ),
    Row(
        "body: declared larger, and a client that waits for a 100",
        post("Content-Length: 70000", "Expect: 100-continue", body=b""),
        413,
        "payload_too_large",
        stalls=True,
    ),
    Row(
        "body: declared as nineteen digits",
        post("Content-Length: 9000000000000000000", body=b"{"),
        413,
        "payload_too_large",
        stalls=True,
    ),
    Row("body: sent to a path that is none", post(target="/nowhere", body=b" " * 70_000), 404, "not_found"),
    # time
    Row(
        "body: it stops before its end",
        post("Content-Length: 400"),
        408,
        "request_timeout",
        closes=True,
    ),
    Row(
        "body: its chunks stop",
        _chunked(b"28\r\n" + PING[:7]),
        408,
        "request_timeout",
        closes=True,
    ),
    Row(
        "body: none, and none declared",
        get("/mcp", "Content-Type: application/json", "Accept: */*", method="POST"),
        400,
        -32700,
    ),
]
