"""Checking a JWT of the issuer: signature, times, audience, and what kind of token it is."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

import jwt

from app.auth.clerk.jwks import ALGORITHMS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from app.auth.clerk.fetching import JsonObject

LEEWAY: Final = 5.0
"""Seconds by which the issuer's clock and ours may differ."""

TokenKind = Literal["access", "session"]

_LONGEST_SUBJECT: Final = 255
# OpenID Connect Core 1.0, sections 2 and 3.3.2.11: what only ID tokens carry.
_ID_TOKEN_CLAIMS: Final = frozenset({"nonce", "at_hash", "c_hash", "s_hash", "auth_time"})
# RFC 9068, section 2.1, and RFC 7519, section 5.1.
_KINDS: Final[dict[str, TokenKind]] = {"at+jwt": "access", "jwt": "session"}


class TokenRefusedError(Exception):
    """The token is not valid here; the message is a word or two for the log, never part of the token."""


@dataclass(frozen=True, slots=True)
class Header:
    """What the header of a token says, before anything of it is proven."""

    key_id: str
    kind: TokenKind


@dataclass(frozen=True, slots=True)
class TokenRules:
    """What a token must say to be good here; make one with `of`.

    Attributes:
        issuer: `iss`, compared as a string.
        audiences: Any of them must stand in `aud`, those that are URLs without a slash at their end.
        parties: Parties whose tokens are good without `aud`: `azp` of a session token, `client_id` of an
            access token. A session token that has `aud` as well must name one of them, if there are any.
        max_age: Seconds since `iat` after which a token is too old.
    """

    issuer: str
    audiences: frozenset[str]
    parties: frozenset[str]
    max_age: float

    @classmethod
    def of(
        cls, *, issuer: str, audiences: Iterable[str], parties: Iterable[str], max_age: float
    ) -> TokenRules:
        """Make the rules."""
        return cls(issuer, frozenset(map(_audience, audiences)), frozenset(parties), max_age)

    def check_audience(self, claims: Mapping[str, object], kind: TokenKind) -> None:
        """Refuse a token that is meant for somebody else.

        Raises:
            TokenRefusedError: As said at `audiences` and `parties`.
        """
        named = claims.get("azp") if kind == "session" else claims.get("client_id", claims.get("azp"))
        party = named if named is None or isinstance(named, str) else ""
        audiences = _strings("aud", claims.get("aud"))
        if not audiences:
            if not self.parties:
                raise TokenRefusedError("no audience")
            if party not in self.parties:
                raise TokenRefusedError("authorized party")
            if kind == "session" and not isinstance(claims.get("sid"), str):
                raise TokenRefusedError("no session")
            return
        if self.audiences.isdisjoint(map(_audience, audiences)):
            raise TokenRefusedError("audience")
        if kind == "session" and self.parties and party is not None and party not in self.parties:
            raise TokenRefusedError("authorized party")


def read_header(token: str) -> Header:
    """Read which key a token claims to be signed with.

    Raises:
        TokenRefusedError: No JWT, or one of an algorithm or type that is not accepted.
    """
    try:
        header = jwt.get_unverified_header(token)
    except (jwt.PyJWTError, ValueError, RecursionError) as error:
        raise TokenRefusedError("malformed") from error
    algorithm, key_id, type_ = header.get("alg"), header.get("kid"), header.get("typ", "jwt")
    if not isinstance(algorithm, str) or algorithm not in ALGORITHMS:
        raise TokenRefusedError("algorithm")
    if not isinstance(key_id, str) or not key_id:
        raise TokenRefusedError("no key id")
    kind = _KINDS.get(type_.lower().removeprefix("application/")) if isinstance(type_, str) else None
    if kind is None:
        raise TokenRefusedError("type")
    return Header(key_id, kind)


def read_claims(token: str, key: jwt.PyJWK, kind: TokenKind, rules: TokenRules) -> JsonObject:
    """Check a token in full.

    Returns:
        Its claims; `sub` is a printable string, `exp` and `iat` are numbers.

    Raises:
        TokenRefusedError: It is not valid here.
    """
    try:
        claims: JsonObject = jwt.decode(
            token,
            key,
            algorithms=[key.algorithm_name],
            issuer=rules.issuer,
            leeway=LEEWAY,
            options={
                "require": ["exp", "iat", "iss", "sub"],
                "verify_aud": False,  # by check_audience
                "enforce_minimum_key_length": True,
            },
        )
    except (jwt.PyJWTError, ValueError, ArithmeticError, TypeError, RecursionError) as error:
        raise TokenRefusedError(type(error).__name__) from error
    _check_times(claims, rules)
    _check_subject(claims)
    if kind == "session":
        _check_session(claims)
    rules.check_audience(claims, kind)
    return claims


def expiry(claims: Mapping[str, object], rules: TokenRules) -> float:
    """Return when the token is over, in seconds since 1970: by its own word, or by its age."""
    return min(_number(claims, "exp"), _number(claims, "iat") + rules.max_age)


def _check_times(claims: Mapping[str, object], rules: TokenRules) -> None:
    for name in ("exp", "iat", "nbf"):
        if name in claims:
            _number(claims, name)
    if time.time() > _number(claims, "iat") + rules.max_age + LEEWAY:
        raise TokenRefusedError("too old")


def _check_subject(claims: Mapping[str, object]) -> None:
    subject = claims.get("sub")
    if not isinstance(subject, str) or not subject.isprintable() or not 0 < len(subject) <= _LONGEST_SUBJECT:
        raise TokenRefusedError("subject")


def _check_session(claims: Mapping[str, object]) -> None:
    """Refuse ID tokens, which have the same issuer and keys, and sessions whose sign-in is not complete."""
    party = claims.get("azp")
    if not _ID_TOKEN_CLAIMS.isdisjoint(claims) or party in _strings("aud", claims.get("aud")):
        raise TokenRefusedError("id token")
    if claims.get("sts") == "pending":
        raise TokenRefusedError("pending session")


def _number(claims: Mapping[str, object], name: str) -> float:
    value = claims.get(name)
    try:
        number = math.nan if isinstance(value, bool) or not isinstance(value, int | float) else float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise TokenRefusedError(f"{name} is no number")
    return number


def _strings(name: str, value: object) -> tuple[str, ...]:
    if value is None:
        return ()
    values = value if isinstance(value, list) else [value]
    strings = tuple(item for item in values if isinstance(item, str))
    if len(strings) != len(values):
        raise TokenRefusedError(f"{name} is no text")
    return strings


def _audience(text: str) -> str:
    return text.removesuffix("/") if text.startswith(("https://", "http://")) else text
