"""The contract between the web layer and whatever checks tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from app.auth.principal import Principal


class VerifierUnavailableError(Exception):
    """The token could not be checked right now; neither accept nor refuse it."""


class TokenVerifier(Protocol):
    """Checks a token somebody presented."""

    async def verify(self, token: str) -> Principal | None:
        """Identify the holder of `token`.

        Returns:
            The principal, or None when the token is not valid.

        Raises:
            VerifierUnavailableError: What is needed to decide cannot be reached.
        """
