"""Forwarded headers, by what they do: the client in the log, HSTS, and the bucket of the rate limit."""

from __future__ import annotations

from tests.hostile.row import Row
from tests.hostile.wire import get
from tests.hostile.world import BUCKET

_PATH = "/auth/info"
_PROXY = "127.0.0.1"


def _seen(name: str, client: str, *headers: str | bytes, https: bool = False) -> Row:
    """Behind a trusted proxy, the log names `client`."""
    return Row(f"forwarded: {name}", get(_PATH, *headers), 200, service="proxied", client=client, https=https)


def _one_bucket(name: str, *headers: str) -> Row:
    """However often the header changes, all requests are counted together, and the last is one too many."""
    return Row(
        f"forwarded: {name}",
        get(_PATH, *headers),
        429,
        "rate_limited",
        "counted",
        {"ratelimit-policy": f'"address";q={BUCKET};w=3600'},
        times=BUCKET + 1,
        client=_PROXY,
    )


FORWARDED = [
    _seen("one address", "203.0.113.7", "X-Forwarded-For: 203.0.113.7"),
    _seen("the client invents one more", "203.0.113.7", "X-Forwarded-For: 198.51.100.1, 203.0.113.7"),
    _seen("through two proxies", "203.0.113.7", "X-Forwarded-For: 6.6.6.6, 203.0.113.7, 10.1.2.3"),
    _seen("in two headers", "203.0.113.7", "X-Forwarded-For: 6.6.6.6", "X-Forwarded-For: 203.0.113.7"),
    _seen("an IPv6 address", "2001:db8::7", "X-Forwarded-For: 2001:DB8:0::7"),
    _seen("an IPv6 address in brackets with a port", "2001:db8::7", "X-Forwarded-For: [2001:db8::7]:4711"),
    _seen("IPv4 mapped into IPv6", "203.0.113.7", "X-Forwarded-For: ::ffff:203.0.113.7"),
    _seen("IPv6 with a zone", _PROXY, "X-Forwarded-For: fe80::1%eth0"),
    _seen("an address that is none", _PROXY, "X-Forwarded-For: 203.0.113.999"),
    _seen("a name", _PROXY, "X-Forwarded-For: localhost"),
    _seen("a number", _PROXY, "X-Forwarded-For: 3405803783"),
    _seen("octal", _PROXY, "X-Forwarded-For: 0313.0.0113.7"),
    _seen("a port out of range", _PROXY, "X-Forwarded-For: 203.0.113.7:99999"),
    _seen("script", _PROXY, "X-Forwarded-For: <script>alert(1)</script>"),
    _seen("letters beyond ASCII", _PROXY, b"X-Forwarded-For: \xff\xfe"),
    _seen("digits beyond ASCII", _PROXY, "X-Forwarded-For: \xb2\xb903.0.113.7"),
    _seen("nothing but commas", _PROXY, "X-Forwarded-For: , ,,"),
    _seen("what cannot be read stands further left", "203.0.113.7", "X-Forwarded-For: \x80junk, 203.0.113.7"),
    _seen("what cannot be read stands at the right", _PROXY, "X-Forwarded-For: 203.0.113.7, junk"),
    _seen("a thousand hops", "203.0.113.7", "X-Forwarded-For: " + "6.6.6.6, " * 1000 + "203.0.113.7"),
    _seen("a thousand hops, all trusted", "10.0.0.1", "X-Forwarded-For: " + ", ".join(["10.0.0.1"] * 1000)),
    _seen("RFC 7239", "203.0.113.7", "Forwarded: for=203.0.113.7;proto=https", https=True),
    _seen("RFC 7239 in capitals", "203.0.113.7", "Forwarded: For=203.0.113.7;Proto=HTTPS", https=True),
    _seen("a quoted IPv6 address", "2001:db8::7", 'Forwarded: for="[2001:db8::7]:4711"'),
    _seen("an obfuscated identifier", _PROXY, "Forwarded: for=_hidden"),
    _seen("unknown", _PROXY, "Forwarded: for=unknown"),
    _seen(
        "a quotation mark to swallow the proxy's entry",
        "203.0.113.7",
        'Forwarded: for="6.6.6.6, for=203.0.113.7',
    ),
    _seen("a quotation mark that does not close", _PROXY, 'Forwarded: for="203.0.113.7'),
    _seen("a backslash in quotes", _PROXY, 'Forwarded: for="203.0.113\\.7"'),
    _seen("for twice in one entry", _PROXY, "Forwarded: for=203.0.113.7;for=6.6.6.6"),
    _seen("an IPv6 address without quotes", _PROXY, "Forwarded: for=[2001:db8::7]"),
    _seen("both kinds disagree", _PROXY, "Forwarded: for=203.0.113.7", "X-Forwarded-For: 6.6.6.6"),
    _seen("both kinds agree", "203.0.113.7", "Forwarded: for=203.0.113.7", "X-Forwarded-For: 203.0.113.7"),
    _seen("another scheme", _PROXY, "X-Forwarded-Proto: gopher"),
    _seen("https from the proxy", _PROXY, "X-Forwarded-Proto: https", https=True),
    _seen("https from the client, http from the proxy", _PROXY, "X-Forwarded-Proto: https, http"),
    _seen("a host that is not ours", _PROXY, "X-Forwarded-Host: evil.test", "X-Forwarded-Port: 1"),
    _seen("other headers that claim an address", _PROXY, "X-Real-IP: 6.6.6.6", "True-Client-IP: 6.6.6.6"),
    Row(
        "forwarded: https from a peer that is not trusted",
        get("/health", "X-Forwarded-Proto: https", "Forwarded: proto=https"),
        200,
        service="counted",
    ),
    _one_bucket("a peer that is not trusted changes its address", "X-Forwarded-For: 203.0.113.{n}"),
    _one_bucket("a peer that is not trusted changes it by RFC 7239", "Forwarded: for=203.0.113.{n}"),
    Row(
        "forwarded: a client cannot change the bucket behind a trusted proxy",
        get(_PATH, "X-Forwarded-For: 198.51.100.{n}, 203.0.113.200"),
        429,
        "rate_limited",
        "counted_proxied",
        times=BUCKET + 1,
        client="203.0.113.200",
    ),
    Row(
        "forwarded: an IPv6 client cannot leave its network's bucket",
        get(_PATH, "X-Forwarded-For: 2001:db8:7:7{n}::{n}"),
        429,
        "rate_limited",
        "counted_proxied",
        times=BUCKET + 1,
        client="2001:db8:7:70::",
    ),
    Row(
        "forwarded: clients behind a trusted proxy have a bucket each",
        get(_PATH, "X-Forwarded-For: 203.0.113.10{n}"),
        200,
        None,
        "counted_proxied",
        {"ratelimit": f'"address";r={BUCKET - 1};t=720'},
        times=BUCKET + 1,
    ),
]
