"""What comes back over HTTP, as far as it comes, and the answer in it, held to the protocol."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx2

from tests.end_to_end import wire

RETRYABLE_STATUSES = frozenset({429, 502, 503, 504})


class ViolationError(Exception):
    """The service broke the protocol, or left a client alone; the text says how."""


class RetryableError(Exception):
    """A clean failure, of which a client knows that the call did not come through; the text is its kind."""


@dataclass(frozen=True)
class Received:
    """One response. `whole` is False when the connection broke before its end."""

    status: int
    headers: httpx2.Headers
    text: str
    whole: bool

    @property
    def is_stream(self) -> bool:
        return self.headers.get("content-type", "").startswith("text/event-stream")

    @property
    def last_event_id(self) -> str | None:
        """The id of the last event that is complete."""
        ids = [
            line.removeprefix("id:").strip()
            for block in self.text.replace("\r\n", "\n").split("\n\n")[:-1]
            for line in block.split("\n")
            if line.startswith("id:")
        ]
        return ids[-1] if ids else None

    def answer_to(self, request_id: int) -> wire.Message | None:
        """The answer to a request, if it came; never two."""
        messages = self._messages()
        if any(one.get("jsonrpc") != "2.0" for one in messages):
            raise ViolationError("not JSON-RPC 2.0")
        answers = [one for one in messages if one.get("id") == request_id and "method" not in one]
        if len(answers) > 1:
            raise ViolationError(f"{len(answers)} answers to one request")
        return answers[0] if answers else None

    def _messages(self) -> list[wire.Message]:
        if self.is_stream:
            blocks = self.text.replace("\r\n", "\n").split("\n\n")[:-1]
            lines = [line for block in blocks for line in block.split("\n")]
            return [json.loads(line[5:]) for line in lines if line.startswith("data:") and line[5:].strip()]
        if not self.whole:
            return []
        if not self.headers.get("content-type", "").startswith("application/json"):
            raise ViolationError(f"content type {self.headers.get('content-type')!r}")
        return [json.loads(self.text)]


async def receive(
    http: httpx2.AsyncClient, method: str, url: str, headers: Mapping[str, str], body: object = None
) -> Received:
    """Send a request and read what comes, however it ends once it has begun.

    Raises:
        httpx2.TransportError: Nothing came.
    """
    text: list[str] = []
    async with http.stream(method, url, headers=headers, json=body) as response:
        try:
            async for piece in response.aiter_text():
                text.append(piece)  # noqa: PERF401 - what comes before a break counts
        except httpx2.TransportError:
            return Received(response.status_code, response.headers, "".join(text), whole=False)
        return Received(response.status_code, response.headers, "".join(text), whole=True)


def clean_error(received: Received) -> RetryableError:
    """What an HTTP error comes to that is JSON, says what is wrong, and when to come back.

    Raises:
        ViolationError: It is or does not.
    """
    status = received.status
    try:
        error = json.loads(received.text)["error"]
        code, message = error["code"], error["message"]
    except (ValueError, LookupError, TypeError):
        raise ViolationError(f"HTTP {status} that is not JSON: {received.text[:80]}") from None
    if not message or "retry-after" not in received.headers:
        raise ViolationError(f"HTTP {status} {code} without Retry-After or message")
    return RetryableError(f"HTTP {status} {code}")


def judge_tool_error(result: dict[str, Any]) -> None:
    """A tool error is clean when it says that a retry helps, or to look first after a write.

    Raises:
        RetryableError: So it is.
        ViolationError: It says neither.
    """
    error = result.get("structuredContent", {}).get("error", {})
    if error.get("retryable"):
        raise RetryableError("tool error, retryable")
    if error.get("may_have_been_applied"):
        raise RetryableError("tool error, look first whether it was done")
    text = result["content"][0]["text"]
    raise ViolationError(f"tool error {error.get('status') or ''} {error.get('code')}: {text}")
