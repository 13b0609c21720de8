"""JSON over HTTP from the issuer: a deadline for the whole exchange, a bound on its size, no redirects."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from functools import cached_property
from http import HTTPStatus
from typing import TYPE_CHECKING, Final, TypeAlias

import httpx2
import orjson

if TYPE_CHECKING:
    from collections.abc import Mapping

JsonObject: TypeAlias = dict[str, object]

DEADLINE: Final = 5.0
MAX_BYTES: Final = 256 * 1024
_MAX_CONNECTIONS: Final = 16


class FetchError(Exception):
    """There is no usable answer; the message is for the log and holds no secret."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A complete answer: its status, and the JSON object in its body."""

    status: int
    document: JsonObject


class Fetcher:
    """Asks for JSON documents.

    Args:
        deadline: Seconds for one exchange, from connecting to the last byte.
        max_bytes: Largest body accepted, after decompression.
    """

    def __init__(self, *, deadline: float = DEADLINE, max_bytes: int = MAX_BYTES) -> None:
        self._deadline = deadline
        self._max_bytes = max_bytes

    @cached_property
    def _client(self) -> httpx2.AsyncClient:
        # Built at first use: loading the trusted certificates takes milliseconds.
        return httpx2.AsyncClient(
            timeout=self._deadline,
            follow_redirects=False,
            limits=httpx2.Limits(max_connections=_MAX_CONNECTIONS),
            headers={"Accept": "application/json"},
        )

    async def get(self, url: str) -> JsonObject:
        """Return the document at `url`.

        Raises:
            FetchError: No answer in time, or not a JSON object with status 200.
        """
        answer = await self._exchange("GET", url)
        if answer.status != HTTPStatus.OK:
            raise FetchError(f"{url} answered {answer.status}")
        return answer.document

    async def post(self, url: str, body: JsonObject, headers: Mapping[str, str]) -> Answer:
        """Send a JSON object and return the answer, whatever its status.

        Raises:
            FetchError: No answer in time, or one without a JSON object.
        """
        return await self._exchange("POST", url, content=orjson.dumps(body), headers=headers)

    async def aclose(self) -> None:
        """Close the connections."""
        if "_client" in self.__dict__:
            await self._client.aclose()

    async def _exchange(
        self, method: str, url: str, *, content: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        sent = {**(headers or {}), **({"Content-Type": "application/json"} if content else {})}
        try:
            async with (
                asyncio.timeout(self._deadline),
                self._client.stream(method, url, content=content, headers=sent) as response,
            ):
                body = await self._read(response)
        except TimeoutError as error:
            raise FetchError(f"{url} gave no answer within {self._deadline:g} s") from error
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            raise FetchError(f"{url} cannot be reached: {type(error).__name__}") from error
        return Answer(response.status_code, _object(url, body))

    async def _read(self, response: httpx2.Response) -> bytes:
        body = b""
        async for chunk in response.aiter_bytes():
            body += chunk
            if len(body) > self._max_bytes:
                raise FetchError(f"{response.url} answered more than {self._max_bytes} bytes")
        return body


def _object(url: str, body: bytes) -> JsonObject:
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise FetchError(f"{url} answered something other than JSON") from error
    if not isinstance(document, dict):
        raise FetchError(f"{url} answered JSON that is no object")
    return document
