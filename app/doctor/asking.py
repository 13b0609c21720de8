"""HTTP requests of the doctor: a deadline for each, a bound on what is read, no redirects."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any, Final
from urllib.parse import urlsplit

import httpx2
import orjson

DEADLINE: Final = 5.0
_MAX_BYTES: Final = 1024 * 1024
_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})


class NoAnswerError(Exception):
    """There is no answer; the message is a clause such as "nothing answers there"."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> dict[str, Any]:
        """The JSON object in the body; empty when there is none."""
        try:
            found = orjson.loads(self.body)
        except orjson.JSONDecodeError:
            return {}
        return found if isinstance(found, dict) else {}

    @property
    def moment(self) -> float | None:
        """The Unix time that its Date header tells."""
        try:
            return parsedate_to_datetime(self.headers.get("date", "")).timestamp()
        except ValueError:
            return None


class Asker:
    """Asks over HTTP. Trusts the certificate authorities of this machine, or those of SSL_CERT_FILE."""

    def __init__(self) -> None:
        self._tls = ssl.create_default_context()

    async def ask(
        self, method: str, url: str, *, headers: Mapping[str, str] | None = None, content: bytes | None = None
    ) -> Reply:
        """Make one request.

        Raises:
            NoAnswerError: Nothing came back within `DEADLINE`, or too much.
        """
        try:
            async with (
                asyncio.timeout(DEADLINE),
                self.opened(method, url, headers=headers, content=content) as response,
            ):
                body = b""
                async for chunk in response.aiter_bytes():
                    body += chunk
                    if len(body) > _MAX_BYTES:
                        raise NoAnswerError("the answer there is larger than 1 MiB")
        except TimeoutError:
            raise NoAnswerError(f"nothing answers there within {DEADLINE:g} seconds") from None
        return Reply(response.status_code, response.headers, body)

    @asynccontextmanager
    async def opened(
        self, method: str, url: str, *, headers: Mapping[str, str] | None = None, content: bytes | None = None
    ) -> AsyncIterator[httpx2.Response]:
        """Open a response without reading it. The deadline is the caller's.

        Raises:
            NoAnswerError: There is none.
        """
        trust_env = urlsplit(url).hostname not in _LOOPBACK
        try:
            async with (
                httpx2.AsyncClient(timeout=None, verify=self._tls, trust_env=trust_env) as client,
                client.stream(method, url, headers=dict(headers or {}), content=content) as response,
            ):
                yield response
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            raise NoAnswerError(_clause(error)) from error


def _clause(error: Exception) -> str:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"its certificate is not accepted ({cause.verify_message})"
        if isinstance(cause, ssl.SSLError):
            return "it does not speak TLS as this address says it does"
        cause = cause.__cause__ or cause.__context__
    if isinstance(error, httpx2.ConnectError):
        return "nothing accepts connections there, or its name is not known"
    return f"the exchange broke off ({type(error).__name__})"
