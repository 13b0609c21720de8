from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import TypeAlias

import pytest
from redis.asyncio import Redis

from app.redis_client import connect
from tests.protocol.stand_in import Backend

Connected: TypeAlias = Callable[[str], Redis]


@pytest.fixture
async def backend() -> Backend:
    return Backend()


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
