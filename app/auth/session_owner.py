"""The principal in the shape the MCP SDK binds sessions to.

The SDK records (client_id, iss claim, subject) of `scope["user"]` when a session opens and answers 404
to everybody else. All three must stay the same for one principal, or its live sessions break. They differ
between the Portkey keys of one principal: what a session holds is of the organisation that its key opens.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser
from mcp.server.auth.provider import AccessToken

if TYPE_CHECKING:
    from app.auth.portkey_key import PortkeyKey
    from app.auth.principal import Principal

_REMEMBERED: Final = 1024
_ISSUER_PREFIX = "urn:portkey-admin-mcp:"


def session_owner(principal: Principal, key: PortkeyKey | None = None) -> AuthenticatedUser:
    """Describe `principal` to the SDK, with the Portkey key unless it is the server's own.

    The access token in it is a digest of the id, never the real token.
    """
    subject = principal.id if key is None else f"{principal.id} {key.mark}"
    return _user(principal.id, principal.kind, subject)


@lru_cache(_REMEMBERED)
def _user(principal_id: str, kind: str, subject: str) -> AuthenticatedUser:
    return AuthenticatedUser(
        AccessToken(
            token=hashlib.sha256(principal_id.encode()).hexdigest(),
            client_id=principal_id,
            scopes=[],
            subject=subject,
            claims={"iss": f"{_ISSUER_PREFIX}{kind}"},
        )
    )
