"""Who a session and its events belong to."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import orjson

from app.auth.session_owner import SessionOwner

if TYPE_CHECKING:
    from starlette.types import Scope


def owner_of(scope: Scope) -> str:
    """Return what is the same for one principal in every process; "" for nobody in particular.

    It has two digests: who it is, and with which Portkey key. A session belongs to both together.
    """
    user = scope.get("user")
    if not isinstance(user, SessionOwner):
        return ""
    return f"{_digest(user.principal_id, user.issuer)}.{_digest(user.subject)}"


def account_of(owner: str) -> str:
    """Return the part of an owner that says who it is: all its Portkey keys count together."""
    return owner.partition(".")[0]


def _digest(*parts: str | None) -> str:
    return hashlib.blake2b(orjson.dumps(parts), digest_size=16, person=b"mcp-owner").hexdigest()
