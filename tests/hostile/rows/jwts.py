"""JWTs, where tokens are Clerk's: forged, expired, exchanged, for somebody else; a row for each forgery."""

from __future__ import annotations

from collections.abc import Callable

from tests.auth.clerk.forgeries import REFUSED, Mint
from tests.auth.clerk.stand_in import StandIn
from tests.hostile.row import NOT_THERE, Row
from tests.hostile.wire import get, post
from tests.hostile.world import CLERK_BASE, SCOPES, World

_REALM = 'Bearer realm="portkey-admin-mcp"'
_WHERE = f'scope="{SCOPES}", resource_metadata="{CLERK_BASE}/.well-known/oauth-protected-resource/mcp"'
_INVALID = f'{_REALM}, error="invalid_token", {_WHERE}'


def _bearing(mint: Mint) -> Callable[[World], bytes]:
    def request(world: World) -> bytes:
        return post(b"Authorization: Bearer " + mint(world.clerk).encode())

    return request


def _accepted(name: str, mint: Callable[[StandIn], str]) -> Row:
    return Row(f"JWT: {name}", _bearing(mint), 200, None, "clerk", {"www-authenticate": NOT_THERE})


JWTS = [
    *(
        Row(f"JWT: {name}", _bearing(mint), 401, "unauthorized", "clerk", {"www-authenticate": _INVALID})
        for name, mint in REFUSED.items()
    ),
    _accepted("good", lambda clerk: clerk.access_token()),
    _accepted("type in capitals", lambda clerk: clerk.access_token(header={"typ": "AT+JWT"})),
    _accepted("expiry in the year 33658", lambda clerk: clerk.access_token(exp=10**12)),
    _accepted(
        "one of several audiences", lambda clerk: clerk.access_token(aud=["x", "https://mcp.test/mcp"])
    ),
    Row(
        "JWT: nobody can be asked for its key",
        _bearing(lambda clerk: clerk.access_token()),
        503,
        "authentication_unavailable",
        "away",
        {"retry-after": "5", "www-authenticate": NOT_THERE},
    ),
    Row("JWT: none", post(), 401, "unauthorized", "clerk", {"www-authenticate": f"{_REALM}, {_WHERE}"}),
    Row(
        "JWT: where to sign in is open to all",
        get("/.well-known/oauth-protected-resource/mcp", "Origin: https://evil.test", "Host: evil.test"),
        200,
        None,
        "clerk",
        {"access-control-allow-origin": "*", "cross-origin-resource-policy": "cross-origin"},
    ),
]
