"""The principal in the shape the MCP SDK binds sessions to.

The SDK records (client_id, iss claim, subject) of `scope["user"]` when a session opens and answers 404
to everybody else. All three must stay the same for one principal, or its live sessions break. They differ
between the Portkey keys of one principal: what a session holds is of the organisation that its key opens.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser
from mcp.server.auth.provider import AccessToken

if TYPE_CHECKING:
    from app.auth.portkey_key import PortkeyKey
    from app.auth.principal import Principal

_ISSUER_PREFIX = "urn:portkey-admin-mcp:"


def session_owner(principal: Principal, key: PortkeyKey | None = None) -> AuthenticatedUser:
    """Describe `principal` to the SDK, with the Portkey key unless it is the server's own.

    The access token in it is a digest of the id, never the real token.
    """
    return AuthenticatedUser(
        AccessToken(
            token=hashlib.sha256(principal.id.encode()).hexdigest(),
            client_id=principal.id,
            scopes=[],
            subject=principal.id if key is None else f"{principal.id} {key.mark}",
            claims={"iss": f"{_ISSUER_PREFIX}{principal.kind}"},
        )
    )
