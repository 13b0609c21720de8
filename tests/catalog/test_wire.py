from __future__ import annotations

from typing import Annotated, Any

import pytest

from app.catalog.arguments import validate
from app.catalog.inputs import (
    At,
    Encode,
    FreeObject,
    Implies,
    Inputs,
    InQuery,
    Local,
    OpenPart,
    Part,
    Spread,
    optional,
    required,
)
from app.catalog.tool import Endpoint, Risk, Tool, Workflow
from app.catalog.wire import as_flag, comma_list, json_text, reserved_members, to_request
from app.portkey.client import NO_BODY, ApiRequest


class Extra(OpenPart):
    known: int | None = optional("Known.")


class Inner(Part):
    names: list[str] | None = optional("Names.")


class Everything(Inputs):
    slug: str = required("Slug.")
    plain: str | None = optional("Plain.")
    first: Annotated[str | None, At("users.0.id")] = optional("First.")
    role: Annotated[str | None, At("users.0.role")] = optional("Role.")
    tag: Annotated[str | None, At("tags.0")] = optional("Tag.")
    forced: Annotated[list[bool] | None, InQuery("force")] = optional("Forced.")
    flag: Annotated[bool | None, At("deep.er.flag"), Encode(as_flag)] = optional("Flag.")
    text: Annotated[FreeObject | None, Encode(json_text)] = optional("Text.")
    extra: Annotated[Extra | None, Spread()] = optional("Extra.")
    many: dict[str, Inner] | None = optional("Many.")
    pair: tuple[int, float] | None = optional("Pair.")
    size: Annotated[int | None, Implies("start", 0)] = optional("Size.")
    start: int | None = optional("Start.")
    dry_run: Annotated[bool | None, Local()] = optional("Dry run.")


def _request(endpoint: Endpoint, **arguments: Any) -> ApiRequest:
    return to_request(endpoint, validate(_tool(endpoint), {"slug": "s", **arguments}))


def _tool(endpoint: Endpoint | Workflow) -> Tool:
    return Tool(
        name="do_it",
        domain="d",
        summary="s",
        risk=Risk.WRITE,
        idempotent=True,
        inputs=Everything,
        call=endpoint,
    )


PUT = Endpoint("PUT", "/things/{slug}", base="v2", fixed={"patch": True})
GET = Endpoint("GET", "/things/{slug}")
DELETE = Endpoint("DELETE", "/things/{slug}")


def test_each_input_goes_to_its_place() -> None:
    request = _request(
        PUT,
        plain="p",
        first="u-1",
        role="admin",
        tag="t",
        forced=[True, False],
        flag=True,
        text={"a": "ü"},
        extra={"known": 1, "unknown": {"x": None}},
        many={"m": {"names": ["n"]}},
        pair=[1, 2],
        dry_run=True,
    )
    assert (request.method, request.path, request.base) == ("PUT", "/things/{slug}", "v2")
    assert request.path_params == {"slug": "s"}
    assert request.query == [("force", "true"), ("force", "false")]
    assert request.body == {
        "plain": "p",
        "users": [{"id": "u-1", "role": "admin"}],
        "tags": ["t"],
        "deep": {"er": {"flag": 1}},
        "text": '{"a":"ü"}',
        "known": 1,
        "unknown": {"x": None},
        "many": {"m": {"names": ["n"]}},
        "pair": [1, 2],
        "patch": True,
    }


def test_without_a_body_inputs_go_into_the_query() -> None:
    request = _request(GET, plain="", start=0, pair=[1, 2.5])
    assert request.query == [("plain", ""), ("pair", "1"), ("pair", "2.5"), ("start", "0")]
    assert request.body is NO_BODY


def test_a_delete_has_a_body_when_an_input_says_so() -> None:
    assert _request(DELETE, plain="p").body is NO_BODY
    assert _request(DELETE, plain="p", tag="t").body == {"tags": ["t"]}


def test_a_post_always_has_a_body() -> None:
    assert _request(Endpoint("POST", "/things/{slug}/run")).body == {}


def test_an_input_implies_another_unless_that_is_given() -> None:
    assert _request(GET, size=5).query == [("size", "5"), ("start", "0")]
    assert _request(GET, size=5, start=2).query == [("size", "5"), ("start", "2")]
    assert _request(GET, start=2).query == [("start", "2")]


def test_members_that_a_tool_fills_itself_are_reserved() -> None:
    assert reserved_members(_tool(PUT)) >= {"plain", "users", "tags", "deep", "patch"}
    assert not reserved_members(_tool(PUT)) & {"slug", "extra", "dry_run"}
    assert reserved_members(_tool(Workflow(_nothing))) == frozenset()


async def _nothing(inputs: Any, run: Any) -> None:
    """A workflow."""


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        (["a", "b"], "a,b"),
        (["a"], "a"),
        ([], ""),
        ("a,b", "a,b"),
        ([200, 404], "200,404"),
        ([True, 1.5], "true,1.5"),
    ],
)
def test_a_list_may_be_sent_as_one_text_with_commas(given: Any, sent: str) -> None:
    assert comma_list(given) == sent


def test_an_object_may_be_sent_as_json_text() -> None:
    assert json_text({"team": "Zürich", "n": [1]}) == '{"team":"Zürich","n":[1]}'
