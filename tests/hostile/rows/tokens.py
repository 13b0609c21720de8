"""Authorization headers, where tokens are shared secrets."""

from __future__ import annotations

from tests.hostile.row import NOT_THERE, Row, refused
from tests.hostile.wire import post, raw
from tests.hostile.world import OTHER_TOKEN, TOKEN

_REALM = 'Bearer realm="portkey-admin-mcp"'
_INVALID = f'{_REALM}, error="invalid_token"'
_GOOD = f"Authorization: Bearer {TOKEN}"


def _accepted(name: str, *headers: str) -> Row:
    return Row(f"token: {name}", post(*headers), 200, None, "bearer", {"www-authenticate": NOT_THERE})


def _invalid(name: str, *values: str | bytes) -> Row:
    request = post(*(b"Authorization: " + raw(value) for value in values))
    return Row(f"token: {name}", request, 401, "unauthorized", "bearer", {"www-authenticate": _INVALID})


def _none(name: str, *headers: str, **changes: bytes | str) -> Row:
    request = post(*headers, **changes)  # type: ignore[arg-type]  # body and target
    return Row(f"token: {name}", request, 401, "unauthorized", "bearer", {"www-authenticate": _REALM})


TOKENS = [
    _accepted("either of two while one replaces the other", f"Authorization: Bearer {OTHER_TOKEN}"),
    _accepted("scheme in lower case", f"Authorization: bearer {TOKEN}"),
    _accepted("scheme in capitals", f"AUTHORIZATION: BEARER {TOKEN}"),
    _accepted("blanks around it", f"Authorization: \t Bearer   {TOKEN} \t"),
    _none("no header"),
    _none("no scheme", f"Authorization: {TOKEN}"),
    _none("scheme alone", "Authorization: Bearer"),
    _none("blank header", "Authorization: \t "),
    _none("Basic", "Authorization: Basic dXNlcjpwYXNzd29yZA=="),
    _none("another scheme", f"Authorization: DPoP {TOKEN}"),
    _none("meant for a proxy", f"Proxy-Authorization: Bearer {TOKEN}"),
    _none("in a header of another name", f"X-Api-Key: {TOKEN}"),
    _none("in a cookie", f"Cookie: token={TOKEN}"),
    _none("in the URL", target=f"/mcp?access_token={TOKEN}"),
    _none(
        "in a form", "Content-Type: application/x-www-form-urlencoded", body=b"access_token=" + TOKEN.encode()
    ),
    _none("header name with an underscore", f"Authorization_: Bearer {TOKEN}"),
    _invalid("wrong", "Bearer wrong-token-0123456789abcdef"),
    _invalid("one letter short", f"Bearer {TOKEN[:-1]}"),
    _invalid("one letter long", f"Bearer {TOKEN}x"),
    _invalid("in capitals", f"Bearer {TOKEN.upper()}"),
    _invalid("in quotes", f'Bearer "{TOKEN}"'),
    _invalid("with its name", f"Bearer token={TOKEN}"),
    _invalid("two headers, both good", f"Bearer {TOKEN}", f"Bearer {TOKEN}"),
    _invalid("two headers, the first good", f"Bearer {TOKEN}", "Bearer other"),
    _invalid("two headers, the second good", "Bearer other", f"Bearer {TOKEN}"),
    _invalid("two in one header", f"Bearer {TOKEN}, Bearer {TOKEN}"),
    _invalid("with a comma after it", f"Bearer {TOKEN},"),
    _invalid("with a parameter", f"Bearer {TOKEN} scope=all"),
    _invalid("a letter beyond ASCII after it", f"Bearer {TOKEN}\xe9"),
    _invalid("a no-break space in it", b"Bearer " + TOKEN.encode() + b"\xc2\xa0"),
    _invalid("bytes that are no text", b"Bearer \xff\xfe"),
    _invalid("nine thousand letters", "Bearer " + "t" * 9000),
    _invalid("a digest of it", "Bearer sha256:" + "0" * 64),
    refused("token: a vertical tab after the scheme", post(b"Authorization: Bearer\x0b" + TOKEN.encode())),
    refused("token: NUL in it", post(b"Authorization: Bearer \0" + TOKEN.encode())),
    refused("token: folded onto a second line", post(f"Authorization: Bearer\r\n {TOKEN}")),
    Row(
        "token: asked before the body is looked at",
        post("Content-Type: text/plain", body=b"{"),
        401,
        "unauthorized",
        "bearer",
    ),
    Row("token: a probe needs none", post(target="/health", method="GET"), 200, service="bearer"),
    Row("token: good", post(_GOOD), 200, service="bearer"),
]
