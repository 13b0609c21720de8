"""Hosts: the names that this service answers to."""

from __future__ import annotations

from tests.hostile.row import Row, refused
from tests.hostile.wire import get, post, raw
from tests.hostile.world import ServiceName

_PATH = "/auth/info"


def _good(name: str, host: str, service: ServiceName = "open") -> Row:
    return Row(f"host: {name}", get(_PATH, f"Host: {host}"), 200, service=service)


def _bad(name: str, host: str | bytes, service: ServiceName = "open") -> Row:
    return Row(f"host: {name}", get(_PATH, b"Host: " + raw(host)), 421, "host_not_allowed", service)


HOSTS = [
    _good("a dot at the end", "localhost."),
    _good("capitals", "LOCALHOST"),
    _good("an IPv6 address with a port", "[::1]:3000"),
    _good("a listed name", "mcp.example.com", "listed"),
    _good("a name below a wildcard", "a.internal.example.com:8443", "listed"),
    _good("this machine beside a list", "localhost", "listed"),
    Row("host: none", get(_PATH, "Host:"), 421, "host_not_allowed"),
    Row("host: none over HTTP/1.0", b"GET /auth/info HTTP/1.0\r\n\r\n", 421, "host_not_allowed", closes=True),
    Row("host: two of the same", get(_PATH, "Host: localhost", "Host: localhost"), 421, "host_not_allowed"),
    Row("host: two that differ", get(_PATH, "Host: localhost", "Host: evil.test"), 421, "host_not_allowed"),
    _bad("blank", " \t"),
    _bad("a foreign name", "evil.test"),
    _bad("a name that resolves to 127.0.0.1", "127.0.0.1.nip.io"),
    _bad("another name that resolves to 127.0.0.1", "localtest.me:3000"),
    _bad("the unspecified address", "0.0.0.0:3000"),
    _bad("a short form of 127.0.0.1", "127.1"),
    _bad("another loopback address", "127.0.0.2"),
    _bad("the metadata address of a cloud", "169.254.169.254"),
    _bad("an IPv6 address without brackets", "::1"),
    _bad("127.0.0.1 mapped into IPv6", "[::ffff:127.0.0.1]"),
    _bad("an IPv6 zone", "[::1%25eth0]"),
    _bad("a bracket that does not close", "[::1"),
    _bad("letters after the bracket", "[::1]x"),
    _bad("a user before the name", "user@localhost"),
    _bad("the name as the user of another", "localhost@evil.test"),
    _bad("two with a comma between", "localhost,evil.test"),
    _bad("two with a blank between", "localhost evil.test"),
    _bad("a slash", "localhost/"),
    _bad("a whole URL", "http://localhost"),
    _bad("port zero", "localhost:0"),
    _bad("an empty port", "localhost:"),
    _bad("a port out of range", "localhost:65536"),
    _bad("two ports", "localhost:80:80"),
    _bad("two dots at the end", "localhost.."),
    _bad("a star", "*"),
    _bad("bytes that are no text", b"\xff\xfe"),
    _bad("six hundred letters", "h" * 600),
    _bad("the name of a wildcard itself", "internal.example.com", "listed"),
    _bad("a wildcard's name at the end of another", "evilinternal.example.com", "listed"),
    _bad("a listed name as a subdomain of another", "mcp.example.com.evil.test", "listed"),
    Row("host: a rebound name calls a tool", post("Host: evil.test"), 421, "host_not_allowed"),
    Row("host: a probe is open under any name", get("/health", "Host: 10.0.0.7:3000"), 200),
    Row("host: the target names it too", get("http://localhost/auth/info"), 200),
    Row("host: the target names it in capitals", get("HTTPS://LOCALHOST/auth/info"), 200),
    refused("host: the target names another", get("http://evil.test/auth/info")),
    refused(
        "host: the target names ours and the header another", get("http://localhost/", "Host: evil.test")
    ),
    refused("host: the target names one and there is no header", get("http://localhost/", "Host:")),
    refused("host: the target has a user", get("http://user:secret@localhost/auth/info")),
    refused("host: the target has no path", get("http://localhost")),
    refused("host: the target is of FTP", get("ftp://localhost/auth/info")),
    refused("host: the target is a file", get("file:///etc/passwd")),
]
