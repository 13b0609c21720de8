from __future__ import annotations

import json
from typing import Any

import pytest

from app.catalog.projection import LONG_ANSWERS, MAX_PATHS, parse, project, takes_fields
from tests.catalog.desk import FORMS, TOOLS, Desk

LIST: Any = {
    "object": "list",
    "total": 7,
    "has_more": True,
    "data": [
        {"id": "a", "name": "A", "limits": {"cost": 1, "rate": [{"unit": "rpm", "value": 5}]}},
        {"id": "b", "name": "B", "limits": None, "object": "thing"},
    ],
}


def _projected(answer: Any, fields: Any) -> Any:
    wanted = parse(fields)
    assert wanted
    return project(answer, wanted)


@pytest.mark.parametrize("fields", ["id", "data.id", "data.*.id", "data[].id", ["id"], '["id"]', " id , id"])
def test_a_list_keeps_only_the_wanted_members_of_its_items(fields: Any) -> None:
    assert _projected(LIST, fields) == {
        "object": "list",
        "total": 7,
        "has_more": True,
        "data": [{"id": "a"}, {"id": "b"}],
    }


def test_paths_go_into_objects_and_lists() -> None:
    assert _projected(LIST, "name,limits.rate.unit")["data"] == [
        {"name": "A", "limits": {"rate": [{"unit": "rpm"}]}},
        {"name": "B"},
    ]


def test_a_whole_object_is_wanted_by_its_name() -> None:
    assert _projected(LIST, "limits,limits.cost")["data"] == [
        {"limits": LIST["data"][0]["limits"]},
        {"limits": None},
    ]


def test_what_is_nowhere_is_named_with_what_is_there() -> None:
    answer = _projected(LIST, "id,nam,limits.colour")
    assert answer["data"] == [{"id": "a"}, {"id": "b"}]
    assert answer["unknown_fields"] == ["nam", "limits.colour"]
    assert answer["fields_here"] == ["id", "name", "limits", "object"]


def test_nothing_is_unknown_of_an_empty_list() -> None:
    assert _projected({"total": 0, "data": []}, "id") == {"total": 0, "data": []}


def test_an_object_keeps_only_the_wanted_members() -> None:
    thing = {"id": "a", "name": "A", "tags": [{"key": "x", "value": 1}], "object": "thing"}
    assert _projected(thing, "name,tags.key") == {"name": "A", "tags": [{"key": "x"}]}


def test_an_object_in_an_envelope_is_looked_into() -> None:
    assert _projected({"success": True, "data": {"id": "a", "name": "A"}}, "name") == {
        "success": True,
        "data": {"name": "A"},
    }


def test_a_list_under_another_name_is_found() -> None:
    mappings = {"total_count": 2, "mappings": [{"id": 1, "role": "admin"}, {"id": 2, "role": "member"}]}
    assert _projected(mappings, "role") == {
        "total_count": 2,
        "mappings": [{"role": "admin"}, {"role": "member"}],
    }


def test_a_graph_is_taken_apart_from_its_top() -> None:
    graph = {
        "summary": {"total": 3, "avg": 1},
        "data_points": [{"timestamp": "t", "total": 3}],
        "object": "g",
    }
    assert _projected(graph, "summary.total,data_points.timestamp") == {
        "summary": {"total": 3},
        "data_points": [{"timestamp": "t"}],
    }


@pytest.mark.parametrize("nothing", [None, "", " , ", [], "*"])
def test_asking_for_nothing_changes_nothing(nothing: Any) -> None:
    assert parse(nothing) is None


@pytest.mark.parametrize("bad", [5, {"id": 1}, [1], True])
def test_what_is_no_path_is_refused(bad: Any) -> None:
    with pytest.raises(ValueError, match="must be dotted paths with commas between them"):
        parse(bad)


@pytest.mark.parametrize("long", [",".join(f"f{n}" for n in range(MAX_PATHS + 1)), "f" * 5000])
def test_too_many_paths_are_refused(long: str) -> None:
    with pytest.raises(ValueError, match="at most"):
        parse(long)


def test_every_tool_that_lists_or_gets_takes_the_argument_and_no_other() -> None:
    for name, tool in TOOLS.items():
        assert takes_fields(tool) is (tool.risk == "read" and name.startswith(("list_", "get_")))
        assert "fields" not in tool.inputs.model_fields


def test_the_argument_is_listed_where_answers_are_long() -> None:
    assert TOOLS.keys() >= LONG_ANSWERS
    forms: Any = FORMS
    listed = {name for name, form in forms.items() if "fields" in form["inputSchema"]["properties"]}
    assert listed == {name for name in TOOLS if name.startswith("list_")} | LONG_ANSWERS


async def test_fields_work_where_they_are_not_listed(desk: Desk) -> None:
    assert "fields" not in json.dumps(FORMS["get_collection"])
    (collection, *_) = (await desk.good("list_collections"))["data"]
    data = await desk.good("get_collection", collection_id=collection["slug"], fields="name")
    assert data == {"name": collection["name"]}


async def test_fields_steer_this_service_and_are_not_sent(desk: Desk) -> None:
    data = await desk.good("list_configs", fields="slug,name,colour", page_size=2)
    assert await desk.sent() == ("GET", "/v1/configs", "page_size=2", None)
    assert {frozenset(config) for config in data["data"]} == {frozenset({"slug", "name"})}
    assert data["total"] > 2
    assert data["next_page"]["current_page"] == 1
    assert data["unknown_fields"] == ["colour"]


async def test_fields_of_a_tool_that_writes_are_unknown(desk: Desk) -> None:
    error = await desk.bad("delete_config", slug="pc-checko-2b7f10", fields="slug")
    assert error["problems"][0]["argument"] == "fields"


async def test_bad_fields_are_told_beside_the_other_problems(desk: Desk) -> None:
    error = await desk.bad("list_configs", fields=7, page_size=0)
    assert {problem["argument"] for problem in error["problems"]} == {"fields", "page_size"}
