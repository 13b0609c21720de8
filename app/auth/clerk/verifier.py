"""The verifier of MCP_AUTH_MODE=clerk."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import structlog

from app.auth.clerk.claims import principal_of
from app.auth.clerk.introspection import is_opaque
from app.auth.clerk.tokens import TokenRefusedError, expiry, read_claims, read_header
from app.auth.clerk.verified import Verified, VerifiedTokens
from app.auth.verifier import AccessDeniedError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from app.auth.clerk.admission import Admission
    from app.auth.clerk.introspection import Introspection
    from app.auth.clerk.jwks import Jwks
    from app.auth.clerk.tokens import TokenRules
    from app.auth.principal import Principal
    from app.telemetry.component import ComponentState


class ClerkVerifier:
    """Accepts OAuth access tokens and session tokens of one Clerk instance.

    Each token is checked once, until it expires or a key of the issuer is withdrawn; who is admitted is
    decided on every request.

    Args:
        rules: What a token must say.
        jwks: The issuer's keys.
        admission: Whom to let in.
        introspection: Reads opaque tokens; None refuses them.
        verified: Remembers what was checked.
    """

    def __init__(
        self,
        rules: TokenRules,
        jwks: Jwks,
        admission: Admission,
        *,
        introspection: Introspection | None = None,
        verified: VerifiedTokens | None = None,
    ) -> None:
        self._rules = rules
        self._jwks = jwks
        self._admission = admission
        self._introspection = introspection
        self._verified = VerifiedTokens() if verified is None else verified
        self._log: structlog.typing.FilteringBoundLogger = structlog.get_logger("app.auth")

    def state(self) -> ComponentState:
        """Return how the issuer's keys are."""
        return self._jwks.state()

    @asynccontextmanager
    async def run(self) -> AsyncIterator[None]:
        """Keep the keys fresh within this context."""
        refreshing = asyncio.create_task(self._jwks.keep_fresh())
        try:
            yield
        finally:
            refreshing.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await refreshing

    async def aclose(self) -> None:
        """End what is under way."""
        await self._jwks.aclose()
        if self._introspection is not None:
            await self._introspection.aclose()

    async def verify(self, token: str) -> Principal | None:
        """Identify the holder of `token`; None when it is not valid here.

        Raises:
            VerifierUnavailableError: Clerk cannot be reached, and its keys are not cached.
            AccessDeniedError: The holder is not admitted.
        """
        digest = hashlib.sha256(token.encode()).digest()
        principal = self._verified.get(digest, generation=self._jwks.generation)
        if principal is None:
            try:
                checked = await self._check(token)
            except TokenRefusedError as error:
                self._log.info("clerk_refused", reason=str(error))
                return None
            self._verified.put(digest, checked)
            principal = checked.principal
        try:
            self._admission.check(principal)
        except AccessDeniedError as error:
            self._log.warning("clerk_not_admitted", principal=principal.id, reason=str(error))
            raise
        return principal

    def known(self, token: str) -> Principal | None:
        """Identify the admitted holder of a token that was checked before; None for any other."""
        digest = hashlib.sha256(token.encode()).digest()
        principal = self._verified.get(digest, generation=self._jwks.generation)
        if principal is None:
            return None
        try:
            self._admission.check(principal)
        except AccessDeniedError:
            return None
        return principal

    async def _check(self, token: str) -> Verified:
        if self._introspection is not None and is_opaque(token):
            return await self._introspection.check(token)
        header = read_header(token)
        key = await self._jwks.key(header.key_id)
        if key is None:
            raise TokenRefusedError("unknown key")
        generation = self._jwks.generation
        claims = read_claims(token, key, header.kind, self._rules)
        return Verified(principal_of(self._rules.issuer, claims), expiry(claims, self._rules), generation)
