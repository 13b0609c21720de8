"""Bodies and queries: every problem is named, and only real ones."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.sandbox import fields
from app.sandbox.errors import ApiError
from app.sandbox.filters import Filters, matches
from app.sandbox.json_types import JsonValue, as_int, as_list, as_object

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


def _problem(field: fields.Field, value: JsonValue) -> str | None:
    return "; ".join(field.check(value, "x")) or None


@pytest.mark.parametrize(
    ("field", "good", "bad", "problem"),
    [
        (fields.text(), "a", 1, "x must be a string"),
        (fields.text(), " a", "  ", "x must not be empty"),
        (fields.text(choices=("a", "b")), "b", "c", "x must be one of a, b"),
        (fields.text(pattern="[a-z]+"), "abc", "a1", "x must match [a-z]+"),
        (fields.note(), "", 1, "x must be a string"),
        (fields.number(), 1.5, True, "x must be a number"),
        (fields.number(), -1, "1", "x must be a number"),
        (fields.number(0, 2), 2, 2.1, "x must be at most 2"),
        (fields.number(0.5), 0.5, 0, "x must be at least 0.5"),
        (fields.number(whole=True), 3, 3.5, "x must be an integer"),
        (fields.flag(), False, 0, "x must be true or false"),
        (fields.switch(), 1, True, "x must be 0 or 1"),
        (fields.switch(), 0, 2, "x must be 0 or 1"),
        (fields.mapping(), {"a": 1}, [], "x must be an object"),
        (fields.mapping(fields.text()), {"a": "b"}, {"a": 1, "b": "c"}, "x.a must be a string"),
        (fields.record({"a": fields.flag()}), {}, 1, "x must be an object"),
        (
            fields.record({"a": fields.flag(required=True)}),
            {"a": True},
            {"b": 1},
            "x.a is required; x.b is not allowed",
        ),
        (fields.record({}, extra=True), {"b": 1}, None, "x must be an object"),
        (fields.items(fields.text()), [], {}, "x must be an array"),
        (fields.items(fields.text(), at_least=1), ["a"], [], "x must have at least 1 item"),
        (
            fields.items(fields.text(), at_least=2),
            ["a", "b"],
            [1],
            "x must have at least 2 items; x[0] must be a string",
        ),
        (
            fields.one_of(fields.text(), fields.flag(), expected="this or that"),
            "a",
            1,
            "x must be this or that",
        ),
    ],
)
def test_each_kind_of_field(field: fields.Field, good: JsonValue, bad: JsonValue, problem: str) -> None:
    assert _problem(field, good) is None
    assert _problem(field, bad) == problem


def test_all_problems_are_reported_at_once() -> None:
    wanted = {
        "a": fields.text(required=True),
        "b": fields.flag(),
        "c": fields.note(),
        "d": fields.note(nullable=False),
    }
    with pytest.raises(ApiError) as caught:
        fields.read_body({"b": 1, "c": None, "d": None, "e": 2}, wanted)
    assert caught.value.message == (
        "Invalid request. a is required; b must be true or false; d must be a string; e is not allowed."
    )


def test_an_update_must_change_something() -> None:
    with pytest.raises(ApiError, match="give at least one of a, b"):
        fields.read_body(None, {"a": fields.note(), "b": fields.note()}, at_least_one=True)


@given(JSON)
def test_any_body_is_read_or_refused(body: JsonValue) -> None:
    wanted = {
        "name": fields.text(required=True),
        "many": fields.items(fields.record({"n": fields.number(whole=True)})),
    }
    try:
        assert fields.read_body(body, wanted)["name"]
    except ApiError as error:
        assert error.status == 400  # noqa: PT017 - either outcome is right


@given(JSON)
def test_conversions_never_fail(value: JsonValue) -> None:
    assert isinstance(as_object(value), dict)
    assert isinstance(as_list(value), list)
    assert isinstance(as_int(value), int)


@given(st.integers(0, 40), st.integers(0, 12), st.integers(1, 100))
def test_pages_cover_every_item_once(total: int, page: int, size: int) -> None:
    items = list(range(total))
    assert (
        Filters({"current_page": str(page), "page_size": str(size)}).cut(items) == items[page * size :][:size]
    )
    one_based = Filters({"page": str(page + 1)}, page="page", first_page=1, default_size=size)
    assert one_based.cut(items) == items[page * size :][:size]


@pytest.mark.parametrize("value", ["0", "101", "-1", "1.0", "ten", "²", "9" * 30])
def test_page_size_has_bounds(value: str) -> None:
    with pytest.raises(ApiError, match="page_size must be an integer from 1 to 100"):
        Filters({"page_size": value})


def test_all_problems_of_a_query_are_reported_at_once() -> None:
    with pytest.raises(ApiError) as caught:
        Filters({"current_page": "-1", "page_size": "0", "role": "admin,boss"}, choices={"role": ("admin",)})
    assert caught.value.message == (
        "Invalid request. current_page must be an integer of at least 0;"
        " page_size must be an integer from 1 to 100; role must be one of admin."
    )


def test_empty_parameters_count_as_absent() -> None:
    filters = Filters({"page_size": "", "name": ""})
    assert filters.one("name") is None
    assert filters.many("status") == []
    assert filters.listing([{"id": 1}]) == {"object": "list", "total": 1, "data": [{"id": 1}]}


def test_search_ignores_case() -> None:
    assert matches("tick", "Ticket", None)
    assert matches(None)
    assert not matches("x", "Ticket")
