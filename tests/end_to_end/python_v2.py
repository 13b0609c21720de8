"""The journey with the Python client that the service's own SDK brings, in both its modes."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from typing import Literal

import httpx2
from mcp.client.client import Client
from mcp.client.stdio import StdioServerParameters
from mcp.client.streamable_http import streamable_http_client
from mcp_types import TextContent

from tests.end_to_end.journey import JOURNEY_WITHIN, STEPS, Answer, OverHttp, Report, Target, filled

Mode = Literal["auto", "legacy"]


async def travel(target: Target, label: str, mode: Mode) -> Report:
    async with asyncio.timeout(JOURNEY_WITHIN), AsyncExitStack() as stack:
        client = await stack.enter_async_context(await connected(target, mode, stack))
        tools = await client.list_tools()
        answers: list[Answer] = []
        kept = {"label": label}
        for step in STEPS:
            answer = await call(client, step["tool"], filled(step["arguments"], kept))
            answers.append(answer)
            kept |= {name: answer.data[field] for name, field in step.get("keep", {}).items()}
        assert client.server_info
        return Report(
            server=client.server_info.name,
            protocol=client.protocol_version,
            tools=[tool.name for tool in tools.tools],
            answers=answers,
        )


async def connected(target: Target, mode: Mode, stack: AsyncExitStack) -> Client:
    if isinstance(target, OverHttp):
        http = await stack.enter_async_context(
            httpx2.AsyncClient(headers=dict(target.headers), timeout=JOURNEY_WITHIN, trust_env=False)
        )
        return Client(streamable_http_client(target.url, http_client=http), mode=mode)
    command, *arguments = target.command
    server = StdioServerParameters(command=command, args=arguments, env=dict(target.env), cwd=target.cwd)
    return Client(server, mode=mode)


async def call(client: Client, tool: str, arguments: dict[str, object]) -> Answer:
    result = await client.call_tool(tool, arguments)
    text = result.content[0]
    assert isinstance(text, TextContent)
    assert isinstance(result.structured_content, dict)
    return Answer(tool, bool(result.is_error), result.structured_content, text.text)
