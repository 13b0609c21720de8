"""Whom a session belongs to.

A session answers only the one who opened it, and everybody else gets 404. All of this must stay the same for
one principal, or its live sessions break. It differs between the Portkey keys of one principal: what a
session holds is of the organisation that its key opens.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from app.auth.portkey_key import PortkeyKey
    from app.auth.principal import Principal

_ISSUER_PREFIX: Final = "urn:portkey-admin-mcp:"


@dataclass(frozen=True, slots=True)
class SessionOwner:
    """One principal with one Portkey key.

    Attributes:
        principal_id: Who it is.
        issuer: Who says so.
        subject: Who it is, with the mark of the key unless it is the server's own.
    """

    principal_id: str
    issuer: str
    subject: str


def session_owner(principal: Principal, key: PortkeyKey | None = None) -> SessionOwner:
    """Return whom the sessions of `principal` belong to; `key` is None for the server's own."""
    subject = principal.id if key is None else f"{principal.id} {key.mark}"
    return SessionOwner(principal.id, f"{_ISSUER_PREFIX}{principal.kind}", subject)
