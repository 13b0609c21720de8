"""The issuer's keys while they rotate, while it is away, and while many ask at once."""

from __future__ import annotations

import asyncio
import itertools
import random
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Literal

import pytest
from jwt.algorithms import RSAAlgorithm

from app.auth.clerk.admission import Admission
from app.auth.clerk.fetching import Fetcher
from app.auth.clerk.jwks import Jwks
from app.auth.clerk.tokens import TokenRules
from app.auth.clerk.verifier import ClerkVerifier
from app.auth.verifier import VerifierUnavailableError
from app.telemetry.component import OK
from tests.auth.clerk.stand_in import RSA_KEY, Mode, SigningKey, StandIn
from tests.web.support import until

Outcome = Literal["accepted", "refused", "unavailable"]
COOL_DOWN = 0.05
DEADLINE = 0.5


@asynccontextmanager
async def keys_of(
    clerk: StandIn,
    *,
    refresh_every: float = 300.0,
    keep_for: float = 86_400.0,
    cool_down: float = COOL_DOWN,
) -> AsyncIterator[Jwks]:
    fetcher = Fetcher(deadline=DEADLINE)
    jwks = Jwks(
        f"{clerk.issuer}/.well-known/jwks.json",
        fetcher,
        refresh_every=refresh_every,
        keep_for=keep_for,
        cool_down=cool_down,
    )
    try:
        yield jwks
    finally:
        await jwks.aclose()
        await fetcher.aclose()


def verifier_of(clerk: StandIn, jwks: Jwks) -> ClerkVerifier:
    rules = TokenRules.of(issuer=clerk.issuer, audiences=["https://mcp.test/mcp"], parties=[], max_age=86_400)
    return ClerkVerifier(rules, jwks, Admission())


async def outcome_of(verifier: ClerkVerifier, token: str) -> Outcome:
    try:
        return "refused" if await verifier.verify(token) is None else "accepted"
    except VerifierUnavailableError:
        return "unavailable"


async def test_many_first_requests_share_one_fetch(clerk: StandIn) -> None:
    clerk.jwks_delay = 0.1
    async with keys_of(clerk) as jwks:
        verifier = verifier_of(clerk, jwks)
        tokens = [clerk.access_token() for _ in range(100)]
        outcomes = await asyncio.gather(*(outcome_of(verifier, token) for token in tokens))
    assert Counter(outcomes) == {"accepted": 100}
    assert clerk.requests["jwks"] == 1


async def test_a_key_published_a_moment_ago_is_found_while_others_look_in_vain(clerk: StandIn) -> None:
    async with keys_of(clerk, cool_down=0.2) as jwks:
        verifier = verifier_of(clerk, jwks)
        forged = clerk.access_token(header={"kid": "nobody's"})
        assert await outcome_of(verifier, forged) == "refused"
        clerk.rotate("key-2")
        assert await outcome_of(verifier, clerk.access_token()) == "accepted"
    assert clerk.requests["jwks"] == 2


async def test_forged_key_ids_do_not_make_us_hammer_the_issuer(clerk: StandIn) -> None:
    async with keys_of(clerk, cool_down=0.3) as jwks:
        verifier = verifier_of(clerk, jwks)
        forged = [clerk.access_token(header={"kid": f"forged-{number}"}) for number in range(200)]
        outcomes = await asyncio.gather(*(outcome_of(verifier, token) for token in forged))
        again = await asyncio.gather(*(outcome_of(verifier, token) for token in forged))
    assert Counter(outcomes) == {"refused": 200}
    assert Counter(again) == {"refused": 200}
    assert clerk.requests["jwks"] <= 2


async def test_no_more_than_so_many_wait_for_the_issuer(clerk: StandIn) -> None:
    clerk.mode = "hang"
    async with keys_of(clerk) as jwks:
        asked = [jwks.key(f"forged-{number}") for number in range(300)]
        answers = await asyncio.gather(*asked, return_exceptions=True)
    assert all(isinstance(answer, VerifierUnavailableError) for answer in answers)
    assert sum("too many" in str(answer) for answer in answers) == 44


FAULTS: tuple[Mode, ...] = ("down", "hang", "drop", "garbage", "list", "empty", "huge", "redirect")


@pytest.mark.parametrize("mode", FAULTS)
async def test_without_a_cached_key_an_issuer_that_fails_makes_it_undecided(
    mode: Mode, clerk: StandIn
) -> None:
    clerk.mode = mode
    async with keys_of(clerk) as jwks:
        verifier = verifier_of(clerk, jwks)
        async with asyncio.timeout(DEADLINE + 2):
            assert await outcome_of(verifier, clerk.access_token()) == "unavailable"
            assert await outcome_of(verifier, "no token at all") == "refused"


@pytest.mark.parametrize("mode", FAULTS)
async def test_with_a_cached_key_an_issuer_that_fails_does_not_matter(mode: Mode, clerk: StandIn) -> None:
    async with keys_of(clerk) as jwks:
        verifier = verifier_of(clerk, jwks)
        assert await outcome_of(verifier, clerk.access_token()) == "accepted"
        clerk.mode = mode
        assert await outcome_of(verifier, clerk.access_token()) == "accepted"
        forged = clerk.access_token(key=SigningKey("key-1"))
        assert await outcome_of(verifier, forged) == "refused"
        assert await outcome_of(verifier, clerk.access_token(header={"kid": "new"})) == "unavailable"
        clerk.mode = "up"
        await asyncio.sleep(COOL_DOWN)
        clerk.rotate("new")
        assert await outcome_of(verifier, clerk.access_token()) == "accepted"


async def test_an_issuer_that_cannot_be_connected_to_makes_it_undecided(unused_issuer: str) -> None:
    clerk = StandIn(issuer=unused_issuer)
    async with keys_of(clerk) as jwks:
        assert await outcome_of(verifier_of(clerk, jwks), clerk.access_token()) == "unavailable"


@pytest.fixture
def unused_issuer() -> str:
    return "http://127.0.0.1:9"


async def test_entries_that_cannot_be_used_are_passed_over(clerk: StandIn) -> None:
    good = clerk.published[0]
    private = RSAAlgorithm.to_jwk(RSA_KEY, as_dict=True) | {"kid": "private", "alg": "RS256"}
    clerk.published = [
        "no object",  # type: ignore[list-item]
        {"kid": "no type"},
        good | {"kid": 7},
        good | {"kid": ""},
        good | {"kid": "unknown algorithm", "alg": "XX256"},
        good | {"kid": "unknown type", "kty": "XX"},
        good | {"kid": "broken", "n": "!"},
        good | {"kid": "encryption", "use": "enc"},
        good | {"kid": "encryption algorithm", "alg": "RSA-OAEP"},
        {"kty": "oct", "k": "c2VjcmV0", "kid": "symmetric"},
        private,
        good,
    ]
    async with keys_of(clerk) as jwks:
        assert await jwks.key("key-1") is not None
        for entry in clerk.published[1:-1]:
            assert await jwks.key(str(entry["kid"])) is None


async def test_a_withdrawn_key_takes_its_tokens_with_it(clerk: StandIn) -> None:
    async with keys_of(clerk) as jwks:
        verifier = verifier_of(clerk, jwks)
        stolen = clerk.access_token()
        assert await outcome_of(verifier, stolen) == "accepted"
        clerk.rotate("key-2", keep=0)
        assert await outcome_of(verifier, clerk.access_token()) == "accepted"
        assert await outcome_of(verifier, stolen) == "refused"


async def test_a_key_replaced_under_its_id_takes_its_tokens_with_it(clerk: StandIn) -> None:
    async with keys_of(clerk) as jwks:
        verifier = verifier_of(clerk, jwks)
        before = clerk.access_token()
        assert await outcome_of(verifier, before) == "accepted"
        clerk.rotate("key-1", keep=0)
        await outcome_of(verifier, clerk.access_token(header={"kid": "makes it look"}))
        assert await outcome_of(verifier, before) == "refused"
        assert await outcome_of(verifier, clerk.access_token()) == "accepted"


async def test_keys_are_refreshed_in_the_background_and_only_while_it_runs(clerk: StandIn) -> None:
    async with keys_of(clerk, refresh_every=0.02, cool_down=0.001) as jwks:
        async with verifier_of(clerk, jwks).run():
            await until(lambda: clerk.requests["jwks"] >= 2)
            clerk.mode = "down"
            failed = clerk.requests["jwks"]
            await until(lambda: clerk.requests["jwks"] >= failed + 2)
            clerk.mode = "up"
            clerk.rotate("key-2")
            fetched = clerk.requests["jwks"]
            await until(lambda: clerk.requests["jwks"] >= fetched + 2)
            assert await jwks.key("key-2") is not None
        await jwks.aclose()
        ours = [task for task in asyncio.all_tasks() if "Jwks" in repr(task) or "SharedFetch" in repr(task)]
        assert not ours


async def test_without_a_background_keys_are_refreshed_when_they_are_used(clerk: StandIn) -> None:
    async with keys_of(clerk, refresh_every=0.0, cool_down=0.0) as jwks:
        assert await jwks.key("key-1") is not None
        clerk.rotate("key-2", keep=0)
        assert await jwks.key("key-1") is None


async def test_keys_of_an_issuer_that_stays_away_are_given_up(clerk: StandIn) -> None:
    async with keys_of(clerk, keep_for=0.0, cool_down=0.0) as jwks:
        verifier = verifier_of(clerk, jwks)
        token = clerk.access_token()
        assert await outcome_of(verifier, token) == "accepted"
        clerk.mode = "down"
        assert await outcome_of(verifier, clerk.access_token(header={"kid": "other"})) == "unavailable"
        assert await outcome_of(verifier, token) == "unavailable"


async def test_a_caller_who_leaves_does_not_take_the_fetch_from_the_others(clerk: StandIn) -> None:
    clerk.jwks_delay = 0.2
    async with keys_of(clerk) as jwks:
        leaves = asyncio.create_task(jwks.key("key-1"))
        stays = asyncio.create_task(jwks.key("key-1"))
        await until(lambda: clerk.requests["jwks"] == 1)
        leaves.cancel()
        assert await stays is not None
    assert clerk.requests["jwks"] == 1


async def test_a_fetch_under_way_ends_with_its_owner(clerk: StandIn) -> None:
    clerk.mode = "hang"
    async with keys_of(clerk) as jwks:
        waiting = asyncio.create_task(jwks.key("key-1"))
        await until(lambda: clerk.requests["jwks"] == 1)
        await jwks.aclose()
        with pytest.raises(asyncio.CancelledError):
            await waiting


async def test_rotation_and_outage_under_load_refuse_nothing_valid_and_accept_nothing_forged(
    clerk: StandIn,
) -> None:
    """32 callers at once; meanwhile the issuer rotates its keys and fails in every way."""
    chance = random.Random(7)  # noqa: S311 - to repeat it
    wrong: list[tuple[str, Outcome]] = []
    seen: Counter[tuple[str, Outcome]] = Counter()
    forger = SigningKey("key-1")
    in_use = [clerk.signing]
    running = True
    key_ids = (f"rotated-{number}" for number in itertools.count())

    def valid() -> str:
        return clerk.access_token(key=chance.choice(in_use[-2:]))

    def forged() -> str:
        victim = chance.choice(in_use).key_id
        mints: list[Callable[[], str]] = [
            lambda: clerk.access_token(key=forger, header={"kid": victim}),
            lambda: clerk.access_token(key=forger, header={"kid": f"made-up-{chance.random()}"}),
            lambda: clerk.access_token(exp=1),
            lambda: clerk.access_token(aud="https://other.test"),
        ]
        return chance.choice(mints)()

    async def call(verifier: ClerkVerifier) -> None:
        while running:
            kind: str
            mint: Callable[[], str]
            kind, mint = chance.choice([("valid", valid), ("valid", valid), ("forged", forged)])
            outcome = await outcome_of(verifier, mint())
            seen[kind, outcome] += 1
            if (kind == "valid" and outcome == "refused") or (kind == "forged" and outcome == "accepted"):
                wrong.append((kind, outcome))
            await asyncio.sleep(0)

    async def fifty_more() -> None:
        enough = seen["valid", "accepted"] + 50
        await until(lambda: seen["valid", "accepted"] >= enough)

    async with keys_of(clerk, refresh_every=0.2, cool_down=0.02) as jwks:
        verifier = verifier_of(clerk, jwks)
        async with verifier.run():
            calls = [asyncio.create_task(call(verifier)) for _ in range(32)]
            for mode in ("down", "drop", "hang", "garbage"):
                for _ in range(3):
                    in_use.append(clerk.rotate(next(key_ids), keep=2))
                    await fifty_more()
                clerk.mode = mode
                await fifty_more()
                # A key that nobody has seen yet, of an issuer that cannot be asked: undecided, not refused.
                assert (
                    await outcome_of(verifier, clerk.access_token(key=SigningKey("unseen"))) == "unavailable"
                )
                clerk.released.set()
                clerk.released = asyncio.Event()
                clerk.mode = "up"
            running = False
            await asyncio.gather(*calls)
    assert wrong == []
    assert seen["valid", "accepted"] > 500
    assert seen["forged", "refused"] > 100


async def test_ready_tells_whether_tokens_can_be_checked(clerk: StandIn) -> None:
    clerk.mode = "down"
    async with keys_of(clerk, cool_down=0.0) as jwks:
        assert jwks.state().status == "degraded"
        with pytest.raises(VerifierUnavailableError):
            await jwks.key("key-1")
        assert jwks.state().status == "failed"
        clerk.mode = "up"
        assert await jwks.key("key-1") is not None
        assert jwks.state() == OK
        clerk.mode = "down"
        with pytest.raises(VerifierUnavailableError):
            await jwks.key("key-2")
        assert jwks.state().status == "degraded"
        assert await jwks.key("key-1") is not None
