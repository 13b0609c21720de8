"""Request lines and headers: what is well-formed, how much there may be, and how slowly it may come."""

from __future__ import annotations

from tests.hostile.row import Row, refused
from tests.hostile.wire import get, post

_HOST = b"\r\nHost: localhost\r\n\r\n"
_TOO_LARGE = "request_head_too_large"


def _line(name: str, line: bytes) -> Row:
    return refused(f"head: {name}", line + _HOST)


def _header(name: str, header: bytes) -> Row:
    return refused(f"head: {name}", b"GET /health HTTP/1.1\r\nHost: localhost\r\n" + header + b"\r\n\r\n")


def _large(name: str, request: bytes) -> Row:
    return Row(f"head: {name}", request, 431, _TOO_LARGE, closes=True)


HEADS = [
    # the request line
    _line("HTTP/0.9", b"GET /health"),
    _line("HTTP/1.2", b"GET /health HTTP/1.2"),
    _line("HTTP/1.10", b"GET /health HTTP/1.10"),
    _line("HTTP/2.0 as text", b"GET /health HTTP/2.0"),
    _line("HTTP/3.0", b"GET /health HTTP/3.0"),
    _line("version in lower case", b"GET /health http/1.1"),
    _line("blank after the version", b"GET /health HTTP/1.1 "),
    _line("blank before the method", b" GET /health HTTP/1.1"),
    _line("tabs between the words", b"GET\t/health\tHTTP/1.1"),
    _line("blank in the target", b"GET /he alth HTTP/1.1"),
    _line("method in lower case", b"get /health HTTP/1.1"),
    _line("method that nobody knows", b"HACK /health HTTP/1.1"),
    _line("method with a NUL", b"GE\0T /health HTTP/1.1"),
    _line("no target", b"GET HTTP/1.1"),
    _line("target that is a word", b"GET health HTTP/1.1"),
    _line("target that is a query", b"GET ?tools=users HTTP/1.1"),
    _line("target with a fragment", b"GET /health#top HTTP/1.1"),
    _line("target with bytes beyond ASCII", b"GET /h\xe9alth HTTP/1.1"),
    _line("target with a control character", b"GET /health\x01 HTTP/1.1"),
    _line("CONNECT to another server", b"CONNECT evil.test:443 HTTP/1.1"),
    _line("CONNECT to this server", b"CONNECT localhost:3000 HTTP/1.1"),
    _line("CONNECT to a path", b"CONNECT /mcp HTTP/1.1"),
    refused("head: the preface of HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    refused("head: TLS on the plain port", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 64),
    refused("head: SSH", b"SSH-2.0-OpenSSH_9.9\r\n"),
    refused("head: a command for Redis", b"*1\r\n$8\r\nFLUSHALL\r\n"),
    refused("head: bytes of no protocol", b"\xff" * 100 + b"\r\n\r\n"),
    Row("head: blank lines before the request", b"\r\n\r\n" + get(), 200),
    Row("head: HTTP/1.0 ends the connection", b"GET /health HTTP/1.0" + _HOST, 200, closes=True),
    Row(
        "head: two Connection headers",
        get("/health", "Connection: keep-alive", "Connection: close"),
        200,
        closes=True,
    ),
    # headers
    _header("a line folded onto the next", b"X-A: a\r\n b"),
    _header("a line folded with a tab", b"X-A: a\r\n\tb"),
    _header("blank before the colon", b"X-A : a"),
    _header("tab before the colon", b"X-A\t: a"),
    _header("blank in the name", b"X A: a"),
    _header("blank before the first name", b" X-A: a"),
    _header("no name", b": a"),
    _header("no colon", b"X-A"),
    _header("name in brackets", b"(X-A): a"),
    _header("name with bytes beyond ASCII", b"X-\xe9: a"),
    _header("NUL in the name", b"X-\0A: a"),
    _header("NUL in the value", b"X-A: a\0b"),
    _header("control character in the value", b"X-A: a\x1bb"),
    _header("DEL in the value", b"X-A: a\x7fb"),
    _header("line feed in the value", b"X-A: a\nX-B: b"),
    _header("carriage return in the value", b"X-A: a\rX-B: b"),
    refused("head: line feeds alone", b"GET /health HTTP/1.1\nHost: localhost\n\n"),
    refused("head: a line feed alone at the end", b"GET /health HTTP/1.1\r\nHost: localhost\r\n\n"),
    Row("head: bytes beyond ASCII in a value", get("/health", b"X-A: \xff\xfe"), 200),
    Row("head: an id that is no id", get("/health", "X-Request-Id: a b;c<script>"), 200),
    Row("head: an expectation that nobody knows", post("Expect: 200-maybe"), 200),
    Row("head: a client that waits for a 100", post("Expect: 100-continue"), 200),
    # upgrades are declined, and the request is answered
    Row("head: upgrade to a WebSocket", get("/health", "Connection: Upgrade", "Upgrade: websocket"), 200),
    Row("head: upgrade with a body", post("Connection: keep-alive, Upgrade", "Upgrade: websocket"), 200),
    Row(
        "head: upgrade to HTTP/2 in the clear, as Java's client sends",
        post("Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAEAAEAAAAIAAAAB"),
        200,
    ),
    Row(
        "head: upgrade, and a second request at once",
        post("Connection: Upgrade", "Upgrade: h2c") + get(),
        200,
        further=(200,),
    ),
    # size
    Row("head: a hundred headers", get("/health", *(f"X-{n}: v" for n in range(99))), 200),
    _large("a hundred and one headers", get("/health", *(f"X-{n}: v" for n in range(100)))),
    _large("ten thousand headers", get("/health", *["X: v"] * 10_000)),
    Row("head: a header of sixty thousand letters", get("/health", "X-A: " + "a" * 60_000), 200),
    _large("a header of seventy thousand letters", get("/health", "X-A: " + "a" * 70_000)),
    _large("a name of seventy thousand letters", get("/health", "X" * 70_000 + ": a")),
    _large("a header without end", get("/health", "X-A: " + "a" * 500_000)[:-4]),
    # time
    Row("head: it stops in the request line", b"GET /hea", 408, "request_timeout", closes=True, stalls=True),
    Row("head: it stops after a header", get()[:-2], 408, "request_timeout", closes=True, stalls=True),
    Row(
        "head: HTTP/0.9 without a header",
        b"GET /health\r\n",
        408,
        "request_timeout",
        closes=True,
        stalls=True,
    ),
]
