"""Calls tools as the protocol room does, with a sandbox in this process behind them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from app.auth.policy import ALLOW_ALL, Policy
from app.auth.portkey_key import PortkeyKey
from app.auth.principal import ANONYMOUS
from app.catalog.bounds import DEFAULT_LIMIT
from app.catalog.registry import load_tools
from app.catalog.snapshot import wire_form
from app.catalog.toolbox import CallContext, Outcome, Toolbox
from app.catalog.trace import Trace
from app.portkey.client import PortkeyClient
from app.portkey.credential import Credential
from app.portkey.in_process import AsgiApp, InProcessTransport
from app.portkey.transport import HttpRequest
from app.portkey.urls import BaseUrl
from app.sandbox.keys import ADMIN_KEY

ORIGIN = "http://sandbox"
TOOLS = {tool.name: tool for tool in load_tools()}
FORMS = {name: wire_form(tool) for name, tool in TOOLS.items()}


def toolbox_over(
    app: AsgiApp,
    key: str | None = ADMIN_KEY,
    attempts: int = 1,
    max_result_bytes: int = DEFAULT_LIMIT,
) -> tuple[Toolbox, InProcessTransport]:
    transport = InProcessTransport(app)
    portkey = PortkeyClient(
        transport,
        BaseUrl(v1=f"{ORIGIN}/v1", public=ORIGIN),
        user_agent="tests",
        timeout=10,
        max_response_bytes=1_000_000,
        max_attempts=attempts,
    )
    credential = Credential(key) if key else None
    tools = list(TOOLS.values())
    return Toolbox(tools, FORMS, portkey, credential, max_result_bytes=max_result_bytes), transport


@dataclass
class Desk:
    """One caller.

    `brings` is its own Portkey key, `told` the progress reported to it, `trace` what its latest call asked of
    Portkey.
    """

    app: AsgiApp
    key: str | None = ADMIN_KEY
    policy: Policy = ALLOW_ALL
    brings: PortkeyKey | None = None
    told: list[tuple[float, float | None, str]] = field(default_factory=list)
    trace: Trace = field(default_factory=Trace)

    def __post_init__(self) -> None:
        self.toolbox, self._transport = toolbox_over(self.app, self.key)

    async def call(self, tool: str, arguments: Mapping[str, Any]) -> Outcome:
        self.trace = Trace()
        context = CallContext(ANONYMOUS, self.policy, self._told, self.trace, self.brings)
        outcome = await self.toolbox.call(tool, arguments, context)
        assert json.loads(outcome.text) == outcome.data
        return outcome

    async def good(self, tool: str, **arguments: Any) -> Any:
        """The data of a call that succeeds."""
        outcome = await self.call(tool, arguments)
        assert not outcome.is_error, outcome.text
        return outcome.data

    async def bad(self, tool: str, **arguments: Any) -> Any:
        """The error of a call that does not."""
        outcome = await self.call(tool, arguments)
        assert outcome.is_error, outcome.text
        return outcome.data["error"]

    async def requests(self) -> list[Any]:
        """What the sandbox received, and from now on nothing of it."""
        listed = await self.control("GET", "requests")
        await self.control("DELETE", "requests")
        return list(listed["data"])

    async def sent(self) -> Any:
        """The one request since the last look: method, path, query and body."""
        (request,) = await self.requests()
        return (request["method"], request["path"], request["query"], request["body"])

    async def fault(self, text: str | None) -> None:
        await self.control("PUT", "fault", {"fault": text})

    async def control(self, method: str, name: str, body: Any = None) -> Any:
        content = None if body is None else json.dumps(body).encode()
        headers = {"content-type": "application/json"}
        request = HttpRequest(method, f"{ORIGIN}/_sandbox/{name}", headers, content, 10, 1_000_000)
        response = await self._transport.send(request)
        assert response.status == 200, response.body
        return json.loads(response.body)

    async def _told(self, done: float, total: float | None, message: str) -> None:
        self.told.append((done, total, message))


def told(error: Any) -> str:
    """What an error says does not fit, as one text."""
    named = ((problem["argument"], problem["problem"]) for problem in error["problems"])
    return "; ".join(f"{name}: {problem}" if name else problem for name, problem in named)
