"""subscriptions/listen, as the official client of MCP 2026-07-28 sees it."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import pytest
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.client.subscriptions import Subscription
from mcp.server.subscriptions import PromptsListChanged, ResourceUpdated, ToolsListChanged
from mcp.shared.exceptions import MCPError
from mcp_types import SubscriptionFilter

from app.auth.policy import Policy
from app.protocol.changes.notices import ChangeNotices
from app.protocol.changes.sessions import SessionNotices
from tests.protocol.stand_in import Backend, HttpHandler, Session, as_caller, serving, until

DOMAINS = ("workspaces", "configs", "prompts")
EVERYTHING: dict[str, Any] = {
    "tools_list_changed": True,
    "prompts_list_changed": True,
    "resources_list_changed": True,
    "resource_subscriptions": [
        "portkey-admin://guide",
        "portkey-admin://tools/prompts",
        "portkey-admin://tools/configs",
        "portkey-admin://tools/nothing",
        "file:///etc/passwd",
    ],
}


def changing(**options: Any) -> ChangeNotices:
    return ChangeNotices(possible=True, domains=DOMAINS, **options)


@asynccontextmanager
async def client_of(
    backend: Backend, notices: ChangeNotices, *, policy: Policy | None = None, **options: Any
) -> AsyncIterator[Client]:
    handler = HttpHandler(backend.server(notices=notices, **options), stateless=True)
    app = as_caller(handler, policy=policy) if policy else None
    async with serving(handler, app) as url, Client(streamable_http_client(url)) as client:
        yield client


async def next_of(stream: Subscription) -> Any:
    async with asyncio.timeout(10):
        return await anext(stream)


async def ends(stream: Subscription) -> None:
    """Wait for an end in good order: a broken stream raises SubscriptionLost."""
    async with asyncio.timeout(10):
        with pytest.raises(StopAsyncIteration):
            await anext(stream)


async def test_a_listener_hears_of_what_it_asked_for_and_of_nothing_else(backend: Backend) -> None:
    notices = changing()
    async with client_of(backend, notices) as client, client.listen(tools_list_changed=True) as stream:
        notices.tools_changed()
        assert await next_of(stream) == ToolsListChanged()
        notices.release()
        await ends(stream)


async def test_a_listener_hears_of_everything_that_changes_with_the_tools(backend: Backend) -> None:
    notices = changing()
    async with client_of(backend, notices) as client, client.listen(**EVERYTHING) as stream:
        notices.tools_changed()
        heard = [await next_of(stream) for _ in range(5)]

    assert heard == [
        ToolsListChanged(),
        PromptsListChanged(),
        ResourceUpdated("portkey-admin://guide"),
        ResourceUpdated("portkey-admin://tools/configs"),
        ResourceUpdated("portkey-admin://tools/prompts"),
    ]


async def test_only_what_exists_for_the_caller_is_promised(backend: Backend) -> None:
    policy = Policy(domains=frozenset({"prompts"}))
    async with (
        client_of(backend, changing(), policy=policy) as client,
        client.listen(**EVERYTHING) as stream,
    ):
        promised = stream.honored

    assert promised == SubscriptionFilter(
        tools_list_changed=True,
        prompts_list_changed=True,
        resource_subscriptions=["portkey-admin://guide", "portkey-admin://tools/prompts"],
    )


async def test_where_nothing_can_change_nothing_is_promised(backend: Backend) -> None:
    async with client_of(backend, ChangeNotices()) as client:
        capabilities = client.server_capabilities
        async with client.listen(**EVERYTHING) as stream:
            promised = stream.honored

    assert promised == SubscriptionFilter()
    assert capabilities.tools is not None
    assert not capabilities.tools.list_changed
    assert capabilities.resources is not None
    assert not capabilities.resources.subscribe


async def test_where_tools_can_change_the_server_says_so(backend: Backend) -> None:
    async with client_of(backend, changing()) as client:
        capabilities = client.server_capabilities

    assert capabilities.tools is not None
    assert capabilities.tools.list_changed
    assert capabilities.prompts is not None
    assert capabilities.prompts.list_changed
    assert capabilities.resources is not None
    assert capabilities.resources.subscribe
    assert not capabilities.resources.list_changed


async def test_a_stream_ends_in_good_order_at_its_greatest_age(backend: Backend) -> None:
    async with (
        client_of(backend, changing(max_age=0.2)) as client,
        client.listen(tools_list_changed=True) as stream,
    ):
        await ends(stream)


async def test_a_stream_that_opens_while_the_process_stops_ends_in_good_order(backend: Backend) -> None:
    notices = changing()
    async with client_of(backend, notices) as client:
        notices.release()
        async with client.listen(tools_list_changed=True) as stream:
            await ends(stream)


async def test_streams_are_bounded_and_one_that_ended_makes_room(backend: Backend) -> None:
    async with client_of(backend, changing(most_streams=1)) as client:
        async with client.listen(tools_list_changed=True):
            with pytest.raises(MCPError, match="1 open streams, its limit"):
                async with client.listen(tools_list_changed=True):
                    pass

        async def room() -> bool:
            try:
                async with client.listen(tools_list_changed=True):
                    return True
            except MCPError:
                return False

        async with asyncio.timeout(10):
            while not await room():  # noqa: ASYNC110 - asked over HTTP
                await asyncio.sleep(0.01)


async def test_two_listeners_both_hear(backend: Backend) -> None:
    notices = changing()
    async with (
        client_of(backend, notices) as client,
        client.listen(tools_list_changed=True) as one,
        client.listen(prompts_list_changed=True) as other,
    ):
        notices.tools_changed()
        assert await next_of(one) == ToolsListChanged()
        assert await next_of(other) == PromptsListChanged()


async def test_over_standard_streams_a_client_can_listen_too(backend: Backend) -> None:
    notices = changing(sessions=True)
    async with (
        Client(backend.server(notices=notices)) as client,
        client.listen(tools_list_changed=True) as stream,
    ):
        notices.tools_changed()
        assert await next_of(stream) == ToolsListChanged()


# Sessions of the 2025 revisions.


class Messages:
    """What a client of 2025 was told."""

    def __init__(self) -> None:
        self.methods: list[str] = []

    async def __call__(self, message: Any) -> None:
        self.methods.append(getattr(message, "method", type(message).__name__))


@asynccontextmanager
async def session_of(
    backend: Backend, notices: ChangeNotices, *, stateless: bool = False
) -> AsyncIterator[tuple[Client, Messages]]:
    handler = HttpHandler(backend.server(notices=notices), stateless=stateless)
    told = Messages()
    async with (
        serving(handler) as url,
        Client(streamable_http_client(url), mode="legacy", message_handler=told) as client,
    ):
        yield client, told


@pytest.mark.usefixtures("way")
async def test_a_session_is_told_on_the_stream_its_client_opened(backend: Backend) -> None:
    notices = changing(sessions=True)
    async with session_of(backend, notices) as (client, told):
        assert client.server_capabilities.tools is not None
        assert client.server_capabilities.tools.list_changed
        assert client.server_capabilities.resources is not None
        assert not client.server_capabilities.resources.subscribe

        await client.list_tools()
        async with asyncio.timeout(10):
            # The client opens its stream when it likes; what was said before that is not heard.
            while len(told.methods) < 2:
                notices.tools_changed()
                await asyncio.sleep(0.05)

    assert set(told.methods) == {"notifications/tools/list_changed", "notifications/prompts/list_changed"}


@pytest.mark.usefixtures("way")
async def test_a_session_whose_stream_is_all_it_asks_for_here_is_told(backend: Backend) -> None:
    notices = changing(sessions=True)
    handler = HttpHandler(backend.server(notices=notices), stateless=False)
    async with serving(handler) as url, httpx2.AsyncClient() as http:
        session = Session(http, url)
        await session.open()
        await handler.sessions.close_all()
        headers = {**session.headers, "Accept": "text/event-stream"}
        async with asyncio.timeout(10), http.stream("GET", url, headers=headers) as stream:
            told = asyncio.ensure_future(anext(stream.aiter_text()))
            while not told.done():
                notices.tools_changed()
                await asyncio.sleep(0.05)
    assert "list_changed" in await told


async def test_without_sessions_a_client_of_2025_is_promised_nothing(backend: Backend) -> None:
    async with session_of(backend, changing(sessions=False), stateless=True) as (client, _):
        capabilities = client.server_capabilities
    assert capabilities.tools is not None
    assert not capabilities.tools.list_changed


@pytest.mark.usefixtures("way")
async def test_a_session_that_ended_is_forgotten(backend: Backend) -> None:
    sessions, server = SessionNotices(changing()), backend.server()
    server.connected = sessions.take_note
    handler = HttpHandler(server, stateless=False)
    async with serving(handler) as url:
        async with Client(streamable_http_client(url), mode="legacy") as client:
            await client.list_tools()
            assert sessions.sessions == 1

        def forgotten() -> bool:
            gc.collect()
            return sessions.sessions == 0

        await until(forgotten)
