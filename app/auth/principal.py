"""The identity behind a request."""

from dataclasses import dataclass
from typing import Literal

PrincipalKind = Literal["anonymous", "bearer", "stdio"]


@dataclass(frozen=True, slots=True)
class Principal:
    """Who is calling, in a form that is safe to log.

    Attributes:
        id: Stable and unique for one caller, such as "anonymous" or "bearer:<16 hex digits>"; never a secret.
        kind: How the caller was identified.
    """

    id: str
    kind: PrincipalKind


ANONYMOUS = Principal(id="anonymous", kind="anonymous")
STDIO = Principal(id="stdio", kind="stdio")
