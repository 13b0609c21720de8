"""A secret in any object of any answer reaches neither the model nor the log."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pytest
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.testing import capture_logs

from app.catalog.tool import Tool
from tests.catalog.desk import TOOLS
from tests.catalog.every_call import every_call, settled
from tests.catalog.exchanges import prepared, session

PLANTED = "planted-0123456789abcdef"
WAYS: dict[str, Any] = {
    "password": PLANTED,
    "planted_headers": [{"name": "Authorization", "value": PLANTED}, ["x-api-key", PLANTED]],
    "planted_note": f"curl -H 'Authorization: Bearer {PLANTED}'",
    "planted_text": json.dumps({"client_secret": PLANTED}),
}
ENVELOPES = ("data", "result")
MADE = ("client_auth", "credentials", "key")


def _plant(node: Any, *, new: bool) -> Any:
    """The answer with secrets in each of its objects; not where a new secret may stand."""
    if isinstance(node, list):
        return [_plant(item, new=False) for item in node]
    if not isinstance(node, dict):
        return node
    inside = {
        name: item if new and name in MADE else _plant(item, new=new and name in ENVELOPES)
        for name, item in node.items()
    }
    return inside if new else {**WAYS, **inside}


@dataclass(slots=True)
class Planting:
    """Plants secrets in each answer of the application behind it."""

    app: ASGIApp
    new: bool = False
    planted: int = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started: list[Message] = []
        body = b""

        async def planting(message: Message) -> None:
            nonlocal body
            if message["type"] == "http.response.start":
                started.append(message)
                return
            body += message.get("body", b"")
            if message.get("more_body"):
                return
            (start,) = started
            answer = self._with_secrets(body)
            headers = [(n, v) for n, v in start["headers"] if n != b"content-length"]
            await send({**start, "headers": headers})
            await send({"type": "http.response.body", "body": answer})

        await self.app(scope, receive, planting)

    def _with_secrets(self, body: bytes) -> bytes:
        try:
            answer = json.loads(body)
        except ValueError:
            return body
        planted = json.dumps(_plant(answer, new=self.new)).encode()
        self.planted += planted.count(PLANTED.encode())
        return planted


@pytest.mark.parametrize("tool", TOOLS.values(), ids=list(TOOLS))
async def test_a_planted_secret_never_comes_out(tool: Tool) -> None:
    call = every_call()[tool.name]
    with capture_logs() as logs:
        async with session(call.key) as active:
            world = await prepared(active, call)
            active.wire.app = planting = Planting(active.wire.app, new=tool.one_time_secret)
            result = await active.call(tool.name, settled(call.minimal, world))
    shown = json.dumps(result.structured_content)
    assert not result.is_error, shown
    assert PLANTED not in shown
    assert PLANTED not in str(logs)
    assert planting.planted or tool.one_time_secret or not tool.contacts_portkey or "success" in shown
