"""What is fuzzed: for each part that reads something of a client, the inputs it gets."""

from __future__ import annotations

import base64
import itertools
import json
import time
from collections.abc import Mapping
from typing import Any, Final

from hypothesis import strategies as st

from tests.fuzz.harness import ISSUER, KEY, TOKEN, Headers, Input
from tests.fuzz.messages import MODERN, bodies, encoded, exchanged, modern
from tests.fuzz.texts import damaged, header_safe, pieces, value
from tests.fuzz.wire import Wire
from tests.hostile.rows import ROWS

_REQUESTS: Final = [
    row.request
    for row in ROWS
    if isinstance(row.request, bytes) and row.service == "open" and len(row.request) <= 2000
]
PING: Final = b'{"jsonrpc":"2.0","id":1,"method":"ping"}'
_USUAL: Final[Mapping[bytes, bytes]] = {
    b"host": b"localhost",
    b"content-type": b"application/json",
    b"accept": b"application/json, text/event-stream",
}


def _headers(*own: tuple[bytes, bytes]) -> Headers:
    given = {name for name, _ in own}
    return [*((name, text) for name, text in _USUAL.items() if name not in given), *own]


def _repeated(name: bytes, values: st.SearchStrategy[bytes]) -> st.SearchStrategy[Headers]:
    """The header once, seldom twice or not at all."""
    counts = st.sampled_from([1] * 8 + [2, 0])
    return counts.flatmap(lambda count: st.lists(values, min_size=count, max_size=count)).map(
        lambda found: [(name, header_safe(one)) for one in found]
    )


_ADDRESS = (
    b"203.0.113.7",
    b"10.0.0.1",
    b"127.0.0.1",
    b"2001:db8::7",
    b"[2001:db8::7]",
    b":443",
    b"::ffff:1.2.3.4",
    b"fe80::1%eth0",
    b"unknown",
    b"_hidden",
)
_FORWARDED = pieces(b"for=", b"proto=https", b"by=", b"host=", b'"', b";", b", ", *_ADDRESS, most=10)
_FORWARDED_FOR = pieces(b", ", b",", *_ADDRESS, most=8)
_PROTO = pieces(b"https", b"http", b",", b"HTTPS", b"ws")


@st.composite
def forwarded(draw: st.DrawFn) -> Input:
    headers = _headers(
        *draw(_repeated(b"forwarded", _FORWARDED)),
        *draw(_repeated(b"x-forwarded-for", _FORWARDED_FOR)),
        *draw(_repeated(b"x-forwarded-proto", _PROTO)),
    )
    return Input("proxied", headers, method="GET", path="/auth/info")


_NAMES = (
    b"localhost",
    b"example.com",
    b"app.",
    b"evil.test",
    b"[::1]",
    b"127.0.0.1",
    b":3000",
    b":",
    b".",
    b"@",
    b"xn--",
    b"*.",
)
_ORIGIN = st.one_of(
    value(b"http://localhost", b"https://app.example.com", b"https://a.b.example.com:8443"),
    pieces(b"http://", b"https://", b"null", b"/", *_NAMES),
)


@st.composite
def origin(draw: st.DrawFn) -> Input:
    headers = _headers(*draw(_repeated(b"origin", _ORIGIN)))
    if draw(st.booleans()):
        asked = header_safe(draw(pieces(b"mcp-", b"authorization", b", ", b"x-a")))
        preflight = [(b"access-control-request-method", b"POST"), (b"access-control-request-headers", asked)]
        return Input("open", [*headers, *preflight], method="OPTIONS")
    return Input("open", headers, method="GET", path="/auth/info")


@st.composite
def host(draw: st.DrawFn) -> Input:
    whole = value(b"mcp.example.com", b"localhost:3000", b"[::1]:80")
    hosts = draw(_repeated(b"host", st.one_of(whole, pieces(*_NAMES))))
    return Input("open", [*hosts, *(header for header in _headers() if header[0] != b"host")], body=PING)


_SCHEMES = (b"Bearer ", b"bearer ", b"Basic ", b"Bearer", b" ", TOKEN.encode(), TOKEN[:-1].encode(), b"oat_x")


@st.composite
def authorization(draw: st.DrawFn) -> Input:
    headers = _headers(
        *draw(
            _repeated(
                b"authorization", st.one_of(value(b"Bearer " + TOKEN.encode()), pieces(*_SCHEMES, most=4))
            )
        )
    )
    return Input("bearer", headers, body=PING)


def _b64(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")


_JWT_HEADER: Final = {"alg": "EdDSA", "kid": "key-1", "typ": "at+jwt"}
_JWT_VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=8),
    st.sampled_from(
        [
            "none",
            "NoNe",
            "HS256",
            "ES256",
            "RS256",
            "EdDSA",
            "JWT",
            "AT+JWT",
            "../../x",
            [],
            {},
            ["b64"],
            10**400,
        ]
    ),
)


def _claims() -> dict[str, Any]:
    now = int(time.time())
    return {
        "iss": ISSUER,
        "sub": "user_1",
        "aud": "https://mcp.test/mcp",
        "iat": now - 60,
        "exp": now + 3600,
        "scope": "portkey:read",
        "azp": "client-1",
        "o": {"id": "org_1", "rol": "admin", "per": "read,manage", "fpm": "3,1"},
        "fea": "o:keys,o:logs",
    }


@st.composite
def _part(draw: st.DrawFn, whole: dict[str, Any]) -> bytes:
    """A part of a JWT: JSON with members exchanged, or bytes that are none."""
    if draw(st.integers(0, 9)) == 0:
        return draw(st.binary(max_size=20))
    changes = draw(
        st.dictionaries(
            st.sampled_from([*whole, "crit", "b64", "jku", "jwk", "x5u", "zip"]), _JWT_VALUES, max_size=2
        )
    )
    return json.dumps(whole | changes).encode()


@st.composite
def jwt(draw: st.DrawFn) -> Input:
    """Most are signed by the issuer itself, for otherwise nobody would look at their claims."""
    signed = _b64(draw(_part(_JWT_HEADER))) + b"." + _b64(draw(_part(_claims())))
    signature = KEY.private.sign(signed) if draw(st.integers(0, 9)) else draw(st.binary(max_size=64))
    token = signed + b"." + _b64(signature)
    if draw(st.integers(0, 3)) == 0:
        token = draw(value(token))
    return Input("clerk", _headers((b"authorization", b"Bearer " + token)), body=PING)


_TYPE = value(
    b"application/json",
    b"application/json; charset=utf-8",
    b'application/json;charset="UTF-8"; a=b',
    b"text/plain",
)
_CODING = value(b"identity", b"gzip", b"gzip, identity", b"br")
_ACCEPT = value(
    b"application/json, text/event-stream", b"*/*", b"application/*;q=0.5, text/*", b"text/html;q=1.0000"
)


@st.composite
def content(draw: st.DrawFn) -> Input:
    own = [*draw(_repeated(b"content-type", _TYPE)), *draw(_repeated(b"accept", _ACCEPT))]
    if draw(st.integers(0, 3)) == 0:
        own += draw(_repeated(b"content-encoding", _CODING))
    own.append((b"content-length", draw(st.sampled_from([b"40", b"0", b"-1", b"9" * 30, b"x"]))))
    return Input("open", _headers(*own), body=PING)


_VERSION = value(b"2025-11-25", b"2025-06-18", MODERN.encode(), b"2024-11-05", b"1.0")
_SESSION = value(b"0123456789abcdef0123456789abcdef", b"mcp:event-store:1", b"../..", b"")
_METHOD = value(b"tools/call", b"tools/list", b"subscriptions/listen", b"initialize")
_NAME = value(b"list_users", b"=?base64?bGlzdF91c2Vycw==?=", b"=?base64?")
_EVENT = value(b"1", b"-1", b"5orE2WyWazx_9I0267VnjQ", b"mcp:event-store:1", b"0" * 200)


@st.composite
def mcp_headers(draw: st.DrawFn) -> Input:
    own: Headers = []
    for name, values in (
        (b"mcp-protocol-version", _VERSION),
        (b"mcp-session-id", _SESSION),
        (b"mcp-method", _METHOD),
        (b"mcp-name", _NAME),
        (b"last-event-id", _EVENT),
    ):
        if draw(st.booleans()):
            own += draw(_repeated(name, values))
    method = draw(st.sampled_from(["POST", "GET", "DELETE"]))
    service = draw(st.sampled_from(["open", "sessions"]))
    message = modern({"jsonrpc": "2.0", "id": 1, "method": "tools/list"})
    body = b"" if method != "POST" else draw(st.sampled_from([PING, json.dumps(message).encode()]))
    return Input(service, _headers(*own), body=body, method=method)  # type: ignore[arg-type]  # of two names


@st.composite
def last_event_id(draw: st.DrawFn) -> Input:
    """On a session that is open: the headers say `@session`, which the run replaces."""
    own = [(b"mcp-session-id", b"@session"), *draw(_repeated(b"last-event-id", _EVENT))]
    return Input("sessions", _headers(*own), method="GET")


@st.composite
def query(draw: st.DrawFn) -> Input:
    text = draw(pieces(b"tools=", b"users", b",", b"read_only=", b"true", b"&", b"%", b"%ff", b"..", most=8))
    return Input("open", _headers(), body=PING, query=header_safe(text).translate(None, b" "))


@st.composite
def message_2025(draw: st.DrawFn) -> Input:
    version = draw(st.sampled_from([b"2025-11-25", b"2025-06-18", b"2025-03-26"]))
    service = draw(st.sampled_from(["open", "open", "open", "sessions"]))
    body = draw(bodies("2025-11-25"))
    return Input(service, _headers((b"mcp-protocol-version", version)), body=body)  # type: ignore[arg-type]  # of two


@st.composite
def message_2026(draw: st.DrawFn) -> Input:
    """With the headers that belong to the body, for otherwise no body would be looked at."""
    message = draw(exchanged(era=MODERN))
    own = [(b"mcp-protocol-version", MODERN.encode())]
    params = message.get("params")
    named = params if isinstance(params, dict) else {}
    for header, text in (
        (b"mcp-method", message.get("method")),
        (b"mcp-name", named.get("name", named.get("uri"))),
    ):
        if isinstance(text, str):
            own.append((header, header_safe(text.encode("utf-8", "replace"))))
    return Input("open", _headers(*own), body=draw(encoded(message)))


@st.composite
def wire(draw: st.DrawFn) -> Wire:
    """A request of the table of hostile requests, damaged, in up to three parts, and perhaps with another."""
    whole = draw(damaged(draw(st.sampled_from(_REQUESTS))))
    if draw(st.integers(0, 3)) == 0:
        whole += draw(damaged(draw(st.sampled_from(_REQUESTS))))
    cuts = sorted(draw(st.lists(st.integers(0, len(whole)), max_size=2)))
    return Wire([whole[start:end] for start, end in itertools.pairwise([0, *cuts, len(whole)])])


TARGETS: Final[dict[str, tuple[st.SearchStrategy[Input] | st.SearchStrategy[Wire], float]]] = {
    "HTTP, byte by byte": (wire(), 0.10),
    "Forwarded, X-Forwarded-*": (forwarded(), 0.12),
    "Origin, preflight": (origin(), 0.08),
    "Host": (host(), 0.06),
    "Authorization": (authorization(), 0.06),
    "Authorization, like a JWT": (jwt(), 0.12),
    "Content-Type, -Encoding, Accept": (content(), 0.06),
    "MCP headers": (mcp_headers(), 0.10),
    "Last-Event-ID of a session": (last_event_id(), 0.05),
    "query": (query(), 0.05),
    "JSON body, 2025 era": (message_2025(), 0.12),
    "JSON body, 2026 era": (message_2026(), 0.08),
}
"""Inputs, and which share of a run they have."""
