from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.catalog.workflows.prompt_comparison import differences, lacks, same_json

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(JSON)
def test_a_value_is_the_same_json_as_itself(value: Any) -> None:
    assert same_json(value, value)


@pytest.mark.parametrize(
    ("left", "right", "same"),
    [
        (1, 1.0, True),
        (1, True, False),
        ([0], [False], False),
        ({"a": None}, {}, False),
        ([1, 2], [1], False),
        ({"a": [1, {"b": 2}]}, {"a": [1, {"b": 2}]}, True),
        ("1", 1, False),
    ],
)
def test_same_json(left: Any, right: Any, same: bool) -> None:  # noqa: FBT001 - an expected value
    assert same_json(left, right) is same
    assert same_json(right, left) is same


@pytest.mark.parametrize(
    ("name", "held", "wanted", "differs"),
    [
        ("string", '[{"role": "user"}]', '[{"role":"user"}]', False),
        ("string", '{"a": 1}', '{"a":1}', True),
        ("string", None, "x", True),
        ("string", "[1", "[1]", True),
        ("string", "[1]", "[2]", True),
        ("parameters", {"n": 1, "model": "m"}, {"n": 1}, False),
        ("parameters", {"n": 1, "model": "m"}, {"n": 1, "model": "other"}, True),
        ("parameters", None, {}, True),
        ("functions", None, [], False),
        ("tools", [{"a": 1}], [], True),
        ("is_raw_template", True, 1, False),
        ("is_raw_template", None, 0, False),
        ("model", None, "m", True),
    ],
)
def test_differences(name: str, held: Any, wanted: Any, differs: bool) -> None:  # noqa: FBT001 - an expected value
    assert differences({name: held}, {name: wanted}) == ([name] if differs else [])


def test_metadata_lacks_what_it_does_not_hold() -> None:
    assert not lacks({"app": "a", "more": 1}, {"app": "a"})
    assert lacks({"app": None}, {"app": "a"})
    assert lacks({}, {"app": None})
    assert lacks(None, {"app": "a"})
