"""Opaque access tokens (`oat_…`), which only Clerk can read.

Source: POST /oauth_applications/access_tokens/verify of Clerk's Backend API, with the instance's secret key.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
import time
from collections import OrderedDict
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from app.auth.clerk.claims import principal_of
from app.auth.clerk.fetching import FetchError
from app.auth.clerk.tokens import TokenRefusedError
from app.auth.clerk.verified import Verified
from app.auth.verifier import VerifierUnavailableError

if TYPE_CHECKING:
    from app.auth.clerk.fetching import Answer, Fetcher, JsonObject
    from app.auth.clerk.tokens import TokenRules

PATH: Final = "/oauth_applications/access_tokens/verify"
_OPAQUE: Final = re.compile(r"oat_[A-Za-z0-9_-]{1,256}")
_ACCEPTED_FOR: Final = 30.0
_REFUSED_FOR: Final = 5.0
_MOST_REFUSED: Final = 1000
_MOST_AT_ONCE: Final = 32
_MILLISECONDS: Final = 1e11  # a time beyond the year 5000 if it were in seconds
# What Clerk answers for a token that it does not know, or does not take for one.
_UNKNOWN_TOKEN: Final = frozenset(
    {HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY}
)


def is_opaque(token: str) -> bool:
    """Tell whether this looks like an opaque access token of Clerk."""
    return _OPAQUE.fullmatch(token) is not None


class Introspection:
    """Asks Clerk about opaque tokens: once at a time for one token, and for so many tokens at once.

    Args:
        api_url: Clerk's Backend API, without a slash at its end.
        secret_key: The instance's secret key.
        rules: What the answer must say.
        fetcher: Makes the call, within its deadline.
    """

    def __init__(self, api_url: str, secret_key: str, rules: TokenRules, fetcher: Fetcher) -> None:
        self._url = f"{api_url}{PATH}"
        self._authorization = {"Authorization": f"Bearer {secret_key}"}
        self._rules = rules
        self._fetcher = fetcher
        self._running: dict[bytes, asyncio.Task[Verified]] = {}
        self._refused: OrderedDict[bytes, float] = OrderedDict()

    async def check(self, token: str) -> Verified:
        """Ask whose token it is.

        Raises:
            TokenRefusedError: Clerk says it is not valid, or it is not meant for us.
            VerifierUnavailableError: Clerk cannot say right now.
        """
        digest = hashlib.sha256(token.encode()).digest()
        if self._refused.get(digest, 0.0) > time.monotonic():
            raise TokenRefusedError("refused a moment ago")
        task = self._running.get(digest)
        if task is None:
            if len(self._running) >= _MOST_AT_ONCE:
                raise VerifierUnavailableError("too many tokens wait for Clerk")
            task = asyncio.create_task(self._ask(token))
            self._running[digest] = task
            task.add_done_callback(lambda done: self._finished(digest, done))
        return await asyncio.shield(task)

    async def aclose(self) -> None:
        """End the questions that are under way."""
        running = tuple(self._running.values())
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    def _finished(self, digest: bytes, task: asyncio.Task[Verified]) -> None:
        del self._running[digest]
        if not task.cancelled() and isinstance(task.exception(), TokenRefusedError):
            self._refused[digest] = time.monotonic() + _REFUSED_FOR
            while len(self._refused) > _MOST_REFUSED:
                self._refused.popitem(last=False)

    async def _ask(self, token: str) -> Verified:
        try:
            answer = await self._fetcher.post(self._url, {"access_token": token}, self._authorization)
        except FetchError as error:
            raise VerifierUnavailableError(str(error)) from error
        return self._judge(_record(answer))

    def _judge(self, record: JsonObject) -> Verified:
        # Clerk leaves neither flag out; without them nothing is proven.
        if record.get("revoked") is not False or record.get("expired") is not False:
            raise TokenRefusedError("revoked or expired")
        subject = record.get("subject")
        if not isinstance(subject, str) or not subject or not subject.isprintable():
            raise TokenRefusedError("subject")
        now = time.time()
        expires_at = _seconds(record.get("expiration"))
        if expires_at is not None and expires_at <= now:
            raise TokenRefusedError("expired")
        # An opaque token is for the whole Clerk instance unless the client named a resource.
        if record.get("aud") or self._rules.parties:
            self._rules.check_audience(record, "access")
        return Verified(
            principal_of(self._rules.issuer, {"sub": subject, "scopes": record.get("scopes")}),
            min(now + _ACCEPTED_FOR, expires_at or float("inf")),
        )


def _record(answer: Answer) -> JsonObject:
    if answer.status in _UNKNOWN_TOKEN:
        raise TokenRefusedError("unknown to Clerk")
    if answer.status != HTTPStatus.OK:
        # 401 and 403 speak of our secret key and 429 of our rate, not of the token.
        raise VerifierUnavailableError(f"Clerk answered {answer.status} when asked about a token")
    return answer.document


def _seconds(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return value / 1000 if value > _MILLISECONDS else float(value)
