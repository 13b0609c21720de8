"""Finds out who calls /mcp."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from app.auth.bearer import AuthorizationHeaderError, parse_authorization
from app.auth.principal import ANONYMOUS
from app.auth.verifier import AccessDeniedError, InsufficientScopeError, VerifierUnavailableError
from app.web.errors import error_response

if TYPE_CHECKING:
    from starlette.responses import Response
    from starlette.types import ASGIApp, Receive, Scope, Send

    from app.auth.principal import Principal
    from app.auth.verifier import TokenVerifier
    from app.web.discovery import Challenge

_RETRY_SECONDS = 5


class Authentication:
    """Puts the caller in scope["principal"].

    With a verifier, a request without a valid bearer token is answered 401 here, and one whose holder is not
    admitted 403. Without one, everybody is `ANONYMOUS`.
    """

    def __init__(self, app: ASGIApp, *, verifier: TokenVerifier | None, challenge: Challenge) -> None:
        self._app = app
        self._verifier = verifier
        self._challenge = challenge
        self._log: structlog.typing.FilteringBoundLogger = structlog.get_logger("app.web")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if self._verifier is None:
            scope["principal"] = ANONYMOUS
            await self._app(scope, receive, send)
            return
        try:
            principal = await self._identify(scope, self._verifier)
        except AuthorizationHeaderError as error:
            refusal = self._unauthorized(scope, str(error), token_sent=error.token_sent)
        except AccessDeniedError as error:
            refusal = self._forbidden(scope, error)
        except VerifierUnavailableError as error:
            self._log.error("token_verifier_unavailable", reason=str(error))
            refusal = error_response(
                scope,
                503,
                "authentication_unavailable",
                "Tokens cannot be checked right now. Please try again in a few seconds.",
                headers={"Retry-After": str(_RETRY_SECONDS)},
            )
        else:
            if principal is not None:
                scope["principal"] = principal
                await self._app(scope, receive, send)
                return
            refusal = self._unauthorized(scope, "The bearer token is not valid here.", token_sent=True)
        self._log.warning("authentication_refused", status=refusal.status_code)
        await refusal(scope, receive, send)

    def _unauthorized(self, scope: Scope, message: str, *, token_sent: bool) -> Response:
        challenge = self._challenge.header("invalid_token" if token_sent else None)
        return error_response(scope, 401, "unauthorized", message, headers={"WWW-Authenticate": challenge})

    def _forbidden(self, scope: Scope, error: AccessDeniedError) -> Response:
        if isinstance(error, InsufficientScopeError):
            challenge = self._challenge.header("insufficient_scope")
            headers = {"WWW-Authenticate": challenge}
            return error_response(scope, 403, "insufficient_scope", str(error), headers=headers)
        # No challenge: another token for the same account would not be let in either.
        return error_response(scope, 403, "access_denied", str(error))

    async def _identify(self, scope: Scope, verifier: TokenVerifier) -> Principal | None:
        values = [value for name, value in scope["headers"] if name == b"authorization"]
        if not values:
            message = "This endpoint needs a token: send the header 'Authorization: Bearer <token>'."
            raise AuthorizationHeaderError(message, token_sent=False)
        if len(values) > 1:
            message = "There is more than one Authorization header. Send exactly one."
            raise AuthorizationHeaderError(message, token_sent=True)
        return await verifier.verify(parse_authorization(values[0]))
