"""A running stand-in for Clerk, and verifiers of its tokens."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack
from typing import TypeAlias

import pytest

from app.auth.clerk.sign_in import ClerkSignIn
from app.auth.clerk.verifier import ClerkVerifier
from app.settings import load_settings
from tests.auth.clerk.stand_in import StandIn, running_clerk

MakeVerifier: TypeAlias = Callable[..., ClerkVerifier]


@pytest.fixture(scope="module")
async def server() -> AsyncIterator[StandIn]:
    async with running_clerk() as running:
        yield running


@pytest.fixture
def clerk(server: StandIn) -> Iterator[StandIn]:
    """The stand-in, as new."""
    server.reset()
    yield server
    server.released.set()


@pytest.fixture
async def make(clerk: StandIn) -> AsyncIterator[MakeVerifier]:
    """Make verifiers of the stand-in's tokens from CLERK_* settings; without any background work."""
    stack = AsyncExitStack()

    def make(**settings: str) -> ClerkVerifier:
        given = {
            "MCP_AUTH_MODE": "clerk",
            "CLERK_ISSUER": clerk.issuer,
            "CLERK_AUDIENCE": "https://mcp.test/mcp",
            "CLERK_API_URL": clerk.issuer,
        }
        sign_in = ClerkSignIn(load_settings(given | settings))
        stack.push_async_callback(sign_in.aclose)
        return sign_in.verifier

    yield make
    await stack.aclose()
