"""The contract between the web layer and whatever checks tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from app.auth.principal import Principal


class VerifierUnavailableError(Exception):
    """The token could not be checked right now; neither accept nor refuse it."""


class AccessDeniedError(Exception):
    """The token is valid, but its holder may not come in; the message is fit for the caller."""


class InsufficientScopeError(AccessDeniedError):
    """The token is valid, but lacks a scope; a token with more scopes would be let in."""


class TokenVerifier(Protocol):
    """Checks a token somebody presented."""

    def known(self, token: str) -> Principal | None:
        """Identify the holder of `token` without waiting; None when only `verify` can tell."""

    async def verify(self, token: str) -> Principal | None:
        """Identify the holder of `token`.

        Returns:
            The principal, or None when the token is not valid.

        Raises:
            VerifierUnavailableError: What is needed to decide cannot be reached.
            AccessDeniedError: The token is valid, and its holder is not admitted.
        """
