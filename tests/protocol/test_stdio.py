from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
from mcp import Client, StdioServerParameters
from mcp.client.stdio import stdio_client

ROOT = Path(__file__).parents[2]
PROGRAM = """
import asyncio
from app.protocol.stdio import serve_stdio
from tests.protocol.stand_in import Backend

async def main():
    await serve_stdio(Backend().server())

asyncio.run(main())
"""


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_both_eras_are_served_over_stdio(mode: Any) -> None:
    program = StdioServerParameters(command=sys.executable, args=["-c", PROGRAM], cwd=ROOT)
    async with Client(stdio_client(program), mode=mode) as client:
        tools = (await client.list_tools()).tools
        result = await client.call_tool("list_workspaces", {"name": "x"})
        unexpected = await client.call_tool("delete_workspace", {})
    assert len(tools) == 9
    assert result.structured_content == {"name": "x", "empty": None, "falsy": [0, "", False]}
    assert unexpected.is_error is True
