"""What a record of a call keeps of its arguments: enough to know what was done, and no secret."""

from __future__ import annotations

import json
import time
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.catalog.masking import MASK
from app.catalog.recorded import LARGEST, arguments_digest, recorded_arguments
from tests.catalog.every_call import World, every_call, settled

PLANTED = "planted-0123456789"
NAMES = st.sampled_from(
    ["api_key", "apiKey", "Authorization", "aws_secret_access_key", "password", "client_secret", "token"]
)

HOLD_SECRETS = {"key", "auth_config", "configurations", "custom_headers", "models"}


@st.composite
def _planted(draw: st.DrawFn) -> Any:
    """Arguments with a secret in them, at any depth, in any of the ways that clients write one."""
    name = draw(NAMES)
    value: Any = draw(
        st.sampled_from(
            [
                {name: PLANTED},
                {name: [PLANTED]},
                {name: {"deep": PLANTED}} if name != "token" else {"token": [PLANTED]},
                {"name": "Authorization", "value": PLANTED},
                {"header": "x-api-key", "values": [PLANTED]},
                ["Authorization", PLANTED],
                f"Bearer {PLANTED}",
                f"https://user:{PLANTED}@example.test/x",
                f"https://{PLANTED}@example.test/x",
                f"see https://example.test/x?a=1&{name}={PLANTED}&b=2",
                json.dumps({name: PLANTED}),
                json.dumps(json.dumps({name: PLANTED})),
                json.dumps({"headers": [{"name": "Authorization", "value": PLANTED}]}),
                f'{{"{name}": "{PLANTED}"',
                f"{{'{name}': '{PLANTED}'}}",
            ]
        )
    )
    other = st.text(max_size=5) | st.integers() | st.none() | st.just("x" * 3000)
    for _ in range(draw(st.integers(0, 20))):
        beside = draw(other)
        step = draw(st.sampled_from(["list", "dict", "json"]))
        if step == "list":
            value = [value, beside, beside]
        elif step == "dict":
            value = {draw(st.text("abc_", min_size=1, max_size=4)): value, "other": beside}
        elif len(str(value)) < 500:
            value = json.dumps({"inside": value})
    return {"argument": value, "key": PLANTED}


@given(_planted())
def test_a_secret_is_in_no_record_whatever_form_it_has(arguments: Any) -> None:
    assert PLANTED not in json.dumps(recorded_arguments(arguments))


@given(
    st.dictionaries(
        st.text(max_size=300),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=2000),
            lambda inner: st.lists(inner, max_size=60) | st.dictionaries(st.text(), inner, max_size=60),
            max_leaves=200,
        ),
        max_size=80,
    )
)
def test_a_record_of_any_arguments_is_bounded_and_json(arguments: Any) -> None:
    kept = recorded_arguments(arguments)
    assert len(json.dumps(kept, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "replace")) <= (
        LARGEST * 1.01
    )
    assert arguments_digest(arguments) == arguments_digest(json.loads(json.dumps(arguments)))


@pytest.mark.parametrize("tool", every_call())
def test_the_arguments_of_a_real_call_are_kept_but_for_its_secrets(tool: str) -> None:
    call = every_call()[tool]
    given = {name: value for name, value in call.everything.items() if not callable(value)}
    kept = recorded_arguments(settled(given, World()))
    assert "[left out" not in json.dumps(kept)
    hidden = {name for name, value in given.items() if kept[name] != value}
    assert hidden <= HOLD_SECRETS


def test_what_is_long_is_cut_and_says_so() -> None:
    kept: Any = recorded_arguments(
        {"text": "x" * 1500, "many": list(range(60)), "names": {f"n{n}": n for n in range(55)}}
    )
    assert kept["text"] == f"{'x' * 1000}[cut: 500 more characters]"
    assert kept["many"][49:] == [49, "[cut: 10 more items]"]
    assert kept["names"]["..."] == "[cut: 5 more members]"


def test_of_what_is_very_long_the_short_arguments_are_kept() -> None:
    kept: Any = recorded_arguments({"slug": "pc-1", "targets": [{"note": "x" * 900}] * 40})
    assert kept["slug"] == "pc-1"
    assert kept["targets"].startswith("[left out: ")


def test_json_text_is_kept_as_what_it_says() -> None:
    kept = recorded_arguments({"config": '{"retry": {"attempts": 3}, "api_key": "s"}'})
    assert kept == {"config": {"retry": {"attempts": 3}, "api_key": MASK}}


def test_ids_and_names_that_only_sound_like_secrets_are_kept() -> None:
    arguments: Any = {
        "secret_reference_id": "sr-1",
        "api_key_ids": ["0b7d3c1e-51f2-4c7e-9d0a-8e6b2f4a1c39"],
        "max_tokens": 100,
        "conditions": [{"key": "workspace_id", "value": "ws-1"}],
        "url": "https://example.test/x?page=2",
    }
    assert recorded_arguments(arguments) == arguments


@pytest.mark.parametrize("value", [2**80, "\ud800", float("nan")])
def test_what_json_cannot_say_does_not_keep_a_call_off_the_record(value: Any) -> None:
    assert list(recorded_arguments({"odd": value})) == ["odd"]
    assert arguments_digest({"odd": value})


def test_a_digest_tells_arguments_apart_but_not_secrets() -> None:
    one = arguments_digest({"slug": "a", "api_key": "1"})
    assert one == arguments_digest({"api_key": "2", "slug": "a"})
    assert one != arguments_digest({"slug": "b", "api_key": "1"})
    assert orjson.dumps(one)
    assert one.startswith("sha256:")


def test_the_callers_own_key_is_hidden_wherever_it_stands() -> None:
    arguments: Any = {"note": f"use {PLANTED}.", "many": [{PLANTED: PLANTED}], "n": 1}
    assert recorded_arguments(arguments, secret=PLANTED) == {
        "note": f"use {MASK}.",
        "many": [{MASK: MASK}],
        "n": 1,
    }


HUGE: dict[str, Any] = {
    "a list": [{"a": "b"}] * 100_000,
    "nested lists": [[[["x"] * 30] * 30] * 30] * 30,
    "members": {f"n{number}": number for number in range(80_000)},
    "a text": "Authorization: " * 70_000,
    "JSON text": json.dumps([{"name": "x-team", "value": "b"}] * 25_000),
    "what is no JSON": '{"' + "a" * 1_000_000,
    "addresses": "https://a@" * 100_000,
    "queries": "?a=b&c=d" * 125_000,
}


@pytest.mark.parametrize("what", HUGE)
def test_however_large_arguments_are_they_cost_little(what: str) -> None:
    arguments = {"argument": HUGE[what]}

    def seconds(work: Any) -> float:
        started = time.process_time()
        work(arguments)
        return time.process_time() - started

    # Of several tries the fastest: other work on the machine slows the others.
    assert min(seconds(recorded_arguments) for _ in range(3)) < 0.2
    assert min(seconds(arguments_digest) for _ in range(3)) < 1.0


def test_a_digest_of_very_large_arguments_says_that_it_is_one_of_their_beginning() -> None:
    assert arguments_digest({"many": list(range(20_000))}).startswith("sha256-cut:")
    assert arguments_digest({"many": list(range(5_000))}).startswith("sha256:")


@given(st.integers(900, 1000), st.integers(30, 3000))
def test_a_secret_across_a_cut_is_hidden(before: int, length: int) -> None:
    token = "Z9" * length
    kept = json.dumps(recorded_arguments({"note": f"{'x' * before} Bearer {token}"}))
    assert "Z9Z9" not in kept


ordinary = st.dictionaries(
    st.sampled_from(
        ["workspace_id", "name", "value", "key", "token", "tokens", "api_key", "page", "a" * 70, "sk-1"]
    ),
    st.none()
    | st.booleans()
    | st.integers(-(2**60), 2**60)
    | st.sampled_from(
        ["ws-finance", "sk-1", "xsk-1x", "", "1", "a.b_c-d", "a b", "[1]", '{"a":1}', "x?token=1", "\n"]
    )
    | st.text("ab-1 \n[", max_size=4),
    max_size=4,
)


@given(ordinary, st.sampled_from([None, "sk-1", "1", "\n"]))
def test_ordinary_arguments_are_recorded_as_any_others(arguments: dict[str, Any], secret: str | None) -> None:
    # One more, of a kind that is looked into, sends them all the long way.
    beside = {"other": "two words"}
    long_way = recorded_arguments({**arguments, **beside}, secret=secret)
    assert {**recorded_arguments(arguments, secret=secret), **beside} == long_way
    assert list(recorded_arguments(arguments, secret=secret)) == list(long_way)[:-1]
