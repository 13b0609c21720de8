from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from app.telemetry.redaction import MASK, Redactor, names_a_secret, no_control_characters

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda inner: (
        st.lists(inner, max_size=4) | st.tuples(inner, inner) | st.dictionaries(st.text(), inner, max_size=4)
    ),
    max_leaves=12,
)


def redact(*secrets: str, **event: Any) -> dict[str, Any]:
    return dict(Redactor(secrets)(None, "info", event))


@pytest.mark.parametrize(
    "name",
    [
        "authorization",
        "Authorization",
        "x-portkey-api-key",
        "api_key",
        "apiKey",
        "APIKey",
        "apikey",
        "token",
        "auth_tokens",
        "accessToken",
        "client_secret",
        "Set-Cookie",
        "cookies",
        "db.password",
        "private_key",
        "credentials",
    ],
)
def test_names_of_secrets(name: str) -> None:
    assert names_a_secret(name)


@pytest.mark.parametrize(
    "name", ["key", "keys", "author", "tokenizer", "method", "path", "", "api", "monkey", "x-api"]
)
def test_other_names(name: str) -> None:
    assert not names_a_secret(name)


def test_masks_at_any_depth_and_in_lists_of_headers() -> None:
    event = redact(
        a={"b": [{"password": {"nested": "hidden-1"}}]},
        headers=[(b"authorization", b"Bearer hidden-2"), ("accept", "*/*")],
        cookie=["hidden-3"],
    )
    assert event["a"] == {"b": [{"password": MASK}]}
    assert event["headers"] == [["authorization", MASK], ["accept", "*/*"]]
    assert event["cookie"] == MASK


def test_numbers_and_absence_are_no_secrets() -> None:
    event = redact(total_tokens=7, token=None, has_password=True, token_rate=0.5)
    assert event == {"total_tokens": 7, "token": None, "has_password": True, "token_rate": 0.5}


@pytest.mark.parametrize(
    "text",
    [
        "Authorization: Bearer hidden",
        "{'authorization': 'Bearer hidden'}",
        '{"x-portkey-api-key": "hidden"}',
        "[(b'authorization', b'Basic hidden')]",
        "cookie=hidden",
    ],
)
def test_header_lines_inside_text(text: str) -> None:
    assert "hidden" not in redact(event=text)["event"]


def test_plain_words_are_left_alone() -> None:
    text = "No authorization, but a cookie, please"
    assert redact(event=text)["event"] == text


def test_the_longest_of_two_overlapping_secrets_is_masked_whole() -> None:
    assert redact("abcd", "abcdefgh", event="abcdefgh")["event"] == MASK


def test_values_too_short_to_be_told_from_words_stay() -> None:
    assert redact("abc", "", event="abc")["event"] == "abc"


def test_secrets_in_names_of_fields_are_masked() -> None:
    assert redact("s3cr3t-1", data={"s3cr3t-1": 1})["data"] == {MASK: 1}


def test_long_text_keeps_both_ends() -> None:
    text = redact(event="a" * 20_000 + "the end")["event"]
    assert len(text) < 17_000
    assert "characters left out" in text
    assert text.startswith("aaa")
    assert text.endswith("the end")


def test_deep_and_wide_values_are_bounded() -> None:
    deep: list[Any] = []
    deep.append(deep)
    event = redact(deep=deep, wide=list(range(100_000)))
    assert "…" in json.dumps(event["deep"], ensure_ascii=False)
    assert len(event["wide"]) == 200


def test_objects_are_shown_and_broken_ones_survived() -> None:
    class Broken:
        def __repr__(self) -> str:
            raise RuntimeError

    event = redact(
        "s3cr3t-1",
        broken=Broken(),
        secret_value=SecretStr("x"),
        value=SecretStr("x"),
        error=ValueError("s3cr3t-1"),
    )
    assert event["broken"] == "<Broken>"
    assert event["value"] == "SecretStr('**********')"
    assert event["error"] == "ValueError('***')"


@given(st.dictionaries(st.text(), JSON, max_size=5))
def test_every_event_becomes_json_without_the_secret(event: dict[str, Any]) -> None:
    secret = "correct-horse"
    redacted = Redactor([secret])(
        None, "info", {**event, "note": f"x{secret}y", "list": [event, secret.encode()]}
    )
    text = json.dumps(redacted, allow_nan=False)
    assert secret not in text


@given(st.floats())
def test_numbers_stay_or_become_text(number: float) -> None:
    value = redact(number=number)["number"]
    assert value == number if math.isfinite(number) else isinstance(value, str)


def test_control_characters_are_escaped_but_for_the_lines_of_a_traceback() -> None:
    event = no_control_characters(
        None, "info", {"event": "a\n\x1b[0m\x9b", "exception": "a\nb\x1b", "n": 1, "ok": "é"}
    )
    assert event == {"event": "a\\n\\x1b[0m\\x9b", "exception": "a\nb\\x1b", "n": 1, "ok": "é"}


def test_a_secret_that_is_learnt_later_is_masked_from_then_on() -> None:
    redactor = Redactor(["first-secret"])
    text = "the second-secret and the first-secret"
    assert redactor.text(text) == f"the second-secret and the {MASK}"
    redactor.learn(["second-secret"])
    assert redactor.text(text) == f"the {MASK} and the {MASK}"
