"""A sandbox of this process behind a socket, which notes the key of each request as it came over the wire."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx2
import uvicorn
from starlette.types import Message, Receive, Scope, Send

from app.sandbox.application import Sandbox, create_sandbox
from app.sandbox.keys import ADMIN_KEY


@dataclass(frozen=True)
class Request:
    """What reached Portkey."""

    path: str
    key: str
    cookie: str
    traceparent: str = ""


@dataclass
class RecordedPortkey:
    """The sandbox, and what reached it. Each answer tries to leave a cookie that names the key."""

    sandbox: Sandbox = field(default_factory=create_sandbox)
    requests: list[Request] = field(default_factory=list)
    url: str = ""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
        key = headers.get(b"x-portkey-api-key", "")
        self.requests.append(
            Request(scope["path"], key, headers.get(b"cookie", ""), headers.get(b"traceparent", ""))
        )

        async def with_cookie(message: Message) -> None:
            if message["type"] == "http.response.start":
                cookie = (b"set-cookie", f"organisation={key}; Path=/".encode())
                message = {**message, "headers": [*message["headers"], cookie]}
            await send(message)

        await self.sandbox(scope, receive, with_cookie)

    async def workspaces(self) -> dict[str, str]:
        """Return the ids of the workspaces by slug."""
        listed = await self._ask("GET", "/v1/admin/workspaces")
        return {one["slug"]: one["id"] for one in listed["data"]}

    async def issue_key(self, workspace_id: str, scopes: Sequence[str]) -> str:
        """Make a key that is bound to a workspace."""
        asked = {"name": "team", "workspace_id": workspace_id, "scopes": list(scopes)}
        made: str = (await self._ask("POST", "/v1/api-keys/workspace/service", asked))["key"]
        return made

    async def _ask(self, method: str, path: str, body: object = None) -> Any:
        transport = httpx2.ASGITransport(self.sandbox)
        async with httpx2.AsyncClient(transport=transport, base_url="http://sandbox") as client:
            answer = await client.request(method, path, json=body, headers={"x-portkey-api-key": ADMIN_KEY})
        answer.raise_for_status()
        return answer.json()


@asynccontextmanager
async def recorded_portkey() -> AsyncIterator[RecordedPortkey]:
    portkey = RecordedPortkey()
    listener = socket.create_server(("127.0.0.1", 0))
    portkey.url = f"http://127.0.0.1:{listener.getsockname()[1]}/v1"
    server = uvicorn.Server(uvicorn.Config(portkey, lifespan="off", log_config=None, access_log=False))
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        yield portkey
    finally:
        server.should_exit = True
        await serving
        listener.close()
        portkey.sandbox.close()
