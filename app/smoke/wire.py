"""One exchange of the smoke test: a request, and its answer out of a JSON body or a stream of events."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

import httpx2

if TYPE_CHECKING:
    from collections.abc import Callable

Json: TypeAlias = "dict[str, Json] | list[Json] | str | int | float | bool | None"

_LARGEST_ANSWER: Final = 16 * 1_048_576
_LONGEST_QUOTE: Final = 200


class SmokeFailure(Exception):
    """A step did not pass; the text is the reason, a sentence or two for people."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: status, headers, and the JSON body or the one JSON-RPC answer out of a stream."""

    status: int
    headers: Mapping[str, str]
    data: Json


async def exchange(
    client: httpx2.AsyncClient,
    request: httpx2.Request,
    *,
    request_id: int | None = None,
    on_status: Callable[[int], None],
) -> Answer:
    """Send a request and read its answer, 16 MiB at most. The deadline is the caller's.

    Args:
        client: The connection pool.
        request: What to send.
        request_id: Id of the JSON-RPC answer to wait for, when the answer is a stream of events.
        on_status: Told the status as soon as it is known.

    Raises:
        SmokeFailure: The answer cannot be read.
        httpx2.HTTPError: The network failed.
    """
    response = await client.send(request, stream=True)
    try:
        on_status(response.status_code)
        if _media_type(response) == "text/event-stream" and request_id is not None and response.is_success:
            data = await _from_events(response, request_id)
        else:
            data = await _from_body(response)
        return Answer(response.status_code, response.headers, data)
    finally:
        await response.aclose()


async def _from_body(response: httpx2.Response) -> Json:
    body = bytearray()
    async for chunk in response.aiter_bytes():
        body += chunk
        if len(body) > _LARGEST_ANSWER:
            raise SmokeFailure(f"The answer is larger than {_LARGEST_ANSWER // 1_048_576} MiB.")
    try:
        return _json(body)
    except ValueError:
        if not response.is_success or not body:
            # The status says enough.
            return None
        media_type = quoted(_media_type(response) or "no media type")
        raise SmokeFailure(
            f"The answer is not JSON ({media_type}). Is it this service that {response.url.host} serves?"
        ) from None


async def _from_events(response: httpx2.Response, request_id: int) -> Json:
    async for event in httpx2.EventSource(response, max_event_size=_LARGEST_ANSWER):
        if event.event != "message" or not event.data:
            continue
        try:
            message = _json(event.data)
        except ValueError:
            raise SmokeFailure("An event of the stream is not JSON.") from None
        if isinstance(message, dict) and message.get("id") == request_id and "method" not in message:
            return message
    raise SmokeFailure("The stream ended without an answer.")


def _json(text: str | bytes | bytearray) -> Json:
    try:
        parsed: Json = json.loads(text)
    except RecursionError:
        raise ValueError from None
    return parsed


def _media_type(response: httpx2.Response) -> str:
    return response.headers.get("content-type", "").partition(";")[0].strip().lower()


def quoted(text: str) -> str:
    """Return the remote side's text as it may be printed: one line, no control characters, not too long."""
    line = " ".join("".join(char if char.isprintable() else " " for char in text).split())
    return line if len(line) <= _LONGEST_QUOTE else f"{line[:_LONGEST_QUOTE]}…"


def explained(answer: Answer) -> str:
    """Return what the answer itself says about its failure, or nothing."""
    data = answer.data
    if not isinstance(data, dict):
        return ""
    error = data.get("error")
    portkey = data.get("portkey")
    for said in (
        error.get("message") if isinstance(error, dict) else error,
        portkey.get("error") if isinstance(portkey, dict) else None,
        data.get("error_description"),
        data.get("reason"),
        data.get("message"),
    ):
        if isinstance(said, str) and said.strip():
            return quoted(said)
    return ""
