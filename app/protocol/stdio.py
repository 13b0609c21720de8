"""MCP over the process's own streams, for one client: the one that started the process."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mcp.server.stdio import stdio_server

if TYPE_CHECKING:
    from mcp.server.lowlevel import Server


async def serve_stdio(server: Server[Any]) -> None:
    """Serve both eras until the client closes its end.

    Meanwhile whatever else writes to stdout, a library or a child process, reaches stderr instead.
    """
    async with stdio_server() as (incoming, outgoing):
        await server.run(incoming, outgoing, server.create_initialization_options())
