"""Smuggling: bodies whose end two servers could see in different places.

Behind most of them stands a request for /smuggled, which must never be answered.
"""

from __future__ import annotations

from tests.hostile.row import Row, refused
from tests.hostile.wire import PING, get, post

_SMUGGLED = b"GET /smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n"
_LAST = b"0\r\n\r\n"


def _chunk(data: bytes, size: bytes | None = None) -> bytes:
    return (b"%x" % len(data) if size is None else size) + b"\r\n" + data + b"\r\n"


def _length(name: str, *headers: str, body: bytes = PING) -> Row:
    return refused(f"framing: {name}", post(*headers, body=body) + _SMUGGLED)


def _chunked(name: str, body: bytes) -> Row:
    request = post("Content-Length:", "Transfer-Encoding: chunked", body=body)
    return refused(f"framing: {name}", request + _SMUGGLED)


def _coding(name: str, *values: str) -> Row:
    headers = [f"Transfer-Encoding:{value}" for value in values]
    request = post("Content-Length:", *headers, body=_chunk(PING) + _LAST)
    return refused(f"framing: {name}", request + _SMUGGLED)


FRAMING = [
    _length("length and chunks", "Content-Length: 5", "Transfer-Encoding: chunked", body=_LAST),
    _length("length of nothing and chunks", "Content-Length: 0", "Transfer-Encoding: chunked", body=_LAST),
    _length("two lengths that differ", "Content-Length: 40", "Content-Length: 0"),
    _length("two lengths that agree", "Content-Length: 40", "Content-Length: 40"),
    _length("two lengths in one header", "Content-Length: 40, 40"),
    _length("length with a plus", "Content-Length: +40"),
    _length("length below zero", "Content-Length: -1"),
    _length("length in hexadecimal", "Content-Length: 0x28"),
    _length("length with a point", "Content-Length: 40.0"),
    _length("length with a blank in it", "Content-Length: 4 0"),
    _length("blank length", "Content-Length: \t"),
    _length("length over 64 bits", "Content-Length: 99999999999999999999999"),
    _length("length with a blank before the colon", "Content-Length : 40"),
    _coding("gzip and chunked", " gzip, chunked"),
    _coding("chunked and identity", " chunked, identity"),
    _coding("chunked twice", " chunked, chunked"),
    _coding("identity", " identity"),
    _coding("a coding that ends like chunked", " xchunked"),
    _coding("a coding that begins like chunked", " chunkedx"),
    _coding("chunked with a parameter", " chunked;q=1"),
    _coding("chunked in quotes", ' "chunked"'),
    _coding("a vertical tab before chunked", " \x0bchunked"),
    _coding("a no-break space after chunked", " chunked\xa0"),
    _coding("a comma before chunked", " , chunked"),
    _coding("an empty coding", " "),
    _coding("two headers, chunked first", " chunked", " identity"),
    _coding("two headers, chunked last", " identity", " chunked"),
    refused(
        "framing: a blank before the colon of Transfer-Encoding",
        post("Content-Length:", "Transfer-Encoding : chunked", body=_LAST) + _SMUGGLED,
    ),
    refused(
        "framing: chunks over HTTP/1.0",
        post("Content-Length:", "Transfer-Encoding: chunked", body=_LAST).replace(
            b"HTTP/1.1", b"HTTP/1.0", 1
        ),
    ),
    _chunked("chunk size that is no number", b"zz\r\n\r\n"),
    _chunked("empty chunk size", b"\r\n\r\n"),
    _chunked("chunk size with 0x", _chunk(b"hello", b"0x5")),
    _chunked("chunk size below zero", _chunk(b"hello", b"-5")),
    _chunked("chunk size with an underscore", _chunk(b"hello", b"0_5")),
    _chunked("chunk size over 64 bits", _chunk(b"hello", b"f" * 17)),
    _chunked("chunk size that ends with a line feed alone", b"5\nhello\r\n" + _LAST),
    _chunked("chunk longer than its size", b"5\r\nhelloXX\r\n" + _LAST),
    _chunked("chunk shorter than its size", b"7\r\nhello\r\n" + _LAST),
    _chunked("chunk extension with a line feed", b"5;a\n\r\nhello\r\n" + _LAST),
    _chunked("blank before the chunk size", _chunk(b"hello", b" 5")),
    _chunked("Content-Length among the trailers", _chunk(PING) + b"0\r\nContent-Length: 4\r\n\r\n"),
    _chunked(
        "Transfer-Encoding among the trailers", _chunk(PING) + b"0\r\nTransfer-Encoding: x\r\nA\r\n\r\n"
    ),
    Row(
        "framing: chunks, as they should be",
        post(
            "Content-Length:", "Transfer-Encoding: Chunked", body=_chunk(PING[:7]) + _chunk(PING[7:]) + _LAST
        ),
        200,
    ),
    Row(
        "framing: chunk extensions",
        post("Content-Length:", "Transfer-Encoding: chunked", body=_chunk(PING, b"28;name=value") + _LAST),
        200,
    ),
    Row(
        "framing: a Host among the trailers counts for nothing",
        post(
            "Content-Length:",
            "Transfer-Encoding: chunked",
            body=_chunk(PING) + b"0\r\nHost: evil.test\r\n\r\n",
        ),
        200,
    ),
    Row(
        "framing: an Origin among the trailers counts for nothing",
        post(
            "Content-Length:", "Transfer-Encoding: chunked", body=_chunk(PING) + b"0\r\nOrigin: null\r\n\r\n"
        ),
        200,
    ),
    Row(
        "framing: trailers without end",
        post(
            "Content-Length:",
            "Transfer-Encoding: chunked",
            body=_chunk(PING) + b"0\r\n" + b"X: v\r\n" * 20_000,
        ),
        431,
        "request_head_too_large",
        closes=True,
    ),
    Row(
        "framing: a request in the body of a GET",
        post(method="GET", target="/health", body=_SMUGGLED),
        200,
    ),
    Row(
        "framing: a request in the body of a request that is refused",
        post("Content-Type: text/plain", body=_SMUGGLED),
        415,
        "unsupported_media_type",
    ),
    Row("framing: two requests at once", post() + get(), 200, further=(200,)),
    Row("framing: garbage behind a request", post() + b"GARBAGE\r\n\r\n", 200, further=(400,), closes=True),
    Row(
        "framing: a request behind the last one",
        get("/health", "Connection: close") + _SMUGGLED,
        200,
        closes=True,
    ),
]
