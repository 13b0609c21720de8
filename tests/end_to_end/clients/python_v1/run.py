"""Run the journey with the 1.x line of the Python client: a plan on stdin, a report on stdout, both JSON.

It runs in a virtual environment of its own, where nothing but that client is installed.
"""

from __future__ import annotations

import json
import re
import sys
from typing import Any

import anyio
from mcp import ClientSession, StdioServerParameters, stdio_client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared._httpx_utils import create_mcp_http_client


async def main() -> None:
    plan = json.load(sys.stdin)
    if "url" in plan:
        async with (
            create_mcp_http_client(headers=plan["headers"]) as http,
            streamable_http_client(plan["url"], http_client=http) as streams,
        ):
            report = await travel(streams, plan)
    else:
        server = StdioServerParameters(
            command=plan["command"][0], args=plan["command"][1:], env=plan["env"], cwd=plan["cwd"]
        )
        async with stdio_client(server) as streams:
            report = await travel(streams, plan)
    json.dump(report, sys.stdout)


async def travel(streams: tuple[Any, ...], plan: dict[str, Any]) -> dict[str, Any]:
    async with ClientSession(streams[0], streams[1]) as session:
        hello = dumped(await session.initialize())
        tools = dumped(await session.list_tools())["tools"]
        kept = dict(plan["kept"])
        answers = []
        for step in plan["steps"]:
            answer = dumped(await session.call_tool(step["tool"], filled(step["arguments"], kept)))
            answers.append(
                {
                    "tool": step["tool"],
                    "is_error": answer.get("isError", False),
                    "data": answer["structuredContent"],
                    "text": answer["content"][0]["text"],
                }
            )
            for name, field in step.get("keep", {}).items():
                kept[name] = answer["structuredContent"][field]
    return {
        "server": hello["serverInfo"]["name"],
        "protocol": hello["protocolVersion"],
        "tools": [tool["name"] for tool in tools],
        "answers": answers,
    }


def dumped(result: Any) -> dict[str, Any]:
    dump: dict[str, Any] = result.model_dump(by_alias=True, mode="json", exclude_none=True)
    return dump


def filled(value: Any, kept: dict[str, str]) -> Any:
    """The value with each $name replaced by what an earlier answer gave."""
    if isinstance(value, dict):
        return {name: filled(item, kept) for name, item in value.items()}
    if isinstance(value, str):
        return re.sub(r"\$(\w+)", lambda found: kept[found[1]], value)
    return value


anyio.run(main)
