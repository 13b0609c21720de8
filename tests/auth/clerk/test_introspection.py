"""Opaque tokens, which only Clerk's Backend API can read."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest
from structlog.testing import capture_logs

from app.auth.clerk import introspection
from app.auth.verifier import VerifierUnavailableError
from tests.auth.clerk.conftest import MakeVerifier
from tests.auth.clerk.stand_in import SECRET_KEY, StandIn
from tests.web.support import until

TOKEN = "oat_Abc123"
SETTINGS = {"CLERK_SECRET_KEY": SECRET_KEY}
PARTIES = SETTINGS | {"CLERK_AUTHORIZED_PARTIES": "client-1"}


async def test_a_valid_token_names_its_holder_and_scopes(clerk: StandIn, make: MakeVerifier) -> None:
    verifier = make(**SETTINGS)
    principal = await verifier.verify(clerk.grant_opaque(TOKEN))
    same = await verifier.verify(clerk.access_token())
    assert principal
    assert same
    assert principal.id == same.id
    assert principal.scopes == {"profile", "portkey:read"}


async def test_a_valid_token_is_asked_about_once_for_many_requests(
    clerk: StandIn, make: MakeVerifier
) -> None:
    verifier = make(**SETTINGS)
    clerk.grant_opaque(TOKEN)
    principals = await asyncio.gather(*(verifier.verify(TOKEN) for _ in range(50)))
    assert len(set(principals)) == 1
    assert await verifier.verify(TOKEN) == principals[0]
    assert clerk.requests["introspection"] == 1


async def test_a_revoked_token_is_noticed_soon(
    clerk: StandIn, make: MakeVerifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    verifier = make(**SETTINGS)
    assert await verifier.verify(clerk.grant_opaque(TOKEN)) is not None
    clerk.grant_opaque(TOKEN, revoked=True)
    later = time.time() + introspection._ACCEPTED_FOR + 1
    monkeypatch.setattr(time, "time", lambda: later)
    assert await verifier.verify(TOKEN) is None


@pytest.mark.parametrize(
    "record",
    [
        {"revoked": True},
        {"expired": True},
        {"revoked": None},
        {"expired": "false"},
        {"subject": ""},
        {"subject": None},
        {"subject": "a\nb"},
        {"expiration": 1},
        {"expiration": 1_700_000_000_000},
        {"aud": "https://other.test/mcp"},
        {"aud": ["https://other.test/mcp"]},
        {"aud": 7},
    ],
)
async def test_what_clerk_does_not_vouch_for_is_refused(
    record: dict[str, Any], clerk: StandIn, make: MakeVerifier
) -> None:
    assert await make(**SETTINGS).verify(clerk.grant_opaque(TOKEN, **record)) is None


@pytest.mark.parametrize(
    "record",
    [
        {"expiration": time.time() + 600},
        {"expiration": (time.time() + 600) * 1000},
        {"expiration": True},
        {"aud": "https://mcp.test/mcp/"},
        {"aud": ["https://mcp.test/mcp"]},
    ],
)
async def test_what_clerk_vouches_for_is_accepted(
    record: dict[str, Any], clerk: StandIn, make: MakeVerifier
) -> None:
    assert await make(**SETTINGS).verify(clerk.grant_opaque(TOKEN, **record)) is not None


@pytest.mark.parametrize(
    ("client", "good"), [("client-1", True), ("client-2", False), (None, False), (["x"], False)]
)
async def test_authorized_parties_name_the_clients(
    client: object,
    good: bool,  # noqa: FBT001 - a case
    clerk: StandIn,
    make: MakeVerifier,
) -> None:
    principal = await make(**PARTIES).verify(clerk.grant_opaque(TOKEN, client_id=client))
    assert (principal is not None) is good


async def test_a_token_that_clerk_does_not_know_is_asked_about_once(
    clerk: StandIn, make: MakeVerifier
) -> None:
    verifier = make(**SETTINGS)
    assert [await verifier.verify("oat_unknown") for _ in range(5)] == [None] * 5
    assert clerk.requests["introspection"] == 1


@pytest.mark.parametrize(
    "token", ["oat_", "oat_a/../b", "oat_ä", "oat_" + "a" * 300, "mt_abc", "ak_abc", "OAT_abc"]
)
async def test_clerk_is_not_asked_about_what_is_no_opaque_token(
    token: str, clerk: StandIn, make: MakeVerifier
) -> None:
    assert await make(**SETTINGS).verify(token) is None
    assert clerk.requests["introspection"] == 0


@pytest.mark.parametrize("status", [401, 403, 429, 500, 503])
async def test_trouble_between_us_and_clerk_makes_it_undecided(
    status: int, clerk: StandIn, make: MakeVerifier
) -> None:
    verifier = make(**SETTINGS)
    clerk.grant_opaque(TOKEN)
    clerk.introspection_status = status
    with pytest.raises(VerifierUnavailableError):
        await verifier.verify(TOKEN)
    clerk.introspection_status = 200
    assert await verifier.verify(TOKEN) is not None


async def test_an_answer_that_makes_no_sense_makes_it_undecided(clerk: StandIn, make: MakeVerifier) -> None:
    clerk.grant_opaque(TOKEN)
    clerk.mode = "garbage"
    with pytest.raises(VerifierUnavailableError):
        await make(**SETTINGS).verify(TOKEN)


async def test_only_so_many_tokens_are_asked_about_at_once_and_all_end_with_their_owner(
    clerk: StandIn, make: MakeVerifier
) -> None:
    verifier = make(**SETTINGS)
    clerk.mode = "hang"
    asked = [asyncio.create_task(verifier.verify(clerk.grant_opaque(f"oat_{n}"))) for n in range(40)]
    await until(lambda: sum(task.done() for task in asked) == 40 - introspection._MOST_AT_ONCE)
    await verifier.aclose()
    outcomes = await asyncio.gather(*asked, return_exceptions=True)
    assert {type(outcome) for outcome in outcomes} == {VerifierUnavailableError, asyncio.CancelledError}


async def test_only_so_many_refusals_are_remembered(
    clerk: StandIn, make: MakeVerifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(introspection, "_MOST_REFUSED", 1)
    verifier = make(**SETTINGS)
    for token in ("oat_1", "oat_2", "oat_1"):
        assert await verifier.verify(token) is None
    assert clerk.requests["introspection"] == 3


async def test_neither_token_nor_secret_key_is_logged(clerk: StandIn, make: MakeVerifier) -> None:
    clerk.introspection_status = 500
    with capture_logs() as logs, pytest.raises(VerifierUnavailableError) as caught:
        await make(**SETTINGS).verify(TOKEN)
    assert TOKEN not in f"{logs}{caught.value}"
    assert SECRET_KEY not in f"{logs}{caught.value}"
