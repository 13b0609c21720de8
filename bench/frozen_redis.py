"""`python -m bench.frozen_redis [seconds]`: how calls fare while Redis stands still.

Clients call in sessions, without a pause, before, during and after a SIGSTOP.
"""

from __future__ import annotations

import asyncio
import os
import signal
import statistics
import sys
import tempfile
import time
from pathlib import Path

import httpx2

from bench import accounts
from bench.processes import free_port, module
from tests.support.own_redis import OwnRedis, redis_program

CLIENTS = 20
DEADLINE = 1.0
"""Seconds for Redis; set for events too, so that one figure bounds all calls."""
HEADERS = {"Accept": "application/json, text/event-stream", "MCP-Protocol-Version": "2025-11-25"}


async def main(seconds: float) -> int:
    """Print a line for each phase."""
    with tempfile.TemporaryDirectory() as folder:
        redis = OwnRedis(redis_program(), free_port(), Path(folder))
        redis.start()
        while not redis.answers():
            time.sleep(0.05)  # noqa: ASYNC251 - nothing else runs yet
        port = free_port()
        settings = {
            "MCP_PORT": str(port),
            "MCP_SESSION_MODE": "stateful",
            "MCP_EVENT_STORE": "redis",
            "MCP_REDIS_URL": redis.url,
            "MCP_EVENT_STORE_COMMAND_TIMEOUT_MS": str(round(DEADLINE * 1000)),
            "RATE_LIMIT_ENABLED": "false",
            "LOG_LEVEL": "error",
        }
        service = await asyncio.create_subprocess_exec(
            *module("app", "http"), env={**os.environ, **settings}, stderr=asyncio.subprocess.DEVNULL
        )
        try:
            return await measure(f"http://127.0.0.1:{port}", service.pid, redis, seconds)
        finally:
            redis.signal(signal.SIGCONT)
            service.terminate()
            await service.wait()
            redis.kill()


async def measure(base: str, pid: int, redis: OwnRedis, seconds: float) -> int:
    calls: list[tuple[float, float, bool, bool]] = []
    stop = asyncio.Event()
    async with httpx2.AsyncClient(base_url=base, headers=HEADERS, timeout=60, trust_env=False) as http:
        for _ in range(200):
            try:
                if (await http.get("/health")).status_code == 200:  # noqa: PLR2004
                    break
            except httpx2.TransportError:
                await asyncio.sleep(0.1)
        workers = [asyncio.create_task(work(http, calls, stop)) for _ in range(CLIENTS)]
        await asyncio.sleep(5)
        before = resident(pid)
        redis.signal(signal.SIGSTOP)
        frozen = time.monotonic()
        await asyncio.sleep(seconds)
        during = resident(pid)
        redis.signal(signal.SIGCONT)
        thawed = time.monotonic()
        await asyncio.sleep(5)
        after = resident(pid)
        stop.set()
        await asyncio.gather(*workers)
    phases = {
        "before": [one for one in calls if one[0] < frozen - 1],
        "frozen": [one for one in calls if frozen <= one[0] < thawed],
        "after": [one for one in calls if one[0] >= thawed + 2],
    }
    for name, found in phases.items():
        took = [one[1] for one in found]
        lost = sum(not one[2] for one in found)
        p99 = statistics.quantiles(took, n=100)[98]
        resumable = sum(one[3] for one in found)
        print(
            f"{name:7} {len(found):6} calls  p50 {statistics.median(took) * 1000:6.1f} ms"
            f"  p99 {p99 * 1000:7.1f} ms  worst {max(took) * 1000:7.1f} ms"
            f"  failed {lost}  resumable {resumable}"
        )
    recovery = min(one[0] + one[1] for one in calls if one[0] >= thawed and one[3]) - thawed
    print(f"recovered {recovery:.2f} s after SIGCONT; memory {before:.0f}, {during:.0f}, {after:.0f} MiB")
    return 0


async def work(
    http: httpx2.AsyncClient, calls: list[tuple[float, float, bool, bool]], stop: asyncio.Event
) -> None:
    """Call in a session until told to stop; note when, how long, whether it succeeded, and had event ids."""
    params = {
        "protocolVersion": "2025-11-25",
        "capabilities": {},
        "clientInfo": {"name": "bench", "version": "0"},
    }
    opened = await http.post(
        "/mcp", json={"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": params}
    )
    headers = {"Mcp-Session-Id": opened.headers["mcp-session-id"]}
    number = 0
    while not stop.is_set():
        number += 1
        call = {"name": "list_workspaces", "arguments": {"page_size": 1}}
        body = {"jsonrpc": "2.0", "id": number, "method": "tools/call", "params": call}
        began = time.monotonic()
        try:
            answer = await http.post("/mcp", json=body, headers=headers)
        except httpx2.TransportError:
            calls.append((began, time.monotonic() - began, False, False))
            continue
        fine = answer.status_code == 200 and '"isError":false' in answer.text  # noqa: PLR2004
        ids = sum(line.startswith("id: ") and len(line.strip()) > 4 for line in answer.text.splitlines())  # noqa: PLR2004
        calls.append((began, time.monotonic() - began, fine, ids == 2))  # noqa: PLR2004
        await asyncio.sleep(0.02)


def resident(pid: int) -> float:
    """The memory of a process in MiB."""
    return (accounts.resident(pid) or 0) / 2**20


if __name__ == "__main__":
    sys.exit(asyncio.run(main(float(sys.argv[1]) if len(sys.argv) > 1 else 30.0)))
