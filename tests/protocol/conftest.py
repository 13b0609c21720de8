from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import TypeAlias

import pytest
from redis.asyncio import Redis

from app.redis_client import connect
from tests.protocol import stand_in
from tests.protocol.stand_in import Backend

Connected: TypeAlias = Callable[[str], Redis]


@pytest.fixture
async def backend() -> Backend:
    return Backend()


@pytest.fixture(params=["short path", "sdk"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Has a test run twice: with the short path in front of what it serves, and without."""
    if request.param == "short path":
        monkeypatch.setattr(stand_in, "in_front", stand_in.with_short_path)


@pytest.fixture
async def connected() -> AsyncIterator[Connected]:
    """Makes Redis clients that are closed after the test."""
    clients: list[Redis] = []

    def make(url: str) -> Redis:
        clients.append(connect(url))
        return clients[-1]

    yield make
    for client in clients:
        await client.aclose()
