"""The journal of received requests, and the middleware that keeps it."""

from __future__ import annotations

import json
from collections import deque
from dataclasses import dataclass
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.sandbox.authentication import KEY_HEADER
from app.sandbox.errors import ApiError
from app.sandbox.injection import CONTROL_PREFIX, FAULT_IN_SCOPE
from app.sandbox.json_types import JsonObject, JsonValue
from app.sandbox.keys import SandboxKey, find_key
from app.sandbox.routing import KEY_IN_SCOPE, REQUEST_ID_IN_SCOPE

MAX_BODY_BYTES: Final = 4 * 1024 * 1024
MAX_ENTRIES: Final = 500
MAX_KEPT_BODY_BYTES: Final = 16 * 1024
_UNRECORDED: Final = {
    ("GET", f"{CONTROL_PREFIX}requests"),
    ("DELETE", f"{CONTROL_PREFIX}requests"),
    ("GET", f"{CONTROL_PREFIX}fault"),
    ("PUT", f"{CONTROL_PREFIX}fault"),
    ("POST", f"{CONTROL_PREFIX}reset"),
}


@dataclass(slots=True)
class Entry:
    """A received request. `status` is None as long as no answer was sent."""

    number: int
    method: str
    path: str
    query: str
    key: str | None
    body: bytes = b""
    body_bytes: int = 0
    status: int | None = None
    fault: str | None = None

    def as_json(self) -> JsonObject:
        """Return the entry as the journal shows it; a body beyond 16 KiB is left out."""
        body: JsonValue = None
        if self.body:
            try:
                body = json.loads(self.body)
            except (ValueError, RecursionError):
                body = self.body.decode(errors="backslashreplace")
        return {
            "number": self.number,
            "method": self.method,
            "path": self.path,
            "query": self.query,
            "key": self.key,
            "body": body,
            "body_bytes": self.body_bytes,
            "status": self.status,
            "fault": self.fault,
        }


class Journal:
    """The last 500 requests, oldest first."""

    def __init__(self) -> None:
        self.entries: deque[Entry] = deque(maxlen=MAX_ENTRIES)
        self._number = 0

    def open(self, scope: Scope) -> Entry:
        """Enter a request as it was received: the path undecoded, the key by its name only."""
        self._number += 1
        key = find_key(Headers(scope=scope).get(KEY_HEADER, ""))
        entry = Entry(
            self._number,
            scope["method"],
            scope["path"],
            scope["query_string"].decode("latin-1"),
            key.name if key else None,
        )
        self.entries.append(entry)
        return entry

    def clear(self) -> None:
        """Forget all requests and count from 1 again."""
        self.entries.clear()
        self._number = 0


class Recording:
    """Enters each request into the journal, but for those that steer the sandbox itself."""

    def __init__(self, app: ASGIApp, journal: Journal) -> None:
        self._app = app
        self._journal = journal

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or (scope["method"], scope["path"]) in _UNRECORDED:
            await self._app(scope, receive, send)
            return
        entry = self._journal.open(scope)
        request_id = scope[REQUEST_ID_IN_SCOPE] = f"sandbox-{entry.number}"

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                entry.status = message["status"]
                MutableHeaders(scope=message)["x-request-id"] = request_id
            await send(message)

        try:
            body = await _read(Request(scope, receive))
        except ClientDisconnect:
            return
        if body is None:
            error = ApiError(413, f"The body is larger than {MAX_BODY_BYTES} bytes.")
            await error.response()(scope, receive, answer)
            return
        entry.body_bytes = len(body)
        entry.body = body if len(body) <= MAX_KEPT_BODY_BYTES else b""
        pending: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

        async def replay() -> Message:
            return pending.pop() if pending else await receive()

        try:
            await self._app(scope, replay, answer)
        finally:
            entry.fault = scope.get(FAULT_IN_SCOPE)
            used: SandboxKey | None = scope.get(KEY_IN_SCOPE)
            entry.key = used.name if used else entry.key


async def _read(request: Request) -> bytes | None:
    body = bytearray()
    async for chunk in request.stream():
        body.extend(chunk)
        if len(body) > MAX_BODY_BYTES:
            return None
    return bytes(body)
