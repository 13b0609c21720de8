"""Streams cut anywhere and resumed at another replica: the rest comes once, in order, to its owner alone.

RESUME_STREAMS says how many streams are cut; `make resume` cuts 1,000.
"""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import httpx2
import pytest
from mcp.server.context import ServerRequestContext
from mcp_types import CallToolRequestParams, CallToolResult, TextContent

from app.protocol.events.redis import RedisEventLog
from app.protocol.sealing import AesSealing
from app.protocol.sessions.redis import RedisSessionStore
from app.protocol.sessions.redis_bus import RedisBus
from app.redis_client import connect
from tests.protocol.stand_in import Backend, HttpHandler, Session, events, serving

STREAMS = int(os.environ.get("RESUME_STREAMS", "60"))
AT_ONCE = 8


def counting_server() -> Any:
    """Each call of a tool `count-n` sends n notifications, then its result."""
    server = Backend().server()

    async def count(ctx: ServerRequestContext[Any, Any], params: CallToolRequestParams) -> CallToolResult:
        steps = int(params.name.partition("-")[2])
        for step in range(steps):
            await ctx.session.report_progress(step, None, None)
            await asyncio.sleep(random.random() / 100)  # noqa: S311 - so that cuts fall anywhere
        return CallToolResult(content=[TextContent(text=f"counted to {steps}")])

    server.add_request_handler("tools/call", CallToolRequestParams, count)
    return server


def replica(url: str, *, stateless: bool) -> HttpHandler:
    bus = RedisBus(connect(url))
    sealing = AesSealing([b"k" * 32])
    log = RedisEventLog(connect(url), blocking=connect(url), sealing=sealing)
    store = (
        None
        if stateless
        else RedisSessionStore(
            connect(url), bus=bus, sealing=sealing, max_sessions=10**6, max_per_account=10**6
        )
    )
    return HttpHandler(counting_server(), stateless=stateless, sessions=store, event_log=log, bus=bus)


@dataclass
class Cut:
    """One stream, cut twice, and what its client got of it."""

    number: int
    ids: list[str] = field(default_factory=list)
    messages: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        chance = random.Random(self.number)  # noqa: S311 - a seed makes it repeatable
        self.steps = chance.randint(1, 8)
        # The first event says that the stream begins, the last one is the result.
        self.cuts = sorted(chance.sample(range(1, self.steps + 2), k=min(2, self.steps + 1)))
        self.caller = chance.choice(("alice", "bob"))

    async def read(self, answer: httpx2.Response, until: int | None) -> None:
        assert answer.status_code == 200, (await answer.aread(), self)
        text = ""
        async for piece in answer.aiter_text():
            text += piece
            whole, _, _ = text.replace("\r\n", "\n").rpartition("\n\n")
            if until is not None and len(self.ids) + len(events(whole)) >= until:
                text = whole + "\n\n"
                break
        for event_id, message in events(text):
            if until is None or len(self.ids) < until:
                self.ids.append(event_id)
                self.messages += [message] if message else []

    def check(self) -> None:
        assert len(self.ids) == len(set(self.ids)) == self.steps + 2
        progress = [message["params"]["progress"] for message in self.messages[:-1]]
        assert progress == list(range(self.steps))
        assert self.messages[-1]["result"]["content"][0]["text"] == f"counted to {self.steps}"


async def cut_and_resume(cut: Cut, urls: list[str], http: httpx2.AsyncClient, *, stateless: bool) -> None:
    session = Session(http, urls[cut.number % 2], cut.caller)
    other = Session(http, urls[0], cut.caller)
    foreign = Session(http, urls[1], "mallory")
    if not stateless:
        for one in (session, other, foreign):
            await one.open()
    async with session.stream(f"count-{cut.steps}", {}, request_id=cut.number) as answer:
        await cut.read(answer, cut.cuts[0])
    for turn, until in enumerate([*cut.cuts[1:], None], 1):
        url = urls[(cut.number + turn) % 2]
        headers = {**session.headers, "Accept": "text/event-stream", "Last-Event-ID": cut.ids[-1]}
        async with http.stream("GET", url, headers=headers) as answer:
            await cut.read(answer, until)
    cut.check()
    for event_id in (cut.ids[0], cut.ids[-1]):
        for thief in (foreign,) if stateless else (foreign, other):
            headers = {**thief.headers, "Accept": "text/event-stream", "Last-Event-ID": event_id}
            refused = await http.get(thief.url, headers=headers)
            assert refused.status_code == 400
            assert "counted" not in refused.text


@pytest.fixture
async def http() -> AsyncIterator[httpx2.AsyncClient]:
    async with httpx2.AsyncClient(timeout=60) as client:
        yield client


@pytest.mark.parametrize("mode", ["stateful", "stateless"])
async def test_each_client_gets_what_it_missed_once_and_in_order(
    redis_url: str, http: httpx2.AsyncClient, mode: str
) -> None:
    stateless = mode == "stateless"
    handlers = [replica(redis_url, stateless=stateless) for _ in range(2)]
    turnstile = asyncio.Semaphore(AT_ONCE)

    async def one(number: int, urls: list[str]) -> None:
        async with turnstile:
            await cut_and_resume(Cut(number), urls, http, stateless=stateless)

    async with serving(handlers[0]) as here, serving(handlers[1]) as there, asyncio.TaskGroup() as tasks:
        for number in range(STREAMS // 2):
            tasks.create_task(one(number, [here, there]))
