from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.catalog.json_value import MAX_DEPTH, JsonValue
from app.catalog.masking import MASK, TOO_DEEP, hide_secrets, holds_mask


@pytest.mark.parametrize(
    "name",
    [
        "api_key",
        "apiKey",
        "x-portkey-api-key",
        "openai_api_key",
        "Authorization",
        "password",
        "client_secret",
        "private_key",
        "aws_secret_access_key",
        "awsSecretAccessKey",
        "session_token",
        "azure_ad_token",
        "credentials",
        "Set-Cookie",
    ],
)
def test_what_stands_under_the_name_of_a_secret_is_hidden(name: str) -> None:
    assert hide_secrets({"target": [{name: "s3cret"}]}) == {"target": [{name: MASK}]}


@pytest.mark.parametrize(
    "name",
    [
        "virtual_key",
        "max_tokens",
        "token_count",
        "secret_reference_id",
        "key",
        "aws_access_key_id",
        "api_key_ids",
    ],
)
def test_what_only_looks_like_a_secret_is_shown(name: str) -> None:
    assert hide_secrets({name: "plain"}) == {name: "plain"}


def test_everything_inside_a_secret_is_hidden_but_whether_it_is_set() -> None:
    held: Any = {"credentials": {"user": "u", "pins": [1, ""], "on": True, "none": None, "deep": {"x": 1.5}}}
    assert hide_secrets(held) == {
        "credentials": {"user": MASK, "pins": [MASK, ""], "on": True, "none": None, "deep": {"x": MASK}}
    }


def test_a_property_of_a_json_schema_is_no_secret() -> None:
    password = {"type": "string", "description": "Shown.", "api_key": "hidden"}
    schema: Any = {"type": "object", "properties": {"password": password, "token": {"secret": "x"}}}
    assert hide_secrets({"parameters": schema}) == {
        "parameters": {
            "type": "object",
            "properties": {"password": {**password, "api_key": MASK}, "token": {"secret": MASK}},
        }
    }
    assert hide_secrets({"properties": {"password": "p"}}) == {"properties": {"password": MASK}}


def test_what_is_nested_too_deeply_is_left_out() -> None:
    deep: Any = "bottom"
    for _ in range(5_000):
        deep = [deep]
    shown = hide_secrets(deep)
    for _ in range(MAX_DEPTH):
        assert isinstance(shown, list)
        (shown,) = shown
    assert shown == TOO_DEEP


def test_the_placeholder_is_found_wherever_it_stands() -> None:
    assert holds_mask({"a": [{"b": f"Bearer {MASK}"}]})
    assert not holds_mask({"a": ["b", 1, None, {"c": True}]})


def test_the_condition_of_a_limit_says_which_api_key_it_is_about() -> None:
    limit: JsonValue = {"conditions": [{"key": "api_key", "value": "0b7d3c1e-51f2-4c7e-9d0a-8e6b2f4a1c39"}]}
    assert hide_secrets(limit) == limit


@pytest.mark.parametrize(
    "name", ["custom_headers", "customHeaders", "vault_token", "vault_secret_id", "client_auth"]
)
def test_everything_under_the_name_of_a_holder_of_secrets_is_hidden(name: str) -> None:
    assert hide_secrets({name: {"x-signature": "abc"}, "region": "eu"}) == {
        name: {"x-signature": MASK},
        "region": "eu",
    }


@pytest.mark.parametrize("name", ["name", "key", "header"])
@pytest.mark.parametrize("held", ["value", "values"])
def test_the_value_beside_a_secrets_name_is_hidden(name: str, held: str) -> None:
    assert hide_secrets({"headers": [{name: "X-API-Key", held: ["s"]}, {name: "x-team", held: ["t"]}]}) == {
        "headers": [{name: "X-API-Key", held: [MASK]}, {name: "x-team", held: ["t"]}]
    }
    assert hide_secrets([["Authorization", "s"], ["x-team", "t"], ["cookie", "a", "b"]]) == [
        ["Authorization", MASK],
        ["x-team", "t"],
        ["cookie", "a", "b"],
    ]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Bearer sk-0123456789abcdef", f"Bearer {MASK}"),
        ("curl -H 'authorization: Basic dXNlcjpwYXNzd29yZDE=' x", f"curl -H 'authorization: Basic {MASK}' x"),
        ("Send a Bearer token with each request", "Send a Bearer token with each request"),
        ("Basic authentication-mechanisms", "Basic authentication-mechanisms"),
    ],
)
def test_an_authorization_in_running_text_is_hidden(text: str, shown: str) -> None:
    assert hide_secrets({"note": text}) == {"note": shown}


def test_secrets_in_json_text_are_hidden_and_the_rest_of_it_is_kept() -> None:
    inner = '{"model": "gpt-4o", "nested": "{\\"api_key\\": \\"s\\"}"}'
    shown = hide_secrets({"body": inner, "plain": '{"model":  "gpt-4o"}', "broken": '{"api_key": '})
    assert isinstance(shown, dict)
    assert json.loads(json.loads(str(shown["body"]))["nested"]) == {"api_key": MASK}
    assert shown["plain"] == '{"model":  "gpt-4o"}'
    assert shown["broken"] == '{"api_key": '


@pytest.mark.parametrize(
    ("holder", "hidden"),
    [
        ({"key": "pk-live-0123456789abcdef"}, True),
        ({"key": "pk-l********cdef"}, False),
        ({"key": "metadata.client_identifier"}, False),
        ({"key": "0123456789abcdef-x", "value": "plain"}, False),
        ({"masked_api_key": "pk-l...cdef"}, False),
        ({"secret_key": "openai", "secret_path": "kv/prod"}, False),
        ({"secret_key": "openai", "secret_reference_id": "aws"}, False),
        ({"secret_key": "sk-1"}, True),
    ],
)
def test_a_key_is_hidden_when_it_is_one(holder: Any, hidden: bool) -> None:  # noqa: FBT001 - a case
    (name, *_) = holder
    assert (hide_secrets(holder) != holder) is hidden
    if hidden:
        assert hide_secrets(holder) == {name: MASK}


NAMES = st.sampled_from(
    ["api_key", "apiKey", "Authorization", "aws_secret_access_key", "password", "client_secret", "x-api-key"]
)
PLANTED = "planted-0123456789"


@st.composite
def _planted(draw: st.DrawFn) -> Any:
    """A secret, at any depth, among anything, in any of the ways that one is written."""
    name = draw(NAMES)
    value: Any = draw(
        st.sampled_from(
            [
                {name: PLANTED},
                {name: [PLANTED]},
                {name: {"deep": PLANTED}},
                {"name": name, "value": PLANTED},
                {"key": name, "value": PLANTED},
                [name, PLANTED],
                f"Bearer {PLANTED}",
                json.dumps({name: PLANTED}),
                json.dumps({"headers": [{"name": name, "value": PLANTED}]}),
            ]
        )
    )
    other = st.text(max_size=5) | st.integers() | st.none()
    for _ in range(draw(st.integers(0, 40))):
        beside = draw(other)
        step = draw(st.sampled_from(["list", "dict", "json"]))
        if step == "list":
            value = [value, beside, beside]
        elif step == "dict":
            value = {draw(st.text("abc_", min_size=1, max_size=4)): value, "other": beside}
        elif len(str(value)) < 500:
            value = json.dumps({"inside": value})
    return value


@given(_planted())
def test_a_secret_is_hidden_at_every_depth_in_every_form(answer: Any) -> None:
    assert PLANTED not in json.dumps(hide_secrets(answer))


@given(_planted())
def test_what_is_hidden_twice_is_the_same(answer: Any) -> None:
    once = hide_secrets(answer)
    assert hide_secrets(once) == once


@given(_planted())
def test_an_object_is_judged_alike_with_a_member_that_makes_every_member_count(answer: Any) -> None:
    # "properties" sends the object the long way, and says nothing of its members.
    long_way = hide_secrets({"properties": None, "answer": answer})
    assert isinstance(long_way, dict)
    assert hide_secrets({"answer": answer}) == {"answer": long_way["answer"]}


def test_what_holds_no_secret_is_not_copied() -> None:
    answer: Any = {
        "data": [{"id": "a", "tags": ["x", "y"], "note": "one of a length that is looked into"}] * 3
    }
    assert hide_secrets(answer) is answer
