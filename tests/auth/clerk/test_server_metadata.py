from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from app.auth.clerk import server_metadata
from app.auth.clerk.fetching import Fetcher
from app.auth.clerk.server_metadata import ServerMetadata, metadata_url
from app.auth.verifier import VerifierUnavailableError
from tests.auth.clerk.stand_in import Mode, StandIn


@pytest.fixture
async def metadata(clerk: StandIn) -> AsyncIterator[ServerMetadata]:
    fetcher = Fetcher(deadline=0.3)
    served = ServerMetadata(clerk.issuer, fetcher)
    yield served
    await served.aclose()
    await fetcher.aclose()


async def test_it_is_passed_on_and_kept(clerk: StandIn, metadata: ServerMetadata) -> None:
    documents = await asyncio.gather(*(metadata.document() for _ in range(20)))
    assert documents[0]["token_endpoint"] == f"{clerk.issuer}/oauth/token"
    assert clerk.requests["metadata"] == 1


@pytest.mark.parametrize("mode", ["down", "hang", "garbage", "huge", "redirect", "list"])
async def test_an_issuer_that_fails_has_none(mode: Mode, clerk: StandIn, metadata: ServerMetadata) -> None:
    clerk.mode = mode
    for _ in range(3):
        with pytest.raises(VerifierUnavailableError):
            await metadata.document()
    assert clerk.requests["metadata"] == 1


async def test_it_is_served_on_while_the_issuer_is_away(
    clerk: StandIn, metadata: ServerMetadata, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = await metadata.document()
    assert await metadata.document() is before
    monkeypatch.setattr(server_metadata, "_FRESH_FOR", 0.0)
    metadata._fetch._cool_down = 0.0
    clerk.mode = "down"
    assert await metadata.document() == before
    assert clerk.requests["metadata"] == 2


async def test_a_document_of_another_issuer_is_not_passed_on(clerk: StandIn) -> None:
    fetcher = Fetcher()
    served = ServerMetadata(clerk.issuer.replace("127.0.0.1", "localhost"), fetcher)
    with pytest.raises(VerifierUnavailableError, match="another issuer"):
        await served.document()
    await fetcher.aclose()


@pytest.mark.parametrize(
    ("issuer", "url"),
    [
        ("https://clerk.test", "https://clerk.test/.well-known/oauth-authorization-server"),
        ("https://clerk.test/", "https://clerk.test/.well-known/oauth-authorization-server"),
        ("https://clerk.test:8443/a", "https://clerk.test:8443/.well-known/oauth-authorization-server/a"),
    ],
)
def test_where_an_issuer_keeps_it(issuer: str, url: str) -> None:
    assert metadata_url(issuer) == url
