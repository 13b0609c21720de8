from __future__ import annotations

import asyncio

import pytest

from app.web.upstream_check import ProbeFailedError, UpstreamCheck
from tests.web.support import until


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


class Portkey:
    """A probe whose answers a test decides."""

    def __init__(self) -> None:
        self.asked = 0
        self.fails = False
        self.answer = asyncio.Event()
        self.answer.set()

    async def __call__(self) -> None:
        self.asked += 1
        await self.answer.wait()
        if self.fails:
            raise ProbeFailedError("refused")


async def test_a_success_is_remembered_for_ten_seconds() -> None:
    clock, portkey = Clock(), Portkey()
    check = UpstreamCheck(portkey, clock=clock)
    assert (await check.verdict()).cached is False
    clock.now = 9.9
    assert (await check.verdict()).cached is True
    clock.now = 10.0
    assert (await check.verdict()).cached is False
    assert portkey.asked == 2


async def test_a_failure_is_remembered_for_one_second() -> None:
    clock, portkey = Clock(), Portkey()
    portkey.fails = True
    check = UpstreamCheck(portkey, clock=clock)
    assert (await check.verdict()).reason == "refused"
    clock.now = 0.9
    assert (await check.verdict()).reason == "refused"
    portkey.fails = False
    clock.now = 1.0
    assert (await check.verdict()).reason is None
    assert portkey.asked == 2


async def test_questions_at_the_same_time_share_one_probe() -> None:
    portkey = Portkey()
    portkey.answer.clear()
    check = UpstreamCheck(portkey)
    questions = [asyncio.create_task(check.verdict()) for _ in range(50)]
    await until(lambda: portkey.asked)
    portkey.answer.set()
    verdicts = await asyncio.gather(*questions)
    assert portkey.asked == 1
    assert {verdict.reason for verdict in verdicts} == {None}


async def test_a_caller_that_goes_away_does_not_take_the_probe_from_the_others() -> None:
    portkey = Portkey()
    portkey.answer.clear()
    check = UpstreamCheck(portkey)
    leaver, stayer = asyncio.create_task(check.verdict()), asyncio.create_task(check.verdict())
    await until(lambda: portkey.asked)
    leaver.cancel()
    portkey.answer.set()
    assert (await stayer).reason is None
    with pytest.raises(asyncio.CancelledError):
        await leaver


async def test_a_probe_has_a_deadline() -> None:
    portkey = Portkey()
    portkey.answer.clear()
    check = UpstreamCheck(portkey, deadline=0.01)
    assert (await asyncio.wait_for(check.verdict(), 5)).reason == "timeout"


async def test_closing_without_a_probe_under_way_does_nothing() -> None:
    portkey = Portkey()
    check = UpstreamCheck(portkey)
    await check.aclose()
    await check.verdict()
    await check.aclose()
    assert portkey.asked == 1
