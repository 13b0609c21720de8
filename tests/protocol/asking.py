"""A service that asks before a call that destroys, people who answer, and clients that go step by step."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, cast

import httpx2
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from mcp_types import CallToolResult, ElicitRequestFormParams, ElicitResult, InputRequiredResult

from app.auth.policy import ALLOW_ALL
from app.auth.principal import STDIO
from app.catalog.inputs import Inputs, optional, required
from app.catalog.snapshot import wire_form
from app.catalog.tool import Risk, Tool, Workflow
from app.catalog.toolbox import Toolbox
from app.protocol.auditing import CallAudit
from app.protocol.confirmation import Confirmation
from app.protocol.confirmation_once import MemoryOnce, Once
from app.protocol.core import build_core
from app.protocol.server import build_server
from app.protocol.state_keys import StateKeys
from tests.protocol.stand_in import Backend, HttpHandler, serving

KEYS = StateKeys.of(["k" * 32])
ARGUMENTS = {"name": "Finance", "api_key": "sk-live-0123456789abcdef"}


class Removal(Inputs):
    name: str = required("Name of the thing.")
    api_key: str | None = optional("A secret.")
    note: str | None = optional("A note.")
    dry_run: bool | None = optional("Change nothing.")


def toolbox(backend: Backend) -> Toolbox:
    remove = Tool(
        name="remove_thing",
        domain="things",
        summary="Remove a thing; what uses it fails.",
        risk=Risk.DESTRUCTIVE,
        call=Workflow(backend.remove, calls=("DELETE /things/{name}",)),
        preview=backend.preview,
        inputs=Removal,
        idempotent=False,
    )
    rename = Tool(
        name="rename_thing",
        domain="things",
        summary="Rename a thing.",
        risk=Risk.WRITE,
        call=Workflow(backend.remove),
        inputs=Removal,
        idempotent=False,
    )
    tools = [remove, rename]
    return Toolbox(tools, {tool.name: wire_form(tool) for tool in tools}, cast("Any", None), None)


class Replica:
    """One process of a service: a server with keys, and how it asks."""

    def __init__(
        self,
        backend: Backend,
        *,
        once: Once | None = None,
        keys: StateKeys = KEYS,
        timeout: float = 20,
        stateless: bool = False,
        audit: CallAudit | None = None,
        **limits: Any,
    ) -> None:
        self.confirmation = Confirmation(timeout=timeout, once=once or MemoryOnce(), **limits)
        core = build_core(
            toolbox(backend),
            version="1",
            default_principal=STDIO,
            default_policy=ALLOW_ALL,
            sandbox=True,
            asks=True,
            audit=audit,
        )
        self.server = build_server(core, confirmation=self.confirmation, state_keys=keys, state_ttl=timeout)
        self.handler = HttpHandler(self.server, stateless=stateless)

    @asynccontextmanager
    async def client(self, mode: Any, **options: Any) -> AsyncIterator[Client]:
        async with (
            serving(self.handler) as url,
            Client(streamable_http_client(url), mode=mode, **options) as client,
        ):
            yield client


class Person:
    """Answers questions, and remembers them."""

    def __init__(self, action: Any = "accept", content: dict[str, Any] | None = None) -> None:
        self.asked: list[str] = []
        self.answer = ElicitResult(action=action, content=content)

    async def __call__(self, context: Any, params: Any) -> ElicitResult:  # noqa: ARG002 - as the SDK names it
        assert isinstance(params, ElicitRequestFormParams)
        self.asked.append(params.message)
        return self.answer


def yes() -> Person:
    return Person("accept", {"confirm": True})


Call = Callable[..., Awaitable[CallToolResult | InputRequiredResult]]


@asynccontextmanager
async def stepwise(replica: Replica, caller: str = "alice") -> AsyncIterator[Call]:
    """A client of MCP 2026-07-28 that does each step by itself, in the name of a caller."""
    async with (
        serving(replica.handler) as url,
        httpx2.AsyncClient(headers={"X-Caller": caller}, trust_env=False) as http,
        Client(
            streamable_http_client(url, http_client=http), elicitation_callback=yes(), mode="auto"
        ) as client,
    ):

        async def call(name: str = "Finance", **more: Any) -> CallToolResult | InputRequiredResult:
            result: CallToolResult | InputRequiredResult = await client.session.call_tool(
                "remove_thing", {"name": name}, allow_input_required=True, **more
            )
            return result

        yield call


def answered(question: Any, action: Any = "accept") -> dict[str, Any]:
    """What goes with the second call."""
    assert isinstance(question, InputRequiredResult), question
    (key,) = question.input_requests or {}
    answer = ElicitResult(action=action, content={"confirm": True} if action == "accept" else None)
    return {"request_state": question.request_state, "input_responses": {key: answer}}


def error_of(result: Any) -> dict[str, Any]:
    assert isinstance(result, CallToolResult)
    assert result.is_error
    assert result.structured_content is not None
    error: dict[str, Any] = result.structured_content["error"]
    return error
