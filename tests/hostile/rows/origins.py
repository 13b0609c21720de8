"""Origins: which web pages may call."""

from __future__ import annotations

from app.web.middleware.preflight import ALLOWED_HEADERS
from tests.hostile.row import NOT_THERE, Row
from tests.hostile.wire import get, post, raw
from tests.hostile.world import ServiceName

_PATH = "/auth/info"


def _good(name: str, origin: str, service: ServiceName = "open") -> Row:
    headers = {"access-control-allow-origin": origin, "vary": "Origin"}
    return Row(f"origin: {name}", get(_PATH, f"Origin: {origin}"), 200, None, service, headers)


def _bad(name: str, origin: str | bytes, service: ServiceName = "open") -> Row:
    headers = {"access-control-allow-origin": NOT_THERE, "vary": "Origin"}
    request = get(_PATH, b"Origin: " + raw(origin))
    return Row(f"origin: {name}", request, 403, "origin_not_allowed", service, headers)


ORIGINS = [
    _good("this machine on any port", "http://localhost:5173"),
    _good("upper-case scheme and name", "HTTP://LOCALHOST"),
    _good("a dot at the end of the name", "http://localhost."),
    _good("a long form of ::1", "http://[0:0:0:0:0:0:0:1]:8080"),
    _good("the default port spelled out", "https://localhost:443"),
    _bad("null", "null"),
    _bad("NULL", "NULL"),
    _bad("blank", " \t"),
    _bad("a name without a scheme", "localhost"),
    _bad("no scheme before the slashes", "//localhost"),
    _bad("one slash", "http:/localhost"),
    _bad("backslashes", "http:\\\\localhost"),
    _bad("a slash at the end", "http://localhost/"),
    _bad("a path", "http://localhost/page"),
    _bad("a query", "http://localhost?"),
    _bad("a fragment", "http://localhost#"),
    _bad("a user before the name", "http://user@localhost"),
    _bad("a name as the user of another", "http://localhost@evil.test"),
    _bad("two with a blank between", "http://localhost http://evil.test"),
    _bad("two with a comma between", "http://localhost, http://evil.test"),
    _bad("two dots at the end", "http://localhost.."),
    _bad("port zero", "http://localhost:0"),
    _bad("an empty port", "http://localhost:"),
    _bad("a port out of range", "http://localhost:65536"),
    _bad("a port with a leading zero", "http://localhost:08080"),
    _bad("a port with a sign", "http://localhost:+80"),
    _bad("two ports", "http://localhost:80:80"),
    _bad("another loopback address", "http://127.0.0.2"),
    _bad("a short form of 127.0.0.1", "http://127.1"),
    _bad("127.0.0.1 as a number", "http://2130706433"),
    _bad("127.0.0.1 in hexadecimal", "http://0x7f000001"),
    _bad("127.0.0.1 mapped into IPv6", "http://[::ffff:127.0.0.1]"),
    _bad("an IPv6 zone", "http://[::1%25lo]"),
    _bad("the unspecified address", "http://0.0.0.0"),
    _bad("the name as a subdomain of another", "http://localhost.evil.test"),
    _bad("the name at the end of another", "http://evil-localhost"),
    _bad("a file", "file://"),
    _bad("an extension of a browser", "chrome-extension://abcdefgh"),
    _bad("a script", "javascript://localhost"),
    _bad("a soft hyphen in the name", "http://local\xadhost"),
    _bad("a letter like another", "http://l\xf6calhost"),
    _bad("bytes that are no text", b"http://\xff\xfe"),
    _bad("six hundred letters", "http://" + "o" * 600),
    _good("one of the list", "https://app.example.com", "listed"),
    _good("one of the list in capitals", "https://APP.EXAMPLE.COM", "listed"),
    _good("a subdomain of a wildcard", "https://a.teams.example.com", "listed"),
    _good("a subdomain of a subdomain of a wildcard", "https://a.b.teams.example.com", "listed"),
    _good("the very port of the list", "https://exact.example.com:8443", "listed"),
    _bad("this machine when a list leaves it out", "http://localhost", "listed"),
    _bad("http for an https entry", "http://app.example.com", "listed"),
    _bad("the listed domain without its dot", "https://evilexample.com", "listed"),
    _bad("a subdomain of an entry without wildcard", "https://evil.app.example.com", "listed"),
    _bad("a listed name as a subdomain of another", "https://app.example.com.evil.test", "listed"),
    _bad("punycode that looks like a listed name", "https://xn--pp-fka.example.com", "listed"),
    _bad("a letter that looks like a listed name", "https://app.ex\xe0mple.com", "listed"),
    _bad("the name of a wildcard itself", "https://teams.example.com", "listed"),
    _bad("a wildcard's name at the end of another", "https://evilteams.example.com", "listed"),
    _bad("nothing before the dot of a wildcard", "https://.teams.example.com", "listed"),
    _bad("an empty label below a wildcard", "https://a..teams.example.com", "listed"),
    _bad("the wildcard as it is written", "https://*.teams.example.com", "listed"),
    _bad(
        "a wildcard's subdomain as a subdomain of another", "https://a.teams.example.com.evil.test", "listed"
    ),
    _bad("another port than the listed one", "https://exact.example.com:8444", "listed"),
    _bad("no port where one is listed", "https://exact.example.com", "listed"),
    Row(
        "origin: two headers, the second foreign",
        get(_PATH, "Origin: http://localhost", "Origin: https://evil.test"),
        403,
        "origin_not_allowed",
        headers={"access-control-allow-origin": NOT_THERE},
    ),
    Row(
        "origin: two good headers name none in the answer",
        get(_PATH, "Origin: http://localhost", "Origin: http://localhost:1"),
        200,
        headers={"access-control-allow-origin": NOT_THERE},
    ),
    Row(
        "origin: a foreign page calls a tool",
        post("Origin: https://evil.test"),
        403,
        "origin_not_allowed",
    ),
    Row("origin: a probe is open to any page", get("/health", "Origin: null"), 200),
    Row(
        "origin: preflight of a foreign page",
        get("/mcp", "Origin: https://evil.test", "Access-Control-Request-Method: POST", method="OPTIONS"),
        403,
        "origin_not_allowed",
        headers={"access-control-allow-methods": NOT_THERE},
    ),
    Row(
        "origin: preflight of a page of no origin",
        get("/mcp", "Origin: null", "Access-Control-Request-Method: POST", method="OPTIONS"),
        403,
        "origin_not_allowed",
    ),
    Row(
        "origin: preflight for a header that would break the answer",
        get(
            "/mcp",
            "Origin: http://localhost",
            "Access-Control-Request-Method: POST",
            b'Access-Control-Request-Headers: mcp-\xe9, mcp-a"b, x-evil, mcp-param-region',
            method="OPTIONS",
        ),
        204,
        headers={
            "access-control-allow-origin": "http://localhost",
            "access-control-allow-headers": ", ".join([*ALLOWED_HEADERS, "mcp-param-region"]),
        },
    ),
]
