from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.auth.bearer import (
    MAX_AUTHORIZATION_BYTES,
    AuthorizationHeaderError,
    BearerVerifier,
    parse_authorization,
)


async def test_every_configured_token_is_accepted_while_tokens_rotate() -> None:
    verifier = BearerVerifier(["old-token", "new-token"])
    old, new = await verifier.verify("old-token"), await verifier.verify("new-token")
    assert old is not None
    assert new is not None
    assert old.id != new.id


@pytest.mark.parametrize("token", ["", "old-toke", "old-token ", "OLD-TOKEN", "old-tokenold-token", "\udcff"])
async def test_any_other_token_is_refused(token: str) -> None:
    assert await BearerVerifier(["old-token", "new-token"]).verify(token) is None


async def test_a_principal_is_named_by_the_digest_of_its_token() -> None:
    principal = await BearerVerifier(["s3cret"]).verify("s3cret")
    assert principal is not None
    assert principal.id == "bearer:" + hashlib.sha256(b"s3cret").hexdigest()[:16]
    assert principal.kind == "bearer"


async def test_one_token_is_one_principal_in_every_process() -> None:
    first = await BearerVerifier(["other", "s3cret"]).verify("s3cret")
    second = await BearerVerifier(["s3cret"]).verify("s3cret")
    assert first == second


def test_the_verifier_does_not_keep_the_token() -> None:
    assert "s3cret" not in repr(vars(BearerVerifier(["s3cret"])))


@pytest.mark.parametrize("tokens", [[], [""], ["fine", " "], ["two words"], ["line\nbreak"]])
def test_tokens_that_no_header_could_carry_are_refused_at_start(tokens: list[str]) -> None:
    with pytest.raises(ValueError, match="token"):
        BearerVerifier(tokens)


@pytest.mark.parametrize("value", [b"Bearer abc", b"bearer abc", b"BEARER   abc", b"  Bearer\tabc  "])
def test_the_scheme_is_case_insensitive_and_blanks_do_not_count(value: bytes) -> None:
    assert parse_authorization(value) == "abc"


@pytest.mark.parametrize(
    ("value", "token_sent"),
    [
        (b"", False),
        (b"Bearer", False),
        (b"Basic dXNlcjpwYXNz", False),
        (b"abc", False),
        (b"Bearer a b", True),
        (b"Bearer \xff", True),
        (b"Bearer " + b"a" * MAX_AUTHORIZATION_BYTES, True),
    ],
)
def test_anything_but_one_token_is_malformed(value: bytes, token_sent: bool) -> None:  # noqa: FBT001 - a case
    with pytest.raises(AuthorizationHeaderError) as caught:
        parse_authorization(value)
    assert caught.value.token_sent is token_sent


@given(st.binary(max_size=64))
def test_a_header_is_a_token_or_malformed_and_never_anything_else(value: bytes) -> None:
    try:
        token = parse_authorization(value)
    except AuthorizationHeaderError:
        return
    assert token
    assert token == token.strip()


@given(st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=200))
def test_a_printable_token_comes_out_as_it_went_in(token: str) -> None:
    assert parse_authorization(f"Bearer {token}".encode()) == token
