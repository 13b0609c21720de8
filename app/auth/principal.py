"""The identity behind a request."""

from dataclasses import dataclass
from typing import Literal

PrincipalKind = Literal["anonymous", "bearer", "clerk", "stdio"]


@dataclass(frozen=True, slots=True)
class Principal:
    """Who is calling, in a form that is safe to log.

    Only `id` and `kind` tell principals apart for good; the rest is what the latest token says of this one.

    Attributes:
        id: Stable and unique for one caller, such as "anonymous", "bearer:<16 hex digits>" or
            "clerk:<issuer without scheme>/<subject>"; never a secret.
        kind: How the caller was identified.
        issuer: Who vouches for the caller (`iss`), where somebody does.
        subject: The caller's name with that issuer (`sub`).
        organization: The id of the organization the caller acts for.
        roles: Roles there, such as "org:admin".
        permissions: Permissions there, such as "org:keys:manage".
        scopes: OAuth scopes that were granted to the client.
    """

    id: str
    kind: PrincipalKind
    issuer: str | None = None
    subject: str | None = None
    organization: str | None = None
    roles: frozenset[str] = frozenset()
    permissions: frozenset[str] = frozenset()
    scopes: frozenset[str] = frozenset()

    @property
    def role_names(self) -> frozenset[str]:
        """The roles, and those of an organization without their prefix too: `org:admin` and `admin`."""
        return self.roles | {role.removeprefix("org:") for role in self.roles}


ANONYMOUS = Principal(id="anonymous", kind="anonymous")
STDIO = Principal(id="stdio", kind="stdio")
