"""A policy file that is read again reaches every client that listens, on every replica."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.server.subscriptions import ToolsListChanged

from tests.end_to_end import wire
from tests.end_to_end.processes import Running
from tests.end_to_end.services import TOKEN, http_service
from tests.end_to_end.wire import HttpCaller

ALL = 'rules:\n  - {name: all, match: {principals: ["*"]}, grant: {domains: [configs, prompts]}}\n'
LESS = 'rules:\n  - {name: all, match: {principals: ["*"]}, grant: {domains: [configs]}}\n'
PAGES = ["portkey-admin://tools/prompts", "portkey-admin://tools/users"]


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    path = tmp_path / "policy.yaml"
    path.write_text(ALL)
    return path


@pytest.fixture
def two(policy: Path, redis_url: str) -> Iterator[tuple[Running, Running]]:
    settings = {"MCP_POLICY_FILE": str(policy), "MCP_REDIS_URL": redis_url}
    with (
        http_service("stateful", token=TOKEN, settings=settings) as one,
        http_service("stateful", token=TOKEN, settings=settings) as other,
    ):
        yield one, other


def rewrite(policy: Path) -> None:
    """Permit less, in words that are new each time: what says the same is no change."""
    policy.write_text(LESS if policy.read_text() != LESS else LESS.replace("all", "everybody"))


@asynccontextmanager
async def connected(service: Running, mode: Any, **options: Any) -> AsyncIterator[Client]:
    async with (
        asyncio.timeout(30),
        httpx2.AsyncClient(timeout=30, trust_env=False, headers=service.headers) as http,
        Client(streamable_http_client(service.mcp_url, http_client=http), mode=mode, **options) as client,
    ):
        yield client


async def hears_the_others(service: Running) -> None:
    async with httpx2.AsyncClient(trust_env=False) as http, asyncio.timeout(10):
        while True:
            parts = (await http.get(f"{service.url}/ready")).json()["components"]
            if parts["changes"]["status"] == "ok":
                return
            await asyncio.sleep(0.02)  # between two looks; the condition ends the loop


async def test_a_new_policy_is_told_to_listeners_of_both_eras_at_every_replica(
    two: tuple[Running, Running], policy: Path
) -> None:
    changed, other = two
    told = asyncio.Event()

    async def hear(message: Any) -> None:
        if getattr(message, "method", "") == "notifications/tools/list_changed":
            told.set()

    await hears_the_others(other)
    async with (
        connected(changed, "auto") as here,
        connected(other, "auto") as there,
        connected(other, "legacy", message_handler=hear) as session,
        here.listen(tools_list_changed=True) as at_home,
        there.listen(tools_list_changed=True, resource_subscriptions=PAGES) as away,
    ):
        assert away.honored.resource_subscriptions == PAGES[:1]
        assert session.server_capabilities.tools is not None
        assert session.server_capabilities.tools.list_changed
        before = {tool.name for tool in (await here.list_tools()).tools}

        while not told.is_set():
            # The session's own stream opens when its client likes, so it may miss the first time.
            rewrite(policy)
            changed.process.send_signal(signal.SIGHUP)
            await asyncio.sleep(0.2)
        assert await anext(at_home) == ToolsListChanged()
        assert await anext(away) == ToolsListChanged()
        after = {tool.name for tool in (await here.list_tools()).tools}

    assert "list_prompts" in before
    assert "list_prompts" not in after
    assert "list_configs" in after


async def test_a_listener_is_sent_away_in_good_order_when_the_process_stops(policy: Path) -> None:
    loop = asyncio.get_running_loop()
    with http_service(token=TOKEN, settings={"MCP_POLICY_FILE": str(policy)}) as service:
        async with connected(service, "auto") as client, client.listen(tools_list_changed=True) as stream:
            begun = loop.time()
            service.terminate()
            # A stream that breaks off would raise SubscriptionLost.
            with pytest.raises(StopAsyncIteration):
                await anext(stream)
            code = await asyncio.to_thread(service.wait)

    assert code == 0, service.output()
    assert loop.time() - begun < 5


async def test_a_stream_opened_with_get_ends_at_its_greatest_age_and_may_be_opened_again() -> None:
    settings = {"MCP_STREAM_MAX_AGE_SECONDS": "1"}
    with http_service("stateful", token=TOKEN, settings=settings) as service:
        caller = HttpCaller(service.mcp_url, "2025", headers=service.headers)
        async with asyncio.timeout(20), httpx2.AsyncClient(trust_env=False) as http:
            await caller.hello(http)
            for _ in range(2):
                # An answer that breaks off would raise.
                headers = {**caller.headers, "Accept": "text/event-stream"}
                stream = await http.get(service.mcp_url, headers=headers)
                assert stream.status_code == 200, stream.text
            answer = await caller.post(http, wire.tool_call("list_configs", {}, "2025"))
        output = service.output()

    assert wire.answer_of(answer)["result"]["isError"] is False
    assert "Traceback" not in output
