"""What one gets from the MCP SDK alone: its low-level server with our tools, and nothing around it.

The same list, the same check of the arguments, the same client to the same backend. No authentication, no
policy, no limits, no log, no sessions but the SDK's own.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import quote

import aiohttp
import orjson
import uvicorn
from mcp.server.lowlevel import Server
from mcp.server.streamable_http_manager import StreamableHTTPASGIApp, StreamableHTTPSessionManager
from mcp_types import (
    CallToolRequestParams,
    CallToolResult,
    ListToolsResult,
    PaginatedRequestParams,
    TextContent,
    Tool,
)
from starlette.applications import Starlette
from starlette.routing import Route

from app.catalog import snapshot
from bench.bare import Arguments


def create_application(backend: str, *, stateless: bool) -> Starlette:
    """Build the application.

    Args:
        backend: base URL of the stand-in for Portkey.
        stateless: whether the 2025 era gets along without sessions.
    """
    forms = snapshot.read()
    tools = [Tool.model_validate(form) for form in forms.values()]
    clients: list[aiohttp.ClientSession] = []

    async def list_tools(_context: object, _params: PaginatedRequestParams | None) -> ListToolsResult:
        return ListToolsResult(tools=tools)

    async def call_tool(_context: object, params: CallToolRequestParams) -> CallToolResult:
        arguments = Arguments.model_validate(params.arguments)
        url = f"{backend}/admin/workspaces/{quote(arguments.workspace_id, safe='')}"
        async with clients[0].get(url) as response:
            data = orjson.loads(await response.read())
        return CallToolResult(
            content=[TextContent(text=orjson.dumps(data).decode())], structured_content=data
        )

    server = Server[Any](
        "plain",
        version="1",
        on_list_tools=list_tools,
        on_call_tool=call_tool,
        # Without it the SDK lists all tools before each call of the 2026 era.
        get_tool_input_schema=lambda _name: None,
    )
    manager = StreamableHTTPSessionManager(server, stateless=stateless)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        headers = {"x-portkey-api-key": "pk-bench", "User-Agent": "plain"}
        connector = aiohttp.TCPConnector(limit=100)
        timeout = aiohttp.ClientTimeout(total=30)
        async with (
            aiohttp.ClientSession(connector=connector, headers=headers, timeout=timeout) as client,
            manager.run(),
        ):
            clients.append(client)
            yield

    return Starlette(routes=[Route("/mcp", StreamableHTTPASGIApp(manager))], lifespan=lifespan)


def main() -> None:
    uvicorn.run(
        create_application(os.environ["BENCH_BACKEND"], stateless=os.environ["BENCH_MODE"] == "stateless"),
        host="127.0.0.1",
        port=int(os.environ["BENCH_PORT"]),
        loop="uvloop",
        http="httptools",
        log_level="warning",
        access_log=False,
    )


if __name__ == "__main__":
    main()
