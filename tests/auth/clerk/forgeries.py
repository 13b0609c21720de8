"""Tokens that must not open the door, each for one reason."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
import zlib
from collections.abc import Callable
from typing import Any

import jwt
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from tests.auth.clerk.stand_in import RSA_KEY, SigningKey, StandIn

Mint = Callable[[StandIn], str]
ATTACKER = SigningKey("key-1", "RS256", rsa.generate_private_key(public_exponent=65537, key_size=2048))
WEAK = SigningKey("weak", "RS256", rsa.generate_private_key(public_exponent=65537, key_size=1024))  # noqa: S505 - meant to be refused
NOW = time.time
TWO_ALGORITHMS = b'{"alg":"none","alg":"RS256","kid":"key-1","typ":"at+jwt"}'
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


def twice(clerk: StandIn, claim: str, last: int) -> bytes:
    return json.dumps(clerk.claims()).encode()[:-1] + f', "{claim}": {last}}}'.encode()


def publish_unfit_keys(clerk: StandIn) -> None:
    """Have the issuer publish keys that must not be used."""
    encryption = SigningKey("enc", "RS256", RSA_KEY).jwk() | {"use": "enc"}
    symmetric = {"kty": "oct", "k": b64(b"k" * 32), "kid": "sym", "use": "sig"}
    clerk.published += [WEAK.jwk(), encryption, symmetric]


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
    "alg NoNe": lambda c: unsigned(c, "NoNe"),
    "alg none, then RS256": lambda c: f"{b64(TWO_ALGORITHMS)}.{b64(c.claims())}.",
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
    "certificate named by URL": lambda c: c.access_token(key=ATTACKER, header={"x5u": "https://evil.test/c"}),
    "certificate brought along": lambda c: c.access_token(key=ATTACKER, header={"x5c": ["TUlJQg=="]}),
    "unknown key id": lambda c: c.access_token(header={"kid": "key-2"}),
    "no key id": lambda c: signed_by_hand(c.claims(), c.signing, kid=None),
    "key id that is a number": lambda c: signed_by_hand(c.claims(), c.signing, kid=1),
    "empty key id": lambda c: c.access_token(header={"kid": ""}),
    "key id that is a path": lambda c: c.access_token(header={"kid": "../../dev/null"}),
    "key id that is a URL": lambda c: c.access_token(key=ATTACKER, header={"kid": "https://evil.test/jwks"}),
    "key id that is SQL": lambda c: c.access_token(key=ATTACKER, header={"kid": "x' UNION SELECT 'k'--"}),
    "key id that is a command": lambda c: c.access_token(key=ATTACKER, header={"kid": "key-1|id"}),
    "key id of a thousand letters": lambda c: c.access_token(header={"kid": "k" * 1000}),
    "key meant for encryption": lambda c: c.access_token(key=SigningKey("enc", "RS256", RSA_KEY)),
    "claims exchanged": with_claims_of_another,
    "signature exchanged": with_signature_of_another,
    "signature cut short": lambda c: c.access_token()[:-8],
    "signature missing": lambda c: c.access_token().rsplit(".", 1)[0] + ".",
    "unknown critical extension": lambda c: c.access_token(header={"crit": ["exp2"], "exp2": 1}),
    "critical extension that is a text": lambda c: signed_by_hand(c.claims(), c.signing, crit="exp"),
    "payload left out (b64)": lambda c: c.access_token(header={"b64": False, "crit": ["b64"]}),
    # claims
    "claims that are a list": lambda c: signed_raw(c, b"[]"),
    "a token in a token": lambda c: signed_raw(c, c.access_token().encode(), cty="JWT"),
    "claims compressed": lambda c: signed_raw(c, zlib.compress(json.dumps(c.claims()).encode()), zip="DEF"),
    "expiry twice, the last one past": lambda c: signed_raw(c, twice(c, "exp", int(NOW()) - 60)),
    "claims that are no JSON": lambda c: signed_raw(c, b"\xff\xfe"),
    "another issuer": lambda c: c.access_token(iss="https://clerk.evil.test"),
    "issuer with a slash": lambda c: c.access_token(iss=f"{c.issuer}/"),
    "issuer in capitals": lambda c: c.access_token(iss=c.issuer.upper()),
    "issuer without its scheme": lambda c: c.access_token(iss=c.issuer.partition("//")[2]),
    "issuer with a path": lambda c: c.access_token(iss=f"{c.issuer}/oauth"),
    "issuer with a blank": lambda c: c.access_token(iss=f"{c.issuer} "),
    "list of issuers": lambda c: signed_by_hand(c.claims(iss=[c.issuer]), c.signing),
    "no issuer": lambda c: c.access_token(iss=None),
    "expired": lambda c: c.access_token(exp=int(NOW()) - 6),
    "no expiry": lambda c: c.access_token(exp=None),
    "expiry that is text": lambda c: c.access_token(exp=str(int(NOW()) + 60)),
    "expiry that is true": lambda c: c.access_token(exp=True),
    "expiry that is null": lambda c: signed_raw(c, json.dumps(c.claims() | {"exp": None}).encode()),
    "expiry that is a list": lambda c: signed_by_hand(c.claims(exp=[int(NOW()) + 60]), c.signing),
    "expiry that is not a number": lambda c: signed_raw(c, json.dumps(c.claims(exp=float("nan"))).encode()),
    "expiry beyond any number": lambda c: c.access_token(exp=10**400),
    "time of issue beyond any number": lambda c: c.access_token(iat=-(10**400)),
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
    "audience that is null": lambda c: signed_raw(c, json.dumps(c.claims() | {"aud": None}).encode()),
    "audience that is a number": lambda c: c.access_token(aud=7),
    "audience list in a list": lambda c: c.access_token(aud=[["https://mcp.test/mcp"]]),
    "no audience in a list": lambda c: c.access_token(aud=[]),
    "session token without audience": lambda c: c.session_token(),
    "session whose sign-in is pending": lambda c: c.session_token(aud="https://mcp.test/mcp", sts="pending"),
    "ID token by its nonce": lambda c: id_token(c, nonce="n"),
    "ID token by its at_hash": lambda c: id_token(c, at_hash="h"),
    "ID token for the client itself": lambda c: id_token(c, azp="https://mcp.test/mcp"),
    "logout token": lambda c: c.access_token(header={"typ": "logout+jwt"}),
    "type with a parameter": lambda c: c.access_token(header={"typ": "at+jwt;x=y"}),
    "type with its prefix twice": lambda c: c.access_token(header={"typ": "application/application/at+jwt"}),
    "type that is null": lambda c: signed_by_hand(c.claims(), c.signing, typ=None),
    "type that is a number": lambda c: c.access_token(header={"typ": 1}),
}
