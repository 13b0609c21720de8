"""Which tokens open the door, and which do not: each row is one token."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from structlog.testing import capture_logs

from tests.auth.clerk.conftest import MakeVerifier
from tests.auth.clerk.stand_in import RSA_KEY, SigningKey, StandIn

Mint = Callable[[StandIn], str]
ATTACKER = SigningKey("key-1", "RS256", rsa.generate_private_key(public_exponent=65537, key_size=2048))
WEAK = SigningKey("weak", "RS256", rsa.generate_private_key(public_exponent=65537, key_size=1024))  # noqa: S505 - meant to be refused
NOW = time.time
HUGE_NUMBER = b'{"a":' + b"9" * 5000 + b"}"


def b64(data: bytes | dict[str, Any]) -> str:
    raw = data if isinstance(data, bytes) else json.dumps(data).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def public_pem() -> bytes:
    return RSA_KEY.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def hmac_token(clerk: StandIn, secret: bytes, **header: Any) -> str:
    signed = f"{b64({'alg': 'HS256', 'kid': 'key-1', 'typ': 'at+jwt', **header})}.{b64(clerk.claims())}"
    return f"{signed}.{b64(hmac.digest(secret, signed.encode(), hashlib.sha256))}"


def unsigned(clerk: StandIn, algorithm: str) -> str:
    return f"{b64({'alg': algorithm, 'kid': 'key-1', 'typ': 'at+jwt'})}.{b64(clerk.claims())}."


def with_claims_of_another(clerk: StandIn) -> str:
    head, _, signature = clerk.access_token().split(".")
    return f"{head}.{b64(clerk.claims(sub='user_root'))}.{signature}"


def with_signature_of_another(clerk: StandIn) -> str:
    head, claims, _ = clerk.access_token().split(".")
    return f"{head}.{claims}.{clerk.access_token(sub='user_bob').split('.')[2]}"


def signed_raw(clerk: StandIn, claims: bytes, **header: Any) -> str:
    head = {"kid": "key-1", "typ": "at+jwt"} | header
    return jwt.PyJWS().encode(claims, clerk.signing.private, algorithm="RS256", headers=head)


def signed_by_hand(claims: dict[str, Any], key: SigningKey, **header: Any) -> str:
    """What the library would not sign."""
    signed = f"{b64({'alg': 'RS256', 'kid': key.key_id, 'typ': 'at+jwt'} | header)}.{b64(claims)}"
    return f"{signed}.{b64(key.private.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256()))}"


def with_embedded_key(clerk: StandIn) -> str:
    return clerk.access_token(key=ATTACKER, header={"kid": "mine", "jwk": ATTACKER.jwk()})


def id_token(clerk: StandIn, **changes: Any) -> str:
    session = {"azp": None, "sid": None, "v": None, "aud": "https://mcp.test/mcp"}
    return clerk.session_token(**(session | changes))


REFUSED: dict[str, Mint] = {
    # what is no JWT
    "nothing like a token": lambda _: "hello",
    "three dots": lambda _: "...",
    "two parts": lambda c: c.access_token().rsplit(".", 1)[0],
    "four parts": lambda c: f"{c.access_token()}.x",
    "five parts, as if encrypted": lambda c: f"{c.access_token()}.x.y",
    "header that is no JSON": lambda c: f"{b64(b'not json')}.{b64(c.claims())}.AA",
    "header that is a list": lambda c: f"{b64(b'[]')}.{b64(c.claims())}.AA",
    "header nested deep": lambda c: f"{b64(b'[' * 3000)}.{b64(c.claims())}.AA",
    "header with a huge number": lambda c: f"{b64(HUGE_NUMBER)}.{b64(c.claims())}.AA",
    "padding in the middle": lambda c: c.access_token().replace(".", "=.", 1),
    "a letter beyond ASCII": lambda c: f"{c.access_token()}é",
    "opaque token without a secret key": lambda _: "oat_abc",
    # algorithm
    "alg none": lambda c: unsigned(c, "none"),
    "alg None": lambda c: unsigned(c, "None"),
    "alg empty": lambda c: unsigned(c, ""),
    "alg missing": lambda c: f"{b64({'kid': 'key-1', 'typ': 'at+jwt'})}.{b64(c.claims())}.AA",
    "alg is a list": lambda c: f"{b64({'alg': ['RS256'], 'kid': 'key-1'})}.{b64(c.claims())}.AA",
    "HS256 with the public key as the secret": lambda c: hmac_token(c, public_pem()),
    "HS256 with the JWK as the secret": lambda c: hmac_token(c, json.dumps(c.published[0]).encode()),
    "HS256 with an empty secret": lambda c: hmac_token(c, b""),
    "HS256 that calls itself RS256": lambda c: hmac_token(c, public_pem(), alg="RS256"),
    "PS256 by the RS256 key": lambda c: c.access_token(key=SigningKey("key-1", "PS256", RSA_KEY)),
    "RS512 by the RS256 key": lambda c: c.access_token(key=SigningKey("key-1", "RS512", RSA_KEY)),
    "ES256 under the RSA key's id": lambda c: c.access_token(key=SigningKey("key-1")),
    "ES256K": lambda c: f"{b64({'alg': 'ES256K', 'kid': 'key-1', 'typ': 'at+jwt'})}.{b64(c.claims())}.AA",
    # key and signature
    "signed by somebody else": lambda c: c.access_token(key=ATTACKER),
    "signed by a key that is too short": lambda c: signed_by_hand(c.claims(), WEAK),
    "key brought along": with_embedded_key,
    "key named by URL": lambda c: c.access_token(key=ATTACKER, header={"jku": "https://evil.test/jwks"}),
    "unknown key id": lambda c: c.access_token(header={"kid": "key-2"}),
    "no key id": lambda c: signed_by_hand(c.claims(), c.signing, kid=None),
    "key id that is a number": lambda c: signed_by_hand(c.claims(), c.signing, kid=1),
    "empty key id": lambda c: c.access_token(header={"kid": ""}),
    "key id that is a path": lambda c: c.access_token(header={"kid": "../../dev/null"}),
    "key id of a thousand letters": lambda c: c.access_token(header={"kid": "k" * 1000}),
    "key meant for encryption": lambda c: c.access_token(key=SigningKey("enc", "RS256", RSA_KEY)),
    "claims exchanged": with_claims_of_another,
    "signature exchanged": with_signature_of_another,
    "signature cut short": lambda c: c.access_token()[:-8],
    "signature missing": lambda c: c.access_token().rsplit(".", 1)[0] + ".",
    "unknown critical extension": lambda c: c.access_token(header={"crit": ["exp2"], "exp2": 1}),
    "payload left out (b64)": lambda c: c.access_token(header={"b64": False, "crit": ["b64"]}),
    # claims
    "claims that are a list": lambda c: signed_raw(c, b"[]"),
    "claims that are no JSON": lambda c: signed_raw(c, b"\xff\xfe"),
    "another issuer": lambda c: c.access_token(iss="https://clerk.evil.test"),
    "issuer with a slash": lambda c: c.access_token(iss=f"{c.issuer}/"),
    "issuer in capitals": lambda c: c.access_token(iss=c.issuer.upper()),
    "list of issuers": lambda c: signed_by_hand(c.claims(iss=[c.issuer]), c.signing),
    "no issuer": lambda c: c.access_token(iss=None),
    "expired": lambda c: c.access_token(exp=int(NOW()) - 6),
    "no expiry": lambda c: c.access_token(exp=None),
    "expiry that is text": lambda c: c.access_token(exp=str(int(NOW()) + 60)),
    "expiry that is true": lambda c: c.access_token(exp=True),
    "expiry at infinity": lambda c: signed_raw(c, json.dumps(c.claims(exp=float("inf"))).encode()),
    "no time of issue": lambda c: c.access_token(iat=None),
    "issued in the future": lambda c: c.access_token(iat=int(NOW()) + 30),
    "issued too long ago": lambda c: c.access_token(iat=int(NOW()) - 86_410),
    "not valid yet": lambda c: c.access_token(nbf=int(NOW()) + 30),
    "not before that is text": lambda c: c.access_token(nbf="0"),
    "no subject": lambda c: c.access_token(sub=None),
    "empty subject": lambda c: c.access_token(sub=""),
    "subject that is a number": lambda c: c.access_token(sub=7),
    "subject with a line break": lambda c: c.access_token(sub="user_1\nuser_2"),
    "subject of a thousand letters": lambda c: c.access_token(sub="u" * 1000),
    # audience and kind
    "no audience": lambda c: c.access_token(aud=None),
    "another audience": lambda c: c.access_token(aud="https://other.test/mcp"),
    "audience one letter longer": lambda c: c.access_token(aud="https://mcp.test/mcp2"),
    "audience of the host alone": lambda c: c.access_token(aud="https://mcp.test"),
    "audience over http": lambda c: c.access_token(aud="http://mcp.test/mcp"),
    "audience with two slashes": lambda c: c.access_token(aud="https://mcp.test/mcp//"),
    "audience that is an object": lambda c: c.access_token(aud={"https://mcp.test/mcp": 1}),
    "audience list with a number": lambda c: c.access_token(aud=["https://mcp.test/mcp", 1]),
    "no audience in a list": lambda c: c.access_token(aud=[]),
    "session token without audience": lambda c: c.session_token(),
    "session whose sign-in is pending": lambda c: c.session_token(aud="https://mcp.test/mcp", sts="pending"),
    "ID token by its nonce": lambda c: id_token(c, nonce="n"),
    "ID token by its at_hash": lambda c: id_token(c, at_hash="h"),
    "ID token for the client itself": lambda c: id_token(c, azp="https://mcp.test/mcp"),
    "logout token": lambda c: c.access_token(header={"typ": "logout+jwt"}),
    "type that is a number": lambda c: c.access_token(header={"typ": 1}),
}


@pytest.mark.parametrize("name", REFUSED)
async def test_a_token_that_is_not_good_is_refused(name: str, clerk: StandIn, make: MakeVerifier) -> None:
    encryption = SigningKey("enc", "RS256", RSA_KEY).jwk() | {"use": "enc"}
    symmetric = {"kty": "oct", "k": b64(b"k" * 32), "kid": "sym", "use": "sig"}
    clerk.published += [WEAK.jwk(), encryption, symmetric]
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
