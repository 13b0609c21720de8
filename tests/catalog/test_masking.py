from __future__ import annotations

from typing import Any

import pytest

from app.catalog.json_value import MAX_DEPTH
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
