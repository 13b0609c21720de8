"""Calls Portkey's Admin API: one `ApiRequest` in, one `ApiAnswer` or `PortkeyError` out."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum, auto
from typing import Final, TypeAlias

from app.portkey import failures
from app.portkey.credential import BadCredential, Credential
from app.portkey.errors import PortkeyError
from app.portkey.json_types import JsonValue, decode_json, encode_json
from app.portkey.retry import may_repeat_after_failure, may_repeat_after_status, retry_after
from app.portkey.transport import HttpRequest, HttpResponse, Transport, TransportError
from app.portkey.urls import BadParameter, BaseUrl, BaseVersion
from app.telemetry.events import Events

OnWait: TypeAlias = Callable[[str], Awaitable[None]]

_SUCCEEDED = range(200, 300)
_BACKOFF_SECONDS: Final = 0.25
_MAX_BACKOFF_SECONDS: Final = 5.0
_ASK_FOR_KEY: Final = "Set PORTKEY_API_KEY to a Portkey Admin API key and start the server again."


class NoBody(Enum):
    """The type of `NO_BODY`."""

    NO_BODY = auto()


NO_BODY: Final = NoBody.NO_BODY


@dataclass(frozen=True, slots=True)
class ApiRequest:
    """One call to Portkey.

    Attributes:
        method: HTTP method in capitals; every method but GET counts as a write.
        path: template from its leading slash, with `{name}` for each path parameter.
        path_params: the values, unencoded.
        query: names and values in order, unencoded; a name may occur again.
        body: JSON to send; `NO_BODY` sends none, None sends `null`.
        base: which base URL; `public` endpoints are called without the API key.
    """

    method: str
    path: str
    path_params: Mapping[str, str] = field(default_factory=dict)
    query: Sequence[tuple[str, str]] = ()
    body: JsonValue | NoBody = NO_BODY
    base: BaseVersion = "v1"

    @property
    def is_write(self) -> bool:
        """Whether the call may change something."""
        return self.method != "GET"


@dataclass(frozen=True, slots=True)
class ApiAnswer:
    """A 2xx answer.

    Attributes:
        status: the HTTP status.
        data: the JSON; None for an empty body; a str for text that is not JSON. It is also a str, a sentence
            that says so, when a write succeeded but its body was lost, late or too large.
        request_id: Portkey's id of the request, if it sent one.
    """

    status: int
    data: JsonValue
    request_id: str | None


@dataclass(frozen=True, slots=True)
class _Failure:
    error: PortkeyError
    repeatable: bool


class PortkeyClient:
    """Sends calls with one deadline each, repeating them only where that is safe.

    A read is repeated after a failed connection, a lost one, 429, 502, 503 and 504; a write only when nothing
    of it was sent, or when Portkey answers 429 and says when to come back.
    """

    def __init__(  # noqa: PLR0913 - every limit is set by the composition root
        self,
        transport: Transport,
        base_url: BaseUrl,
        *,
        user_agent: str,
        timeout: float,
        max_response_bytes: int,
        max_attempts: int,
        wait: Callable[[float], Awaitable[object]] = asyncio.sleep,
        jitter: Callable[[], float] = random.random,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Put the client together; the transport becomes its own and is closed with it.

        Args:
            transport: carries the requests.
            base_url: where Portkey is.
            user_agent: such as `portkey-admin-mcp/1.0.0`.
            timeout: seconds for a whole call, all attempts and waits together.
            max_response_bytes: largest answer to accept.
            max_attempts: attempts in all, at least 1.
            wait: suspends for some seconds.
            jitter: a number from 0 to 1 by which each backoff is multiplied.
            clock: seconds that only grow.
        """
        self._transport = transport
        self._base_url = base_url
        self._headers = {
            "Accept": "application/json",
            "User-Agent": user_agent,
        }
        self._timeout = timeout
        self._max_response_bytes = max_response_bytes
        self._max_attempts = max_attempts
        self._wait = wait
        self._jitter = jitter
        self._clock = clock
        self._events = Events()

    async def call(
        self, request: ApiRequest, credential: Credential | None, *, on_wait: OnWait | None = None
    ) -> ApiAnswer:
        """Make one call.

        Cancelling it aborts the exchange under way at once.

        Args:
            request: what to call.
            credential: the API key; may be None for public endpoints only.
            on_wait: told why and how long before each wait between attempts.

        Raises:
            PortkeyError: there is no 2xx answer, or the call cannot be made as it stands.
        """
        deadline = self._clock() + self._timeout
        url, headers, body = self._prepare(request, credential)
        attempt = 0
        while True:
            attempt += 1
            remaining = max(deadline - self._clock(), 0.0)
            outgoing = HttpRequest(
                request.method, url, headers, body, remaining, self._max_response_bytes, request.path
            )
            outcome = self._judge(request, await self._send(request, outgoing, attempt), credential)
            if isinstance(outcome, ApiAnswer):
                return outcome
            error = outcome.error
            pause = self._pause(attempt, error.retry_after)
            out_of_attempts = attempt >= self._max_attempts
            if not outcome.repeatable or out_of_attempts or self._clock() + pause >= deadline:
                raise error
            if on_wait is not None:
                await on_wait(_reason(error, pause))
            await self._wait(pause)

    async def aclose(self) -> None:
        """Close the transport."""
        await self._transport.aclose()

    def _prepare(
        self, request: ApiRequest, credential: Credential | None
    ) -> tuple[str, Mapping[str, str], bytes | None]:
        headers = self._headers.copy()
        if request.base != "public":
            if credential is None:
                raise failures.refused("No Portkey API key is configured.", _ASK_FOR_KEY)
            try:
                headers["x-portkey-api-key"] = credential.header_value
            except BadCredential as error:
                raise failures.refused(f"The Portkey API key {error}.", _ASK_FOR_KEY) from None
        try:
            url = self._base_url.build(request.base, request.path, request.path_params, request.query)
            if request.body is NO_BODY:
                return url, headers, None
            headers["Content-Type"] = "application/json"
            return url, headers, encode_json(request.body)
        except BadParameter as error:
            raise failures.refused(f"{error}.", f"Correct {error.name} and call again.") from error
        except ValueError as error:
            raise failures.refused(
                f"The call cannot be sent: {error}.", "Correct the arguments and call again."
            ) from error

    async def _send(
        self, request: ApiRequest, outgoing: HttpRequest, attempt: int
    ) -> HttpResponse | TransportError:
        started = self._clock()
        outcome: HttpResponse | TransportError
        failure = None
        try:
            outcome = await self._transport.send(outgoing)
        except TransportError as error:
            outcome, failure = error, type(error).__name__
        succeeded = failure is None and outcome.status in _SUCCEEDED
        told = {
            "method": request.method,
            "path": request.path,
            "status": outcome.status,
            "failure": failure,
            "duration_ms": round((self._clock() - started) * 1000, 1),
            "attempt": attempt,
        }
        self._events.write("debug" if succeeded else "info", "portkey request", told)
        return outcome

    def _judge(
        self, request: ApiRequest, outcome: HttpResponse | TransportError, credential: Credential | None
    ) -> ApiAnswer | _Failure:
        write = request.is_write
        secret = credential.api_key if credential else None
        if isinstance(outcome, TransportError):
            status = outcome.status
            if status is None or (status in _SUCCEEDED and not write):
                error = failures.from_transport(outcome, write=write, timeout=self._timeout)
                return _Failure(error, may_repeat_after_failure(outcome, write=write))
            if status in _SUCCEEDED:
                return ApiAnswer(status, failures.unread_success(outcome), None)
            # A refusal is known by its status; only its explanation is missing.
            outcome = HttpResponse(status, {}, b"")
        if outcome.status in _SUCCEEDED:
            request_id = failures.request_id_of(outcome.headers, secret=secret)
            return ApiAnswer(outcome.status, decode_json(outcome.body), request_id)
        asked = retry_after(outcome.headers, datetime.now(UTC))
        error = failures.from_response(
            outcome,
            write=write,
            secret=secret,
            retry_after=asked,
            key=credential.origin if credential else "PORTKEY_API_KEY",
        )
        repeatable = may_repeat_after_status(outcome.status, write=write, asked_to_wait=asked is not None)
        return _Failure(error, repeatable)

    def _pause(self, attempt: int, asked: float | None) -> float:
        ceiling = min(_BACKOFF_SECONDS * 2.0 ** (attempt - 1), _MAX_BACKOFF_SECONDS)
        backoff: float = self._jitter() * ceiling
        return max(backoff, asked or 0.0)


def _reason(error: PortkeyError, pause: float) -> str:
    if error.retry_after is not None:
        return f"Portkey asked to wait {failures.seconds(pause)}."
    if error.status is None:
        return f"Portkey could not be reached; trying again in {failures.seconds(pause)}."
    return f"Portkey answered {error.status}; trying again in {failures.seconds(pause)}."
