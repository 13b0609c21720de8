from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from app.protocol.late import Handler, LateHandler
from tests.protocol.short.exchange import ask, posted
from tests.protocol.stand_in import until

REQUEST = posted("prompts/list")


@dataclass
class Slow:
    """A handler whose import takes as long as a test wants."""

    go_on: threading.Event = field(default_factory=threading.Event)
    importing: threading.Event = field(default_factory=threading.Event)
    flaw: Exception | None = None
    open: bool = False
    built: int = 0

    def load(self) -> Callable[[], Handler]:
        self.importing.set()
        assert self.go_on.wait(20)
        if self.flaw is not None:
            raise self.flaw
        return self._build

    def _build(self) -> Handler:
        # What it builds belongs to the event loop.
        asyncio.get_running_loop()
        self.built += 1
        return self

    @asynccontextmanager
    async def run(self) -> AsyncIterator[None]:
        self.open = True
        yield
        self.open = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await PlainTextResponse("served" if self.open else "closed")(scope, receive, send)


@pytest.fixture
def slow() -> Slow:
    return Slow()


async def test_a_request_waits_for_the_import_and_the_loop_goes_on(slow: Slow) -> None:
    late = LateHandler(slow.load, after=60)
    async with late.run():
        assert not slow.importing.is_set()
        request = asyncio.create_task(ask(late, REQUEST))
        await until(slow.importing.is_set)
        assert not request.done()
        assert late.state().status == "ok"
        slow.go_on.set()
        assert (await request).body == b"served"
        assert (await ask(late, REQUEST)).body == b"served"
    assert slow.built == 1
    assert not slow.open


async def test_it_is_loaded_though_nobody_asks(slow: Slow) -> None:
    slow.go_on.set()
    async with LateHandler(slow.load, after=0.01).run():
        await until(lambda: slow.open)


async def test_an_import_that_fails_is_told_logged_and_tried_again(
    slow: Slow, capsys: pytest.CaptureFixture[str]
) -> None:
    slow.flaw = ImportError("no such module")
    slow.go_on.set()
    late = LateHandler(slow.load, retry=0.05)
    async with late.run():
        refused = await ask(late, REQUEST)
        assert refused.status == 503
        assert refused.headers[b"retry-after"] == b"1"
        assert b"Try again soon" in refused.body
        assert late.state().status == "failed"
        slow.flaw = None
        await until(lambda: slow.open)
        assert (await ask(late, REQUEST)).body == b"served"
        assert late.state().status == "ok"
    logged = capsys.readouterr().out
    assert "mcp_not_loaded" in logged
    assert "no such module" in logged


async def test_nobody_waits_for_ever(slow: Slow) -> None:
    late = LateHandler(slow.load, patience=0.05)
    async with late.run():
        assert (await ask(late, REQUEST)).status == 503
        slow.go_on.set()


async def test_a_stop_amid_the_import_is_clean(slow: Slow) -> None:
    late = LateHandler(slow.load, after=0)

    async def serve() -> None:
        async with late.run():
            await until(slow.importing.is_set)

    serving = asyncio.create_task(serve())
    await until(slow.importing.is_set)
    slow.go_on.set()
    await serving
    assert not slow.open


async def test_who_waits_while_the_process_stops_is_told(slow: Slow) -> None:
    late = LateHandler(slow.load, after=60)
    async with late.run():
        request = asyncio.create_task(ask(late, REQUEST))
        await until(slow.importing.is_set)
        asyncio.get_running_loop().call_later(0.05, slow.go_on.set)
    assert (await request).status in {200, 503}
