"""What a client needs to find the authorization server, and the challenge that sends it there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from app.web import paths

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_REALM: Final = 'Bearer realm="portkey-admin-mcp"'


class ServerMetadata(Protocol):
    """Knows what the authorization server says of itself."""

    async def document(self) -> Mapping[str, object]:
        """Return its metadata (RFC 8414).

        Raises:
            VerifierUnavailableError: It is not there, and the server cannot be reached.
        """


@dataclass(frozen=True, slots=True)
class Discovery:
    """The authorization server of this service.

    Attributes:
        issuer: Its issuer, exactly as its own metadata names it.
        scopes: What clients are told to ask for.
        server_metadata: Its metadata, passed on to clients that look for it here.
        audience_configured: Whether tokens must be made for this service; shown by /auth/info.
    """

    issuer: str
    scopes: tuple[str, ...]
    server_metadata: ServerMetadata
    audience_configured: bool = True

    def challenge(self, base_url: str) -> Challenge:
        """Return the challenge that names this authorization server."""
        return Challenge(f"{base_url}{paths.RESOURCE_METADATA_OF_MCP}", self.scopes)


@dataclass(frozen=True, slots=True)
class Challenge:
    """The WWW-Authenticate header of 401 and 403 (RFC 6750, section 3; RFC 9728, section 5.1).

    Attributes:
        resource_metadata: Absolute URL of the protected-resource metadata; None where there is no OAuth.
        scopes: The scopes that open everything.
    """

    resource_metadata: str | None = None
    scopes: tuple[str, ...] = ()

    def header(self, error: str | None = None, *, scopes: Sequence[str] | None = None) -> str:
        """Write the header value.

        Args:
            error: What was wrong with the token; None when no token was sent (RFC 6750, section 3.1).
            scopes: What to ask for instead of `scopes` of the challenge.
        """
        wanted = self.scopes if scopes is None else scopes
        parameters = {
            "error": error,
            "scope": " ".join(wanted) or None,
            "resource_metadata": self.resource_metadata,
        }
        return ", ".join([_REALM, *(f'{name}="{value}"' for name, value in parameters.items() if value)])
