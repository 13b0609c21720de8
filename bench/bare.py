"""The same work without MCP: what a Starlette application needs to relay these calls to Portkey.

It reads the same JSON, validates the same arguments with pydantic, asks the same backend through the same
HTTP client, and answers with the same members. No sessions, no negotiation, no checks of any kind.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import quote

import aiohttp
import orjson
import uvicorn
from pydantic import BaseModel, ConfigDict, Field
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route


class Arguments(BaseModel):
    """The arguments of the one tool."""

    model_config = ConfigDict(extra="forbid")

    workspace_id: str = Field(min_length=1)


def create_application(backend: str, listing: bytes) -> Starlette:
    """Build the application.

    Args:
        backend: base URL of the stand-in for Portkey.
        listing: the answer to tools/list, as stored bytes.
    """
    clients: list[aiohttp.ClientSession] = []

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        headers = {"x-portkey-api-key": "pk-bench", "User-Agent": "bare"}
        connector = aiohttp.TCPConnector(limit=100)
        timeout = aiohttp.ClientTimeout(total=30)
        async with aiohttp.ClientSession(connector=connector, headers=headers, timeout=timeout) as client:
            clients.append(client)
            yield

    async def answer(request: Request) -> Response:
        message = orjson.loads(await request.body())
        method = message["method"]
        if method == "tools/call":
            arguments = Arguments.model_validate(message["params"]["arguments"])
            url = f"{backend}/admin/workspaces/{quote(arguments.workspace_id, safe='')}"
            async with clients[0].get(url) as response:
                data = orjson.loads(await response.read())
            content = [{"type": "text", "text": orjson.dumps(data).decode()}]
            return _json(message["id"], {"content": content, "structuredContent": data, "isError": False})
        if method == "tools/list":
            return Response(listing, media_type="application/json")
        server = {"name": "bare", "version": "1"}
        return _json(
            message["id"], {"protocolVersion": "2025-11-25", "capabilities": {}, "serverInfo": server}
        )

    return Starlette(routes=[Route("/mcp", answer, methods=["POST"])], lifespan=lifespan)


def _json(request_id: int, result: object) -> Response:
    return Response(
        orjson.dumps({"jsonrpc": "2.0", "id": request_id, "result": result}), media_type="application/json"
    )


def main() -> None:
    application = create_application(
        os.environ["BENCH_BACKEND"], Path(os.environ["BENCH_LISTING"]).read_bytes()
    )
    uvicorn.run(
        application,
        host="127.0.0.1",
        port=int(os.environ["BENCH_PORT"]),
        loop="uvloop",
        http="httptools",
        log_level="warning",
        access_log=False,
    )


if __name__ == "__main__":
    main()
