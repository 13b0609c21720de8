"""Bearer authentication with shared tokens (RFC 6750, section 2.1)."""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING

from app.auth.principal import Principal

if TYPE_CHECKING:
    from collections.abc import Iterable

MAX_AUTHORIZATION_BYTES = 8192
_SCHEME_AND_TOKEN = 2
_ID_HEX_DIGITS = 16


class AuthorizationHeaderError(ValueError):
    """The Authorization header holds no usable bearer token.

    Attributes:
        token_sent: The header used the Bearer scheme and carried something after it.
    """

    def __init__(self, message: str, *, token_sent: bool) -> None:
        super().__init__(message)
        self.token_sent = token_sent


def parse_authorization(value: bytes) -> str:
    """Take the token out of an Authorization header value.

    Args:
        value: The raw header value, at most `MAX_AUTHORIZATION_BYTES` long.

    Returns:
        The token, without surrounding blanks.

    Raises:
        AuthorizationHeaderError: Not exactly "Bearer <token>"; the message is fit for the caller.
    """
    if len(value) > MAX_AUTHORIZATION_BYTES:
        message = f"The Authorization header is longer than {MAX_AUTHORIZATION_BYTES} bytes."
        raise AuthorizationHeaderError(message, token_sent=True)
    parts = value.split()
    is_bearer = bool(parts) and parts[0].lower() == b"bearer"
    token_sent = is_bearer and len(parts) > 1
    if not is_bearer or len(parts) != _SCHEME_AND_TOKEN:
        message = "The Authorization header must be 'Bearer <token>'."
        raise AuthorizationHeaderError(message, token_sent=token_sent)
    try:
        return parts[1].decode("utf-8")
    except UnicodeDecodeError:
        message = "The bearer token is not valid text."
        raise AuthorizationHeaderError(message, token_sent=True) from None


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


def principal_id(token: str) -> str:
    """Return the id of whoever holds a token: "bearer:" and the first 16 hex digits of its SHA-256.

    So `printf %s "$TOKEN" | sha256sum` tells which token a log line speaks of.
    """
    return f"bearer:{_digest(token).hex()[:_ID_HEX_DIGITS]}"


class BearerVerifier:
    """Accepts any of a fixed set of tokens; give two while one replaces the other. Only digests are kept."""

    def __init__(self, tokens: Iterable[str]) -> None:
        """Learn the accepted tokens.

        Raises:
            ValueError: No token, or one that is blank or contains white space (no header could carry it).
        """
        accepted = []
        for token in tokens:
            if not token or token.split() != [token]:
                message = "A bearer token must be a non-empty word without white space."
                raise ValueError(message)
            accepted.append((_digest(token), Principal(id=principal_id(token), kind="bearer")))
        if not accepted:
            message = "Bearer authentication needs at least one token."
            raise ValueError(message)
        self._accepted = tuple(accepted)

    async def verify(self, token: str) -> Principal | None:
        """Identify the holder of `token`; None when it is not one of the accepted tokens."""
        return self.known(token)

    def known(self, token: str) -> Principal | None:
        """Do as `verify`, without waiting.

        Takes the same time for every token: fixed-length digests, all of them compared.
        """
        presented = _digest(token)
        found: Principal | None = None
        for digest, principal in self._accepted:
            if hmac.compare_digest(presented, digest):
                found = principal
        return found
