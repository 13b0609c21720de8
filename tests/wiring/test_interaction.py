"""/ready tells whether the replicas of a deployment understand each other's requestState."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx2
import pytest

from app.service import Service, read_settings
from app.settings import SettingsError

KEY, OTHER = "a" * 32, "b" * 32


class Replica:
    def __init__(self, **settings: str) -> None:
        self.application, readiness = Service(read_settings(settings)).application()
        readiness.serving()

    async def request_state(self) -> Any:
        transport = httpx2.ASGITransport(self.application)
        async with httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            answer = await client.get("/ready")
        assert answer.status_code == 200
        return answer.json()["components"]["request_state"]


async def becomes(replica: Replica, wanted: object) -> None:
    async with asyncio.timeout(10):
        while await replica.request_state() != wanted:  # noqa: ASYNC110 - asked over HTTP
            await asyncio.sleep(0.05)


async def test_a_single_process_needs_no_keys() -> None:
    replica = Replica()
    async with replica.application.router.lifespan_context(replica.application):
        assert await replica.request_state() == {"status": "ok"}


async def test_with_redis_and_no_keys_the_answer_may_reach_who_cannot_read_it(redis_url: str) -> None:
    replica = Replica(MCP_REDIS_URL=redis_url)
    async with replica.application.router.lifespan_context(replica.application):
        state = await replica.request_state()
    assert state == {"status": "degraded", "reason": "keys of this process only: set MCP_STATE_KEYS"}


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        (f"{KEY},{OTHER}", {"status": "ok"}),
        (OTHER, {"status": "degraded", "reason": "replicas have different keys"}),
    ],
)
async def test_two_replicas_compare_their_keys(redis_url: str, keys: str, expected: object) -> None:
    one = Replica(MCP_REDIS_URL=redis_url, MCP_STATE_KEYS=KEY)
    two = Replica(MCP_REDIS_URL=redis_url, MCP_STATE_KEYS=keys)
    async with one.application.router.lifespan_context(one.application):
        await becomes(one, {"status": "ok"})
        async with two.application.router.lifespan_context(two.application):
            await becomes(two, expected)


def test_a_short_key_is_refused_and_not_shown() -> None:
    with pytest.raises(SettingsError) as refused:
        read_settings({"MCP_STATE_KEYS": f"{KEY},too-short-to-be-one"})
    assert "32 characters or more" in str(refused.value)
    assert "too-short-to-be-one" not in str(refused.value)


def test_who_cannot_be_asked_is_told_of_at_the_start() -> None:
    stateless = read_settings({"MCP_CONFIRM": "destructive"}).warnings
    stateful = read_settings({"MCP_CONFIRM": "destructive", "MCP_SESSION_MODE": "stateful"}).warnings
    assert any("only clients of MCP 2026-07-28 can be asked" in warning for warning in stateless)
    assert not stateful
