from __future__ import annotations

import asyncio
import threading
from dataclasses import dataclass, field

import pytest

from app.portkey.late import LateTransport
from app.portkey.transport import (
    ConnectFailed,
    DeadlineExceeded,
    HttpRequest,
    HttpResponse,
    Transport,
)
from tests.protocol.stand_in import until


def request(timeout: float = 20.0) -> HttpRequest:
    return HttpRequest("GET", "https://portkey.example/v1/x", {}, None, timeout, 1000)


@dataclass
class Fake:
    """A transport whose import takes as long as a test wants."""

    go_on: threading.Event = field(default_factory=threading.Event)
    timeouts: list[float] = field(default_factory=list)
    loads: int = 0
    closed: bool = False

    def load(self) -> Transport:
        self.loads += 1
        assert threading.current_thread() is not threading.main_thread()
        assert self.go_on.wait(20)
        return self

    async def send(self, request: HttpRequest) -> HttpResponse:
        self.timeouts.append(request.timeout)
        return HttpResponse(200, {}, b"{}")

    async def aclose(self) -> None:
        self.closed = True


async def test_requests_wait_for_the_import_and_the_loop_goes_on() -> None:
    fake = Fake()
    late = LateTransport(fake.load)
    sending = [asyncio.create_task(late.send(request())) for _ in range(3)]
    await until(lambda: fake.loads == 1)
    assert not any(task.done() for task in sending)
    fake.go_on.set()
    assert [answer.status for answer in await asyncio.gather(*sending)] == [200, 200, 200]
    # What was waited counts.
    assert all(timeout < 20.0 for timeout in fake.timeouts)
    await late.send(request())
    assert fake.loads == 1
    assert fake.timeouts[-1] == 20.0
    await late.aclose()
    assert fake.closed


async def test_a_wait_beyond_the_timeout_sent_nothing() -> None:
    fake = Fake()
    with pytest.raises(DeadlineExceeded) as caught:
        await LateTransport(fake.load).send(request(0.02))
    fake.go_on.set()
    assert not caught.value.sent


async def test_an_import_that_fails_is_logged_sent_nothing_and_is_tried_again(
    capsys: pytest.CaptureFixture[str],
) -> None:
    fake = Fake()
    fake.go_on.set()
    broken = True

    def load() -> Transport:
        if broken:
            raise ImportError("no such library")
        return fake.load()

    late = LateTransport(load)
    with pytest.raises(ConnectFailed, match="cannot be loaded") as caught:
        await late.send(request())
    assert not caught.value.sent
    assert "no such library" in capsys.readouterr().out
    broken = False
    assert (await late.send(request())).status == 200


async def test_a_closed_transport_sends_nothing() -> None:
    fake = Fake()
    fake.go_on.set()
    late = LateTransport(fake.load)
    await late.aclose()
    with pytest.raises(ConnectFailed, match="closed"):
        await late.send(request())
