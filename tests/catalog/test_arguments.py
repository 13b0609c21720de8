from __future__ import annotations

import json
from typing import Annotated, Any

import pytest

from app.catalog.arguments import MAX_UNKNOWN, InvalidArgumentsError, validate
from app.catalog.inputs import Clearable, FreeObject, Inputs, Part, Timestamp, Uuid, optional, required
from app.catalog.json_value import MAX_DEPTH
from app.catalog.masking import MASK
from app.catalog.tool import Endpoint, Risk, Tool
from app.catalog.wire import given


class Limit(Part):
    value: float | None = optional("Value.", gt=0)
    reset: Annotated[str | None, Clearable()] = optional("Reset.")


class Everything(Inputs):
    slug: str = required("Slug.", min_length=2)
    who: Uuid | None = optional("Who.")
    when: Timestamp | None = optional("When.")
    count: int | None = optional("Count.", le=2**70)
    ratio: float | None = optional("Ratio.")
    on: bool | None = optional("On.")
    names: list[str] | None = optional("Names.", min_length=1)
    limits: list[Limit] | None = optional("Limits.")
    free: FreeObject | None = optional("Free.")
    note: Annotated[str | None, Clearable()] = optional("Note.")


TOOL = Tool(
    name="get_it",
    domain="d",
    summary="s",
    risk=Risk.READ,
    inputs=Everything,
    call=Endpoint("GET", "/things/{slug}"),
)
BARE = Tool(name="get_all", domain="d", summary="s", risk=Risk.READ, call=Endpoint("GET", "/"))


def _wire(**arguments: Any) -> dict[str, Any]:
    inputs = validate(TOOL, {"slug": "ok", **arguments})
    return {argument.name: value for argument, value in given(inputs) if argument.name != "slug"}


def _problems(**arguments: Any) -> dict[str, str]:
    with pytest.raises(InvalidArgumentsError) as caught:
        validate(TOOL, arguments)
    return {problem.argument: problem.problem for problem in caught.value.problems}


def test_null_is_not_given_unless_it_clears() -> None:
    assert _wire(count=None, free=None, note=None) == {"note": None}
    assert _wire(note="") == {"note": None}
    assert _wire(limits=[{"value": None, "reset": None}, {"reset": ""}, {}]) == {
        "limits": [{"reset": None}, {"reset": None}, {}]
    }


def test_zero_false_and_empty_values_are_given() -> None:
    kept = {"count": 0, "ratio": 0, "on": False, "limits": [], "free": {}}
    assert _wire(**kept) == kept


def test_numbers_and_text_stand_in_for_each_other_where_that_is_harmless() -> None:
    assert _wire(count="3", ratio="0.5", on="true", names=[7]) == {
        "count": 3,
        "ratio": 0.5,
        "on": True,
        "names": ["7"],
    }
    assert validate(TOOL, {"slug": 42}).model_dump()["slug"] == "42"


def test_a_moment_is_passed_on_as_written() -> None:
    assert _wire(when="2026-03-01T00:00:00Z") == {"when": "2026-03-01T00:00:00Z"}


def test_whole_numbers_stay_whole() -> None:
    sent = _wire(ratio=10, limits=[{"value": 3}])
    assert json.dumps(sent) == '{"ratio": 10, "limits": [{"value": 3}]}'
    assert _wire(ratio=1e300)["ratio"] == 1e300


def test_lists_and_objects_may_come_as_json_text() -> None:
    assert _wire(names=' ["a", "b"]', free='{"x": [1]}', limits='[{"value": 1}]') == {
        "names": ["a", "b"],
        "free": {"x": [1]},
        "limits": [{"value": 1}],
    }
    assert _wire(note='{"kept": "as text"}') == {"note": '{"kept": "as text"}'}


def test_text_that_is_no_json_is_reported_as_what_it_is() -> None:
    assert _problems(slug="ok", names="[1", free="{" * 100_000, limits="{}") == {
        "names": "must be a valid list",
        "free": "must be an object",
        "limits": "must be a valid list",
    }


def test_every_problem_is_told_at_once() -> None:
    assert _problems(
        slug="s",
        who="me",
        when="soon",
        count="many",
        on="perhaps",
        names=[],
        limits=[{"value": 0, "colour": "red"}, 5],
        free=[],
        sluug="x",
    ) == {
        "sluug": "is not an argument of this tool (did you mean slug?)",
        "slug": "must have at least 2 characters",
        "who": "does not have the form ^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$",
        "when": "must be a date and time such as 2026-03-01T00:00:00Z",
        "count": "must be a valid integer, unable to parse string as an integer",
        "on": "must be a valid boolean, unable to interpret input",
        "names": "must have at least 1 item after validation, not 0",
        "limits.0.value": "must be greater than 0",
        "limits.0.colour": "is not a member of this object",
        "limits.1": "must be an object",
        "free": "must be an object",
    }


def test_a_missing_argument_is_named() -> None:
    assert _problems() == {"slug": "is required"}
    assert _problems(slug=None) == {"slug": "is required"}


def test_an_unknown_argument_far_from_all_is_told_what_there_is() -> None:
    assert _problems(slug="ok", zzzzzz=1)["zzzzzz"].endswith(
        "it takes slug, who, when, count, ratio, on, names, limits, free, note, fields"
    )
    with pytest.raises(InvalidArgumentsError, match="zz: is not an argument of this tool; it takes fields"):
        validate(BARE, {"zz": 1})


def test_what_a_tool_takes_is_told_once() -> None:
    problems = _problems(slug="ok", zz=1, qq=1, sluk=1)
    assert problems["zz"].startswith("is not an argument of this tool; it takes slug, ")
    assert problems["qq"] == "is not an argument of this tool"
    assert problems["sluk"] == "is not an argument of this tool (did you mean slug?)"


def test_many_unknown_arguments_are_counted() -> None:
    problems = _problems(slug="ok", **{f"unknown{number}": 1 for number in range(500)})
    assert len(problems) == MAX_UNKNOWN + 1
    assert problems[""] == "480 more are not arguments of this tool"


def test_odd_names_are_shown_short_and_printable() -> None:
    problems = _problems(slug="ok", **{"line\nbreak": 1, "half \ud800": 1, "n" * 1000: 1})
    assert set(problems) == {"'line\\nbreak'", "'half \\ud800'", "n" * 64 + "..."}


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        (float("nan"), "holds a number that is not finite"),
        ({"a": [float("inf")]}, "holds a number that is not finite"),
        ({"a": 2**64}, "holds an integer of more than 64 bits"),
        ({"a": -(2**63) - 1}, "holds an integer of more than 64 bits"),
        ({"a": "\udfff"}, "holds a character that is not valid Unicode (half of a surrogate pair)"),
        ({"\ud800": 1}, "holds a character that is not valid Unicode (half of a surrogate pair)"),
        ('{"a": NaN}', "holds a number that is not finite"),
    ],
)
def test_what_cannot_be_sent_as_json_is_refused(value: Any, problem: str) -> None:
    assert _problems(slug="ok", free=value) == {"free": problem}


def test_the_largest_integers_pass() -> None:
    assert _wire(free={"a": 2**64 - 1, "b": -(2**63), "c": "grüß 🙂"})["free"]["a"] == 2**64 - 1


def test_what_is_nested_too_deeply_is_refused() -> None:
    deep: Any = {}
    for _ in range(MAX_DEPTH):
        deep = {"d": deep}
    assert _problems(slug="ok", free=deep) == {"free": f"is nested more than {MAX_DEPTH} levels deep"}
    assert _wire(free=deep["d"]) == {"free": deep["d"]}


def test_a_number_read_from_text_is_checked_too() -> None:
    assert _problems(slug="ok", count=str(2**65)) == {"count": "holds an integer of more than 64 bits"}
    assert _problems(slug="ok", ratio="inf") == {"ratio": "must be a finite number"}


def test_an_argument_that_cannot_be_sent_is_not_called_missing() -> None:
    assert _problems(slug="\ud800\ud800", count="x") == {
        "slug": "holds a character that is not valid Unicode (half of a surrogate pair)",
        "count": "must be a valid integer, unable to parse string as an integer",
    }


@pytest.mark.parametrize("slug", ["..", "%2e%2e", "%252E%252E", "a/../b", "a\\..", "ab\n", "  ", "x" * 1025])
def test_a_bad_path_parameter_is_named(slug: str) -> None:
    assert set(_problems(slug=slug, count="x")) == {"slug", "count"}


def test_a_placeholder_is_never_written_back() -> None:
    problems = _problems(slug="ok", free={"a": [{"api_key": MASK}]}, note=f"Bearer {MASK}")
    assert set(problems) == {"free", "note"}
    assert (
        problems["free"]
        == "holds the placeholder of a hidden secret: send the secret itself, or leave it out"
    )


def test_the_message_says_everything() -> None:
    with pytest.raises(InvalidArgumentsError) as caught:
        validate(TOOL, {"count": "x"})
    assert str(caught.value) == (
        "slug: is required; count: must be a valid integer, unable to parse string as an integer"
    )
