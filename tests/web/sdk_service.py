"""A service around the real MCP SDK with one tool, `wait`, that answers when a file appears.

Run as `python -m tests.web.sdk_service FOLDER`: writes the port to FOLDER/port, "started" for each call to
FOLDER/calls, and answers the calls once FOLDER/go exists.
"""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import mcp_types as types
from mcp.server.lowlevel import Server
from mcp.server.streamable_http_manager import StreamableHTTPASGIApp, StreamableHTTPSessionManager
from mcp.server.subscriptions import InMemorySubscriptionBus, ListenHandler
from starlette.applications import Starlette

from app.auth.bearer import BearerVerifier
from app.web.application import create_application
from app.web.options import WebOptions
from app.web.readiness import Readiness
from app.web.server import end_sse_streams, serve
from tests.web.support import until

TOKENS = ("alice", "bob")


def application(folder: Path, readiness: Readiness) -> tuple[Starlette, ListenHandler]:
    async def list_tools(*_: Any) -> types.ListToolsResult:
        return types.ListToolsResult(tools=[types.Tool(name="wait", input_schema={"type": "object"})])

    async def call_tool(*_: Any) -> types.CallToolResult:
        with (folder / "calls").open("a") as calls:
            calls.write("started\n")
        await until((folder / "go").exists)
        return types.CallToolResult(content=[types.TextContent(text="done")])

    listen = ListenHandler(InMemorySubscriptionBus())
    server: Server[Any] = Server(
        "wait", on_list_tools=list_tools, on_call_tool=call_tool, on_subscriptions_listen=listen
    )
    manager = StreamableHTTPSessionManager(server)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with manager.run():
            yield

    options = WebOptions(
        version="1",
        base_url="http://127.0.0.1",
        auth_mode="bearer",
        verifier=BearerVerifier(TOKENS),
        session_mode="stateful",
    )
    app = create_application(
        mcp=StreamableHTTPASGIApp(manager), options=options, readiness=readiness, lifespan=lifespan
    )
    return app, listen


def main(folder: Path) -> int:
    readiness = Readiness()
    app, listen = application(folder, readiness)

    def started(port: int) -> None:
        (folder / "port.new").write_text(str(port))
        (folder / "port.new").rename(folder / "port")

    def end_streams() -> None:
        listen.close()
        end_sse_streams()

    return serve(
        app, host="127.0.0.1", port=0, readiness=readiness, on_started=started, end_streams=end_streams
    )


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
