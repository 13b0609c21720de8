"""Bounds how often one address may call, whoever is behind it."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from app.web import paths
from app.web.rate_limits.answers import add_headers, is_told, rate_limited, undecided
from app.web.rate_limits.limits import UndecidedError, address_bucket

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from app.web.rate_limits.limits import Limit, RateLimitStore

POLICY: Final = "address"
FAILED_AUTHENTICATION_TOKENS: Final = 9
"""What a refused credential costs, on top of the request."""


class AddressRateLimit:
    """Answers 429 when the bucket of the client's address is empty. Probes are exempt.

    A request whose credential is refused takes more out of the bucket, so that guessing is slow.
    """

    def __init__(self, app: ASGIApp, *, store: RateLimitStore, limit: Limit) -> None:
        self._app = app
        self._store = store
        self._limit = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or scope["path"] in paths.PROBES:
            await self._app(scope, receive, send)
            return
        bucket = address_bucket(scope)
        try:
            verdict = await self._store.take(bucket, self._limit)
        except UndecidedError:
            await undecided(scope)(scope, receive, send)
            return
        if not verdict.admitted:
            refusal = rate_limited(scope, "from this address", POLICY, self._limit, verdict)
            await refusal(scope, receive, send)
            return
        presents_credential = any(name == b"authorization" for name, _ in scope["headers"])

        async def add(message: Message) -> None:
            if message["type"] == "http.response.start":
                if not is_told(message):
                    add_headers(message, POLICY, self._limit, verdict)
                if presents_credential and message["status"] == HTTPStatus.UNAUTHORIZED:
                    await self._store.add(bucket, self._limit, -FAILED_AUTHENTICATION_TOKENS)
            await send(message)

        await self._app(scope, receive, add)
