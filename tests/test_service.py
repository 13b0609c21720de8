"""What shows only when the rooms are put together: the service of each configuration, called over HTTP."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx2
import orjson
import pytest

from app.sandbox.keys import READ_ONLY_KEY, WORKSPACE_KEY
from app.service import Service, read_settings
from app.settings import SettingsError
from tests.end_to_end.services import pointing_at, sandbox_process

INITIALIZE = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-11-25",
        "capabilities": {},
        "clientInfo": {"name": "test", "version": "1"},
    },
}
HEADERS = {"Accept": "application/json, text/event-stream", "Content-Type": "application/json"}


@asynccontextmanager
async def client_of(**settings: str) -> AsyncIterator[httpx2.AsyncClient]:
    """Build the service of these settings and call it in process, as if it listened on loopback."""
    application, readiness = Service(read_settings(settings)).application()
    readiness.serving()
    transport = httpx2.ASGITransport(application)
    async with (
        application.router.lifespan_context(application),
        httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1", headers=HEADERS) as client,
    ):
        yield client


async def call(
    client: httpx2.AsyncClient, method: str, params: dict[str, object] | None = None, query: str = ""
) -> dict[str, object]:
    answer = await client.post(
        f"/mcp{query}", json={"jsonrpc": "2.0", "id": 2, "method": method, "params": params or {}}
    )
    assert answer.status_code == 200, answer.text
    data = next(line for line in answer.text.splitlines() if line.startswith("data: {"))
    reply: dict[str, object] = orjson.loads(data.removeprefix("data: "))
    return reply


async def tool_names(client: httpx2.AsyncClient) -> set[str]:
    reply = await call(client, "tools/list")
    return {tool["name"] for tool in reply["result"]["tools"]}  # type: ignore[index]


async def test_a_key_that_the_caller_brings_opens_the_sandbox_too() -> None:
    async with client_of(MCP_ALLOW_CALLER_KEY="true") as client:
        everything = await configs(client)
        client.headers["X-Portkey-Api-Key"] = WORKSPACE_KEY
        own = await configs(client)
        client.headers["X-Portkey-Api-Key"] = "no-key-of-the-sandbox"
        refused = await call(client, "tools/call", {"name": "list_configs"})
    assert len(own) < len(everything)
    assert len({config["workspace_id"] for config in own}) == 1
    assert "header x-portkey-api-key" in str(refused)


async def configs(client: httpx2.AsyncClient) -> list[dict[str, str]]:
    reply = await call(client, "tools/call", {"name": "list_configs"})
    found: list[dict[str, str]] = reply["result"]["structuredContent"]["data"]  # type: ignore[index]
    return found


async def test_without_a_key_the_tools_work_on_the_sandbox() -> None:
    async with client_of() as client:
        info = (await client.get("/auth/info")).json()
        reply = await call(client, "tools/call", {"name": "list_configs", "arguments": {}})
    assert info["backend"] == "sandbox"
    assert reply["result"]["structuredContent"]["total"] > 0  # type: ignore[index]


async def test_selected_domains_are_all_there_is() -> None:
    async with client_of(PORTKEY_TOOL_DOMAINS="Configs") as client:
        names = await tool_names(client)
        hidden = await call(client, "tools/call", {"name": "list_workspaces", "arguments": {}})
    assert names == {
        "list_configs",
        "get_config",
        "create_config",
        "update_config",
        "delete_config",
        "list_config_versions",
    }
    assert "error" in hidden


async def test_read_only_leaves_no_tool_that_changes_anything() -> None:
    async with client_of(MCP_READ_ONLY="true") as client:
        names = await tool_names(client)
        refused = await call(client, "tools/call", {"name": "delete_config", "arguments": {"slug": "x"}})
    assert "list_configs" in names
    assert not {name for name in names if name.startswith(("create", "update", "delete", "add", "remove"))}
    assert "error" in refused


async def test_a_sandbox_fault_of_the_settings_reaches_the_caller_as_an_error_with_a_next_step() -> None:
    async with client_of(SANDBOX_FAULT="status=503", PORTKEY_MAX_ATTEMPTS="1") as client:
        reply = await call(client, "tools/call", {"name": "list_configs", "arguments": {}})
    result = reply["result"]
    assert result["isError"]  # type: ignore[index]
    error = result["structuredContent"]["error"]  # type: ignore[index]
    assert error["status"] == 503
    assert error["retryable"]
    assert error["next_step"]


@pytest.mark.parametrize("store", ["memory", "redis"])
async def test_a_stateful_service_gives_sessions_whose_events_have_ids(store: str, redis_url: str) -> None:
    settings = {"MCP_SESSION_MODE": "stateful", "MCP_EVENT_STORE": store, "MCP_REDIS_URL": redis_url}
    async with client_of(**settings) as client:
        opened = await client.post("/mcp", json=INITIALIZE)
        ready = (await client.get("/ready")).json()
        session = {"Mcp-Session-Id": opened.headers["mcp-session-id"], "MCP-Protocol-Version": "2025-11-25"}
        ended = await client.delete("/mcp", headers=session)
        after = await client.post("/mcp", json=INITIALIZE | {"method": "tools/list"}, headers=session)
    assert any(line.startswith("id: ") for line in opened.text.splitlines())
    assert (ready["sessions"], ready["eventStoreMode"]) == (1, store)
    assert (ended.status_code, after.status_code) == (200, 404)


async def test_ready_asks_portkey_when_told_to() -> None:
    async with client_of(MCP_READY_CHECK_MODE="portkey") as client:
        answer = await client.get("/ready")
    assert answer.status_code == 200
    assert answer.json()["portkey"]["status"] == "ok"


@pytest.mark.parametrize(
    ("fault", "reason"), [("status=500", "error"), ("status=401", "refused"), ("drop", "unreachable")]
)
async def test_ready_says_in_a_word_why_portkey_is_not_available(fault: str, reason: str) -> None:
    async with client_of(
        MCP_READY_CHECK_MODE="portkey", SANDBOX_FAULT=fault, PORTKEY_MAX_ATTEMPTS="1"
    ) as client:
        answer = await client.get("/ready")
    assert answer.status_code == 503
    assert reason in answer.text


async def test_a_key_without_the_scope_is_told_which_one_is_missing() -> None:
    with sandbox_process() as sandbox:
        settings = pointing_at(f"http://127.0.0.1:{sandbox.port}/v1", READ_ONLY_KEY)
        async with client_of(**settings) as client:
            reply = await call(client, "tools/call", {"name": "create_workspace", "arguments": {"name": "X"}})
            info = (await client.get("/auth/info")).json()
    error = reply["result"]["structuredContent"]["error"]  # type: ignore[index]
    assert (error["status"], error["code"]) == (403, "AB03")
    assert "workspaces.create" in error["next_step"]
    assert info["backend"] == "portkey"


async def test_without_a_token_a_rebound_name_is_refused_and_the_public_one_is_not() -> None:
    async with client_of(MCP_PUBLIC_BASE_URL="https://mcp.example.com") as client:
        rebound = await client.get("/auth/info", headers={"Host": "evil.example"})
        public = await client.get("/auth/info", headers={"Host": "mcp.example.com"})
    assert (rebound.status_code, public.status_code) == (421, 200)
    assert public.json()["mcpEndpoint"] == "https://mcp.example.com/mcp"


async def test_a_bearer_token_opens_the_endpoint_under_any_name() -> None:
    async with client_of(
        MCP_AUTH_MODE="bearer", MCP_AUTH_TOKEN="first-token-0123456789,second-token-0123456789"
    ) as client:
        closed = await client.post("/mcp", json=INITIALIZE)
        opened = [
            await client.post(
                "/mcp", json=INITIALIZE, headers={"Host": "10.1.2.3:3000", "Authorization": f"Bearer {token}"}
            )
            for token in ("first-token-0123456789", "second-token-0123456789")
        ]
    assert closed.status_code == 401
    assert [answer.status_code for answer in opened] == [200, 200]


def test_a_typo_in_a_domain_stops_the_start_and_names_the_domains() -> None:
    with pytest.raises(SettingsError, match="did you mean 'prompts'"):
        read_settings({"PORTKEY_TOOL_DOMAINS": "promts"})


async def test_a_process_that_cannot_import_the_sdk_is_not_ready_and_answers_what_it_can(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "app.wiring.full", None)
    async with client_of() as client:
        prompts = {"jsonrpc": "2.0", "id": 2, "method": "prompts/list", "params": {}}
        refused = await client.post("/mcp", json=prompts)
        ready = await client.get("/ready")
        client.headers["MCP-Protocol-Version"] = "2025-11-25"
        names = await tool_names(client)
    assert refused.status_code == 503
    assert refused.headers["retry-after"] == "1"
    assert (ready.status_code, ready.json()["reason"]) == (503, "component_failed")
    assert ready.json()["components"]["mcp"] == {
        "status": "failed",
        "reason": "the MCP SDK cannot be loaded",
    }
    assert "list_workspaces" in names
