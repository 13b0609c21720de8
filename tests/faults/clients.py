"""A swarm of clients that hold the service to the protocol, whatever happens to its parts."""

from __future__ import annotations

import asyncio
import json
import random
import time
from dataclasses import dataclass, field
from typing import Any, Literal

import httpx2

from tests.end_to_end import wire
from tests.faults.ledger import Call, Ledger

DEADLINE = 20.0
"""Seconds within which a call must have ended, whatever happens."""
RETRY_AFTER = 1.0
Kind = Literal["2025 stateful", "2025 stateless", "2026"]
_RETRYABLE_STATUSES = frozenset({429, 502, 503, 504})
_READS: tuple[tuple[str, dict[str, object]], ...] = (
    ("get_workspace", {"workspace_id": "ws-customer-support"}),
    ("list_workspaces", {}),
    ("list_api_keys", {"page_size": 3}),
)


class ViolationError(Exception):
    """The service broke the protocol, or left a client alone; the text says how."""


class RetryableError(Exception):
    """A clean failure, of which a client knows that the call did not come through; the text is its kind."""


@dataclass
class Caller:
    """One client."""

    name: str
    kind: Kind
    url: str
    token: str
    http: httpx2.AsyncClient
    ledger: Ledger
    rng: random.Random
    write_share: float = 1 / 3
    session: str | None = None
    _number: int = 0
    sessions_opened: int = field(default=0)

    async def work(self, calls: int, pause: float) -> None:
        """Make so many calls, with pauses of `pause` seconds on average."""
        for _ in range(calls):
            call = await self.call_once()
            # A client thinks between two calls, and waits before it tries again, as it was asked to.
            await asyncio.sleep(self.rng.uniform(0, 2 * pause) + (RETRY_AFTER if call.failure else 0))

    async def call_once(self) -> Call:
        """Make one call and enter how it ended."""
        self._number += 1
        write: str | None = None
        tool, arguments = self.rng.choice(_READS)
        if self.rng.random() < self.write_share:
            # The first six characters go into the slug, which must be unique too.
            write = f"{self._number:04}{self.name} by a client under faults"
            tool, arguments = "create_config", {"name": write, "config": {"retry": {"attempts": 1}}}
        began = time.monotonic()
        failure = violation = None
        try:
            async with asyncio.timeout(DEADLINE):
                await self._call(tool, arguments)
        except RetryableError as error:
            failure = str(error)
        except ViolationError as error:
            violation = str(error)
        except TimeoutError:
            violation = f"no end within {DEADLINE:.0f} s"
        except httpx2.TransportError as error:
            failure = f"connection broke ({type(error).__name__})"
        call = Call(self.name, time.monotonic() - began, write, failure, violation)
        self.ledger.calls.append(call)
        return call

    async def _call(self, tool: str, arguments: dict[str, object]) -> None:
        if self.kind == "2025 stateful" and self.session is None:
            await self.open_session()
        era: wire.Era = "2026" if self.kind == "2026" else "2025"
        answer = await self._post(wire.tool_call(tool, dict(arguments), era, self._number))
        result = answer.get("result")
        if result is None:
            error = answer.get("error") or {}
            raise ViolationError(f"JSON-RPC error {error.get('code')}: {error.get('message')}")
        if result.get("isError"):
            _judge_tool_error(result)
        elif not isinstance(result.get("structuredContent"), dict):
            raise ViolationError("a result without structuredContent")

    async def open_session(self) -> None:
        """Say hello, in the 2025 era."""
        self.session = None
        response = await self._send(wire.initialize())
        _answer_to(response, 0)
        session = response.headers.get("mcp-session-id")
        if not session:
            raise ViolationError("initialize gave no session")
        self.session = session
        self.sessions_opened += 1
        accepted = await self._send({"jsonrpc": "2.0", "method": "notifications/initialized"})
        if accepted.status_code != 202:
            raise ViolationError(f"initialized got {accepted.status_code}")

    async def still_answers(self) -> bool:
        """Whether the session that this client has is still there."""
        response = await self._send({"jsonrpc": "2.0", "id": 1, "method": "ping"})
        return response.status_code == 200 and "result" in _answer_to(response, 1)

    async def _post(self, message: wire.Message) -> wire.Message:
        return _answer_to(await self._send(message), message["id"])

    async def _send(self, message: wire.Message) -> httpx2.Response:
        caller = wire.HttpCaller(self.url, "2026" if self.kind == "2026" else "2025")
        headers = caller.for_message(message) | {"Authorization": f"Bearer {self.token}"}
        if self.session:
            headers["Mcp-Session-Id"] = self.session
        response = await self.http.post(self.url, json=message, headers=headers, timeout=DEADLINE + 5)
        if response.status_code in _RETRYABLE_STATUSES:
            raise RetryableError(_http_error(response))
        if response.status_code == 404 and self.session:
            lost, self.session = self.session, None
            self.ledger.lost_sessions.append(f"{self.name} {lost}")
            raise RetryableError("HTTP 404 session not found")
        if response.status_code not in (200, 202):
            raise ViolationError(f"HTTP {response.status_code}: {response.text[:200]}")
        return response


def _http_error(response: httpx2.Response) -> str:
    """The kind of a clean HTTP error: JSON that says what it is, and when to come back."""
    try:
        error = response.json()["error"]
        code, message = error["code"], error["message"]
    except (ValueError, LookupError, TypeError):
        raise ViolationError(f"HTTP {response.status_code} that is not JSON: {response.text[:80]}") from None
    if not message or "retry-after" not in response.headers:
        raise ViolationError(f"HTTP {response.status_code} {code} without Retry-After or message")
    return f"HTTP {response.status_code} {code}"


def _judge_tool_error(result: dict[str, Any]) -> None:
    """A tool error is clean when it says whether a retry helps, or to look first after a write."""
    error = result.get("structuredContent", {}).get("error", result.get("structuredContent", {}))
    text = result["content"][0]["text"]
    if error.get("retryable"):
        raise RetryableError("tool error, retryable")
    if error.get("may_have_been_applied"):
        raise RetryableError("tool error, look first whether it was done")
    raise ViolationError(f"tool error {error.get('status') or ''} {error.get('code')}: {text}")


def _answer_to(response: httpx2.Response, request_id: int) -> wire.Message:
    """The one answer in a response, as the protocol wants it."""
    kind = response.headers.get("content-type", "")
    if kind.startswith("application/json"):
        messages: list[wire.Message] = [json.loads(response.text)]
    elif kind.startswith("text/event-stream"):
        lines = response.text.splitlines()
        messages = [json.loads(line[5:]) for line in lines if line.startswith("data:") and line[5:].strip()]
    else:
        raise ViolationError(f"content type {kind!r}")
    answers = [message for message in messages if message.get("id") == request_id and "method" not in message]
    if not answers:
        raise RetryableError("stream ended without an answer")
    if len(answers) > 1:
        raise ViolationError(f"{len(answers)} answers to one request")
    return answers[0]
