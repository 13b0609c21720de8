"""A client for a sandbox in this process, and a clock that makes its answers repeatable."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2

from app.sandbox.application import Sandbox
from app.sandbox.keys import ADMIN_KEY


class TickingClock:
    """A second later each time it is asked."""

    def __init__(self) -> None:
        self._now = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        self._now += timedelta(seconds=1)
        return self._now


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer: its status, its JSON (None for an empty body) and its headers."""

    status: int
    data: Any
    headers: httpx2.Headers

    @property
    def message(self) -> str:
        """The message of an error in Portkey's form."""
        return str(self.data["data"]["message"])

    @property
    def code(self) -> str:
        """The code of an error in Portkey's form."""
        assert self.data["success"] is False
        return str(self.data["data"]["errorCode"])


class Api:
    """Sends JSON to a sandbox with one API key."""

    def __init__(self, app: Sandbox, key: str = ADMIN_KEY) -> None:
        self.app = app
        self.key = key

    def as_key(self, key: str) -> Api:
        return Api(self.app, key)

    async def send(
        self, method: str, path: str, body: Any = ..., headers: dict[str, str] | None = None
    ) -> Answer:
        transport = httpx2.ASGITransport(self.app)
        given = {"x-portkey-api-key": self.key, **(headers or {})}
        content = {} if body is ... else {"content": body} if isinstance(body, bytes) else {"json": body}
        async with httpx2.AsyncClient(transport=transport, base_url="http://sandbox") as client:
            response = await client.request(method, path, headers=given, **content)
        return Answer(response.status_code, response.json() if response.content else None, response.headers)

    async def get(self, path: str, **headers: str) -> Answer:
        return await self.send("GET", path, headers=headers)

    async def post(self, path: str, body: Any = ...) -> Answer:
        return await self.send("POST", path, body)

    async def put(self, path: str, body: Any = ...) -> Answer:
        return await self.send("PUT", path, body)

    async def delete(self, path: str, body: Any = ...) -> Answer:
        return await self.send("DELETE", path, body)
