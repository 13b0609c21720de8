from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.catalog.bounds import DEFAULT_LIMIT, bounded, compact
from app.catalog.inputs import Inputs
from app.catalog.results import succeeded
from app.catalog.tools.workspaces import ListWorkspaces
from app.sandbox.application import Sandbox
from tests.catalog.desk import TOOLS, Desk, toolbox_over

LIST_TOOL = TOOLS["list_workspaces"]
GET_TOOL = TOOLS["get_config"]


def _items(count: int, size: int = 900) -> list[Any]:
    return [{"id": number, "text": "x" * size} for number in range(count)]


def _bounded(answer: Any, limit: int = 10_000, inputs: Inputs | None = None) -> Any:
    data, text = bounded(LIST_TOOL, inputs or ListWorkspaces(), answer, limit)
    assert json.loads(text) == data
    assert len(text.encode()) <= limit
    return data


def test_a_small_answer_stays_as_it_is() -> None:
    answer: Any = {"total": 3, "data": _items(3)}
    data, text = bounded(LIST_TOOL, ListWorkspaces(), answer, DEFAULT_LIMIT)
    assert data is answer
    assert text == compact(answer)


def test_a_long_list_is_cut_between_two_items_and_says_how_to_go_on() -> None:
    data = _bounded({"object": "list", "total": 300, "data": _items(100)})
    shown = len(data["data"])
    assert data["data"] == _items(shown)
    assert (data["object"], data["total"]) == ("list", 300)
    assert data["cut"]["shown"] == shown
    assert data["cut"]["left_out"] == 100 - shown
    assert {"fields", "page_size", "name"} <= set(data["cut"]["narrow_with"])
    assert data["next_page"] == {"current_page": 1, "page_size": shown}


@pytest.mark.parametrize(("page", "size"), [(0, 50), (1, 40), (3, 100), (7, 13)])
def test_the_next_page_of_a_cut_list_leaves_no_gap(page: int, size: int) -> None:
    items = _items(size)
    inputs = ListWorkspaces(current_page=page, page_size=size)
    data = _bounded({"total": 10_000, "data": items}, inputs=inputs)
    shown = len(data["data"])
    following = data["next_page"]
    first = following["current_page"] * following["page_size"]
    assert following["page_size"] == shown < size
    assert page * size < first <= page * size + shown


def test_a_page_of_unknown_place_says_only_how_many_fit() -> None:
    data = _bounded({"total": 10_000, "data": _items(50)}, inputs=ListWorkspaces(current_page=2))
    assert data["cut"]["page_size"] == len(data["data"])
    assert "next_page" not in data


def test_a_list_without_pages_is_cut_too() -> None:
    answer: Any = {"data": _items(100)}
    data, text = bounded(TOOLS["list_prompt_versions"], Inputs(), answer, 10_000)
    assert len(text) <= 10_000
    assert data["cut"]["narrow_with"] == ["fields"]  # type: ignore[index,call-overload]
    assert "next_page" not in data


def test_long_texts_in_an_object_are_cut_and_marked() -> None:
    data, text = bounded(GET_TOOL, Inputs(), {"id": "a", "note": "n" * 200_000, "short": "s" * 900}, 20_000)
    assert len(text) <= 20_000
    assert (data["id"], data["short"]) == ("a", "s" * 900)
    assert str(data["note"]).endswith("more characters cut by portkey-admin-mcp]")
    cut: Any = data["cut"]
    assert cut["bytes"] > 200_000
    assert cut["narrow_with"] == ["fields"]


def test_long_lists_in_an_object_are_cut_and_marked() -> None:
    answer: Any = {"id": "a", "deep": {"points": list(range(100_000))}, "more": list(range(100_000))}
    data, text = bounded(GET_TOOL, Inputs(), answer, 20_000)
    assert len(text) <= 20_000
    deep: Any = data["deep"]
    assert deep["points"][:3] == [0, 1, 2]
    assert str(deep["points"][-1]).endswith("more items cut by portkey-admin-mcp]")


def test_what_fits_in_no_form_is_left_out_by_name() -> None:
    wide: Any = {"id": "a", "wide": {f"member{number}": number for number in range(10_000)}}
    data, text = bounded(GET_TOOL, Inputs(), wide, 20_000)
    assert len(text) <= 20_000
    assert data["id"] == "a"
    assert str(data["wide"]).startswith("[left out by portkey-admin-mcp: ")


def test_one_item_that_is_too_large_is_cut_like_an_object() -> None:
    data = _bounded({"total": 2, "data": _items(2, size=50_000)})
    assert [item["id"] for item in data["data"]] == [0, 1]
    assert data["cut"]["limit"] == 10_000


def test_a_secret_that_is_shown_once_is_never_cut() -> None:
    tool = TOOLS["rotate_api_key"]
    outcome = succeeded(tool, Inputs(), {"id": "a", "key": "k" * 500, "rest": "r" * 50_000}, limit=1_000)
    assert outcome.data["key"] == "k" * 500
    assert outcome.data["rest"] == "r" * 50_000


async def test_the_limit_is_a_setting_of_the_toolbox(sandbox: Sandbox) -> None:
    desk = Desk(sandbox)
    desk.toolbox, _ = toolbox_over(sandbox, max_result_bytes=1_500)
    data = await desk.good("list_configs")
    assert data["cut"]["left_out"] > 0
    narrow = await desk.good("list_configs", fields="slug")
    assert "cut" not in narrow


leaves = st.none() | st.booleans() | st.integers() | st.text(max_size=300)
trees = st.recursive(
    leaves, lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=9), inner), max_leaves=60
)


@given(st.dictionaries(st.text(max_size=9), trees, max_size=20))
def test_any_answer_comes_out_within_the_limit(answer: Any) -> None:
    _, text = bounded(LIST_TOOL, ListWorkspaces(), answer, 4_000)
    assert len(text.encode()) <= 4_000
