"""The parts of MCP_AUTH_MODE=clerk, put together."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

from app.auth.clerk.admission import Admission
from app.auth.clerk.fetching import Fetcher
from app.auth.clerk.introspection import Introspection
from app.auth.clerk.jwks import Jwks
from app.auth.clerk.server_metadata import ServerMetadata
from app.auth.clerk.tokens import TokenRules
from app.auth.clerk.verifier import ClerkVerifier

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from app.settings import Settings

_KEY_SET: Final = "/.well-known/jwks.json"


class ClerkSignIn:
    """What checks tokens of one Clerk instance, and what clients are told about it.

    Attributes:
        issuer: The instance.
        verifier: Checks tokens.
        server_metadata: What the instance says of its endpoints.
    """

    def __init__(self, settings: Settings) -> None:
        """Build the parts; nothing is fetched yet.

        Args:
            settings: With `clerk_issuer` set, which MCP_AUTH_MODE=clerk demands.
        """
        self.issuer = settings.clerk_issuer or ""
        self._fetcher = Fetcher()
        rules = TokenRules.of(
            issuer=self.issuer,
            audiences=settings.clerk_audience,
            parties=settings.clerk_authorized_parties,
            max_age=settings.clerk_max_token_age_seconds,
        )
        secret_key = settings.clerk_secret_key
        self.verifier = ClerkVerifier(
            rules,
            Jwks(settings.clerk_jwks_url or f"{self.issuer.rstrip('/')}{_KEY_SET}", self._fetcher),
            Admission(
                subjects=frozenset(settings.clerk_allowed_subjects),
                organizations=frozenset(settings.clerk_allowed_organization_ids),
                roles=frozenset(settings.clerk_allowed_roles),
                permissions=frozenset(settings.clerk_required_permissions),
                scope_required=settings.clerk_require_scope,
            ),
            introspection=None
            if secret_key is None
            else Introspection(
                settings.clerk_api_url.rstrip("/"), secret_key.get_secret_value(), rules, self._fetcher
            ),
        )
        self.server_metadata = ServerMetadata(self.issuer, self._fetcher)

    @asynccontextmanager
    async def run(self) -> AsyncIterator[None]:
        """Do what goes on in the background within this context; at its end all is ended and closed."""
        try:
            async with self.verifier.run():
                yield
        finally:
            await self.aclose()

    async def aclose(self) -> None:
        """End what is under way and close the connections."""
        await self.verifier.aclose()
        await self.server_metadata.aclose()
        await self._fetcher.aclose()
