"""`portkey-admin-mcp stdio` as a bare process: what is on its streams, and how it ends."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.end_to_end import wire
from tests.end_to_end.processes import ROOT, command, environment

WITHIN = 30.0


@asynccontextmanager
async def stdio_process(**settings: str) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        *command("stdio"),
        cwd=ROOT,
        env=environment(settings),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        limit=8 * 1024 * 1024,
    )
    try:
        async with asyncio.timeout(WITHIN):
            yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


def lines(*messages: wire.Message) -> bytes:
    return b"".join(json.dumps(message).encode() + b"\n" for message in messages)


async def test_stdout_carries_mcp_alone_and_the_log_goes_to_stderr() -> None:
    async with stdio_process(LOG_LEVEL="debug", LOG_FORMAT="json") as process:
        assert process.stdin
        assert process.stdout
        talk = lines(
            wire.initialize(),
            {"jsonrpc": "2.0", "method": "notifications/initialized"},
            {"jsonrpc": "2.0", "id": 1, "method": "tools/list"},
            wire.tool_call("list_workspaces", {}, "2025", request_id=2),
            wire.tool_call("get_workspace", {"workspace_id": ".."}, "2025", request_id=3),
            {"jsonrpc": "2.0", "id": 4, "method": "no/such/method"},
        )
        process.stdin.write(talk + b"this is not JSON\n")
        expected = {0, 1, 2, 3, 4}
        seen = []
        while expected:
            seen.append(await process.stdout.readline())
            expected.discard(json.loads(seen[-1]).get("id"))
        rest, errors = await process.communicate(b"")
        assert process.returncode == 0, errors.decode()
    messages = [json.loads(line) for line in (*seen, *rest.splitlines())]
    assert all(message["jsonrpc"] == "2.0" for message in messages)
    assert errors.strip()
    assert all(isinstance(json.loads(line), dict) for line in errors.splitlines()), errors.decode()


async def test_it_ends_when_its_client_closes_the_stream() -> None:
    async with stdio_process() as process:
        output, errors = await process.communicate(b"")
        assert process.returncode == 0, errors.decode()
        assert output == b""
        assert b"Traceback" not in errors
