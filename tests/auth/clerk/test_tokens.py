"""Which tokens open the door, and which do not: each row is one token."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from structlog.testing import capture_logs

from tests.auth.clerk.conftest import MakeVerifier
from tests.auth.clerk.forgeries import NOW, REFUSED, Mint, id_token, publish_unfit_keys
from tests.auth.clerk.stand_in import RSA_KEY, SigningKey, StandIn


@pytest.mark.parametrize("name", REFUSED)
async def test_a_token_that_is_not_good_is_refused(name: str, clerk: StandIn, make: MakeVerifier) -> None:
    publish_unfit_keys(clerk)
    token = REFUSED[name](clerk)
    with capture_logs() as logs:
        assert await make().verify(token) is None
    assert [line["event"] for line in logs if line["event"] == "clerk_refused"]
    assert token not in str(logs)
    assert "user_root" not in str(logs)


ACCEPTED: dict[str, Mint] = {
    "access token": lambda c: c.access_token(),
    "long form of the type": lambda c: c.access_token(header={"typ": "application/at+jwt"}),
    "type in capitals": lambda c: c.access_token(header={"typ": "AT+JWT"}),
    "audience with a slash": lambda c: c.access_token(aud="https://mcp.test/mcp/"),
    "one of several audiences": lambda c: c.access_token(aud=["https://other.test", "https://mcp.test/mcp"]),
    "expired within the leeway": lambda c: c.access_token(exp=int(NOW()) - 2),
    "issued by a clock a little ahead": lambda c: c.access_token(iat=int(NOW()) + 3, nbf=int(NOW()) + 3),
    "fractions of a second": lambda c: c.access_token(iat=NOW(), exp=NOW() + 60.5),
    "no not-before": lambda c: c.access_token(nbf=None),
    "session token with an audience": lambda c: c.session_token(aud="https://mcp.test/mcp"),
    "token of a template": lambda c: c.session_token(aud="https://mcp.test/mcp", sid=None, v=None),
}


@pytest.mark.parametrize("name", ACCEPTED)
async def test_a_good_token_names_its_holder(name: str, clerk: StandIn, make: MakeVerifier) -> None:
    principal = await make().verify(ACCEPTED[name](clerk))
    assert principal is not None
    assert (principal.kind, principal.issuer, principal.subject) == ("clerk", clerk.issuer, "user_ada")
    assert principal.id == f"clerk:{clerk.issuer.removeprefix('http://')}/user_ada"


@pytest.mark.parametrize(
    "key",
    [
        SigningKey("k", "RS384", RSA_KEY),
        SigningKey("k", "PS256", RSA_KEY),
        SigningKey("k", "ES256"),
        SigningKey("k", "ES384", ec.generate_private_key(ec.SECP384R1())),
        SigningKey("k", "EdDSA", ed25519.Ed25519PrivateKey.generate()),
    ],
    ids=lambda key: key.algorithm,
)
async def test_each_asymmetric_algorithm_works(key: SigningKey, clerk: StandIn, make: MakeVerifier) -> None:
    clerk.published = [key.jwk()]
    assert await make().verify(clerk.access_token(key=key)) is not None


AZP_ONLY = {"CLERK_AUDIENCE": "", "CLERK_AUTHORIZED_PARTIES": "https://app.test,client-1"}
AZP_AND_AUDIENCE = {"CLERK_AUTHORIZED_PARTIES": "https://app.test"}


@pytest.mark.parametrize(
    ("settings", "mint", "good"),
    [
        (AZP_ONLY, lambda c: c.session_token(), True),
        (AZP_ONLY, lambda c: c.session_token(azp="https://evil.test"), False),
        (AZP_ONLY, lambda c: c.session_token(azp="https://app.test/"), False),
        (AZP_ONLY, lambda c: c.session_token(azp=None), False),
        (AZP_ONLY, lambda c: c.session_token(azp=["https://app.test"]), False),
        (AZP_ONLY, lambda c: c.session_token(sid=None), False),
        (AZP_ONLY, lambda c: c.session_token(aud="https://other.test"), False),
        (AZP_ONLY, lambda c: c.access_token(aud=None), True),
        (AZP_ONLY, lambda c: c.access_token(aud=None, client_id="client-2"), False),
        (AZP_ONLY, lambda c: c.access_token(aud="https://other.test"), False),
        (AZP_ONLY, lambda c: id_token(c, aud="client-1", azp="client-1"), False),
        (AZP_AND_AUDIENCE, lambda c: c.session_token(), True),
        (AZP_AND_AUDIENCE, lambda c: c.session_token(aud="https://mcp.test/mcp"), True),
        (
            AZP_AND_AUDIENCE,
            lambda c: c.session_token(aud="https://mcp.test/mcp", azp="https://x.test"),
            False,
        ),
        (AZP_AND_AUDIENCE, lambda c: c.access_token(client_id="anybody"), True),
        (AZP_AND_AUDIENCE, lambda c: c.access_token(aud=None), False),
    ],
)
async def test_authorized_parties_stand_in_for_the_audience(
    settings: dict[str, str],
    mint: Mint,
    good: bool,  # noqa: FBT001 - a case
    clerk: StandIn,
    make: MakeVerifier,
) -> None:
    assert (await make(**settings).verify(mint(clerk)) is not None) is good


async def test_the_greatest_age_is_a_setting(clerk: StandIn, make: MakeVerifier) -> None:
    verifier = make(CLERK_MAX_TOKEN_AGE_SECONDS="60")
    assert await verifier.verify(clerk.access_token(iat=int(NOW()) - 30)) is not None
    assert await verifier.verify(clerk.access_token(iat=int(NOW()) - 70)) is None
