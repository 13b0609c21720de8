"""Bounds how often one principal may call, wherever from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from app.auth.principal import Principal
from app.web.rate_limits.answers import add_headers, rate_limited, undecided
from app.web.rate_limits.limits import UndecidedError, address_bucket, principal_bucket

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from app.web.rate_limits.limits import Limit, RateLimitStore

POLICY: Final = "principal"


class PrincipalRateLimit:
    """Answers 429 when the bucket of the principal is empty.

    A request that got here has shown who sends it, so the token that `AddressRateLimit` took goes back: a
    team behind one address is counted by person. Who is anonymous stays with the address.
    """

    def __init__(self, app: ASGIApp, *, store: RateLimitStore, limit: Limit) -> None:
        self._app = app
        self._store = store
        self._limit = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        principal: Principal = scope["principal"]
        if principal.kind == "anonymous":
            await self._app(scope, receive, send)
            return
        try:
            verdict = await self._store.take(principal_bucket(principal.id), self._limit)
        except UndecidedError:
            await undecided(scope)(scope, receive, send)
            return
        await self._store.add(address_bucket(scope), self._limit, 1)
        if not verdict.admitted:
            refusal = rate_limited(scope, "with this identity", POLICY, self._limit, verdict)
            await refusal(scope, receive, send)
            return

        async def add(message: Message) -> None:
            if message["type"] == "http.response.start":
                add_headers(message, POLICY, self._limit, verdict)
            await send(message)

        await self._app(scope, receive, add)
