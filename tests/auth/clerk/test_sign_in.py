from __future__ import annotations

import asyncio

from app.auth.clerk.sign_in import ClerkSignIn
from app.settings import load_settings
from tests.auth.clerk.stand_in import StandIn
from tests.web.support import until


def sign_in_of(clerk: StandIn, **settings: str) -> ClerkSignIn:
    given = {
        "MCP_AUTH_MODE": "clerk",
        "CLERK_ISSUER": clerk.issuer,
        "CLERK_AUDIENCE": "https://mcp.test/mcp",
        "CLERK_SECRET_KEY": "sk_test_unused",
    }
    return ClerkSignIn(load_settings(given | settings))


async def test_keys_are_there_before_the_first_request_and_nothing_runs_on(clerk: StandIn) -> None:
    sign_in = sign_in_of(clerk)
    async with sign_in.run():
        await until(lambda: clerk.requests["jwks"] == 1)
        assert await sign_in.verifier.verify(clerk.access_token()) is not None
        assert (await sign_in.server_metadata.document())["issuer"] == clerk.issuer
        assert clerk.requests["jwks"] == 1
    assert not [task for task in asyncio.all_tasks() if "Jwks" in repr(task) or "SharedFetch" in repr(task)]


async def test_the_keys_may_be_elsewhere(clerk: StandIn) -> None:
    sign_in = sign_in_of(clerk, CLERK_JWKS_URL=f"{clerk.issuer}/nowhere")
    clerk.published = []
    async with sign_in.run():
        assert await sign_in.verifier.verify("nonsense") is None
    assert clerk.requests["jwks"] == 0


async def test_it_can_end_before_it_has_begun(clerk: StandIn) -> None:
    clerk.mode = "hang"
    async with asyncio.timeout(5), sign_in_of(clerk).run():
        pass
