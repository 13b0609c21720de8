"""A swarm of clients that hold the service to the protocol, whatever happens to its parts."""

from __future__ import annotations

import asyncio
import random
import time
from dataclasses import dataclass, field
from typing import Literal

import httpx2

from tests.end_to_end import wire
from tests.faults.answers import (
    RETRYABLE_STATUSES,
    Received,
    RetryableError,
    ViolationError,
    clean_error,
    judge_tool_error,
    receive,
)
from tests.faults.ledger import Call, Ledger

DEADLINE = 30.0
"""Seconds within which a call must have ended, whatever happens."""
RETRY_AFTER = 1.0
RESUME_WITHIN = 20.0
LOOK_FIRST = "look before you repeat it"
NOT_KEPT = "This Last-Event-ID is not known here"
Kind = Literal["2025 stateful", "2025 stateless", "2026"]
_READS: tuple[tuple[str, dict[str, object]], ...] = (
    ("get_workspace", {"workspace_id": "ws-customer-support"}),
    ("list_workspaces", {}),
    ("list_api_keys", {"page_size": 3}),
)


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
            if LOOK_FIRST in error.get("message", ""):
                raise RetryableError("its replica is gone: look first whether it was done")
            raise ViolationError(f"JSON-RPC error {error.get('code')}: {error.get('message')}")
        if result.get("isError"):
            judge_tool_error(result)
        elif not isinstance(result.get("structuredContent"), dict):
            raise ViolationError("a result without structuredContent")

    async def open_session(self) -> None:
        """Say hello, in the 2025 era."""
        self.session = None
        received = await self._send(wire.initialize())
        await self._answer_in(received, 0)
        session = received.headers.get("mcp-session-id")
        if not session:
            raise ViolationError("initialize gave no session")
        self.session = session
        self.sessions_opened += 1
        accepted = await self._send({"jsonrpc": "2.0", "method": "notifications/initialized"})
        if accepted.status != 202:
            raise ViolationError(f"initialized got {accepted.status}")

    async def still_answers(self) -> bool:
        """Whether the session that this client has is still there."""
        answer = await self._post({"jsonrpc": "2.0", "id": 1, "method": "ping"})
        return "result" in answer

    async def _post(self, message: wire.Message) -> wire.Message:
        return await self._answer_in(await self._send(message), message["id"])

    async def _answer_in(self, received: Received, request_id: int) -> wire.Message:
        """The answer; a stream that broke is taken up again where it can be."""
        answer = received.answer_to(request_id)
        if answer is not None:
            return answer
        event_id = received.last_event_id
        if not received.is_stream or event_id is None or self.session is None:
            raise RetryableError("answer broke off")
        try:
            async with asyncio.timeout(RESUME_WITHIN):
                return await self._resumed(event_id, request_id)
        except TimeoutError:
            raise RetryableError("answer broke off, and was not resumed in time") from None

    async def _resumed(self, event_id: str, request_id: int) -> wire.Message:
        """The answer, for which this comes back until it is there or is known to be lost."""
        while True:
            await asyncio.sleep(RETRY_AFTER / 2)  # as a client does before each attempt
            try:
                more = await receive(self.http, "GET", self.url, self._resuming(event_id))
            except httpx2.TransportError:
                continue
            if more.status in RETRYABLE_STATUSES:
                clean_error(more)
                continue
            if more.status == 400 and NOT_KEPT in more.text:
                raise RetryableError("answer broke off, and is not kept: look first whether it was done")
            self._check(more)
            answer = more.answer_to(request_id)
            if answer is not None:
                self.ledger.resumed += 1
                return answer
            event_id = more.last_event_id or event_id

    def _resuming(self, event_id: str) -> dict[str, str]:
        return {
            "Accept": "text/event-stream",
            "Authorization": f"Bearer {self.token}",
            "MCP-Protocol-Version": wire.VERSIONS["2025"],
            "Mcp-Session-Id": self.session or "",
            "Last-Event-ID": event_id,
        }

    async def _send(self, message: wire.Message) -> Received:
        caller = wire.HttpCaller(self.url, "2026" if self.kind == "2026" else "2025")
        headers = caller.for_message(message) | {"Authorization": f"Bearer {self.token}"}
        if self.session:
            headers["Mcp-Session-Id"] = self.session
        received = await receive(self.http, "POST", self.url, headers, message)
        if received.status in RETRYABLE_STATUSES:
            raise clean_error(received)
        self._check(received)
        return received

    def _check(self, received: Received) -> None:
        if received.status == 404 and self.session:
            lost, self.session = self.session, None
            self.ledger.lost_sessions.append(f"{self.name} {lost}")
            raise RetryableError("HTTP 404 session not found")
        if received.status not in (200, 202):
            raise ViolationError(f"HTTP {received.status}: {received.text[:200]}")
