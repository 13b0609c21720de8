"""Finds out who calls /mcp."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from app.auth.bearer import AuthorizationHeaderError, parse_authorization
from app.auth.principal import ANONYMOUS
from app.auth.session_owner import session_owner
from app.auth.verifier import VerifierUnavailableError
from app.web.errors import error_response

if TYPE_CHECKING:
    from starlette.responses import Response
    from starlette.types import ASGIApp, Receive, Scope, Send

    from app.auth.policy import Policy
    from app.auth.principal import Principal
    from app.auth.verifier import TokenVerifier

_CHALLENGE = 'Bearer realm="portkey-admin-mcp"'
_RETRY_SECONDS = 5


def _unauthorized(scope: Scope, message: str, *, token_sent: bool) -> Response:
    # RFC 6750, section 3.1: no error code for a caller that did not try to authenticate.
    challenge = f'{_CHALLENGE}, error="invalid_token"' if token_sent else _CHALLENGE
    return error_response(scope, 401, "unauthorized", message, headers={"WWW-Authenticate": challenge})


class Authentication:
    """Puts the caller in scope["principal"], and what they may do in scope["policy"].

    With a verifier, a request without a valid bearer token is answered 401 here, and scope["user"] holds
    what the MCP SDK binds sessions to. Without one, everybody is `ANONYMOUS` and there is no "user".
    """

    def __init__(self, app: ASGIApp, *, verifier: TokenVerifier | None, policy: Policy) -> None:
        self._app = app
        self._verifier = verifier
        self._policy = policy
        self._log: structlog.typing.FilteringBoundLogger = structlog.get_logger("app.web")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        scope["policy"] = self._policy
        if self._verifier is None:
            scope["principal"] = ANONYMOUS
            await self._app(scope, receive, send)
            return
        try:
            principal = await self._identify(scope, self._verifier)
        except AuthorizationHeaderError as error:
            refusal = _unauthorized(scope, str(error), token_sent=error.token_sent)
        except VerifierUnavailableError:
            self._log.exception("token_verifier_unavailable")
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
                scope["user"] = session_owner(principal)
                await self._app(scope, receive, send)
                return
            refusal = _unauthorized(scope, "The bearer token is not valid here.", token_sent=True)
        self._log.warning("authentication_refused", status=refusal.status_code)
        await refusal(scope, receive, send)

    async def _identify(self, scope: Scope, verifier: TokenVerifier) -> Principal | None:
        values = [value for name, value in scope["headers"] if name == b"authorization"]
        if not values:
            message = "This endpoint needs a token: send the header 'Authorization: Bearer <token>'."
            raise AuthorizationHeaderError(message, token_sent=False)
        if len(values) > 1:
            message = "There is more than one Authorization header. Send exactly one."
            raise AuthorizationHeaderError(message, token_sent=True)
        return await verifier.verify(parse_authorization(values[0]))
