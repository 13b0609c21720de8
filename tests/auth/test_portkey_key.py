from __future__ import annotations

import pytest

from app.auth.portkey_key import LONGEST_KEY, brought_key, named_key

SECRET = "pk-abcDEF0123456789"


@pytest.mark.parametrize("value", [SECRET.encode(), f" {SECRET}\t".encode(), b"x" * LONGEST_KEY])
def test_a_brought_key_is_the_word_in_the_header(value: bytes) -> None:
    assert brought_key(value).secret.get_secret_value() == value.decode().strip()


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b" ",
        b"short",
        b"two words!",
        b"pk-\x00abcdefgh",
        b"pk-\x7fabcdefgh",
        "pk-äöüabcdefgh".encode(),
        b"x" * (LONGEST_KEY + 1),
        b"pk-one-key,\tpk-another",
    ],
)
def test_what_cannot_be_a_key_is_refused_without_repeating_it(value: bytes) -> None:
    with pytest.raises(ValueError, match="x-portkey-api-key") as refused:
        brought_key(value)
    assert not value.strip() or value.decode("latin-1") not in str(refused.value)


@pytest.mark.parametrize("key", [brought_key(SECRET.encode()), named_key("team_a", SECRET)])
def test_a_key_shows_itself_nowhere(key: object) -> None:
    assert SECRET not in f"{key!r} {key}"
