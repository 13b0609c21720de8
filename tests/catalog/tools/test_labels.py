"""The label tools, each against the sandbox: what arrives there and what comes back."""

from __future__ import annotations

import re

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from app.catalog.arguments import InvalidArgumentsError, validate
from app.sandbox.company import ORGANISATION_ID
from app.sandbox.ids import seed_id
from tests.catalog.desk import TOOLS, Desk, told

ALL = "/v1/labels"
CANARY = seed_id("label", "canary")


async def test_create_prompt_label_with_a_name_alone(desk: Desk) -> None:
    made = await desk.good("create_prompt_label", name="beta")
    assert await desk.sent() == ("POST", ALL, "", {"name": "beta"})
    assert (await desk.good("get_prompt_label", label_id=made["id"]))["is_universal"] is True


async def test_create_prompt_label_for_a_workspace(desk: Desk) -> None:
    body = {
        "name": "beta",
        "organisation_id": ORGANISATION_ID,
        "workspace_id": "ws-staging",
        "description": "",
        "color_code": "#1a7F37",
    }
    made = await desk.good("create_prompt_label", **body)
    assert (await desk.sent())[3] == body
    assert (await desk.good("get_prompt_label", label_id=made["id"]))["is_universal"] is False


@pytest.mark.parametrize("name", ["latest", "default", "42", "two words", "a@b", ""])
@pytest.mark.parametrize("tool", ["create_prompt_label", "update_prompt_label"])
async def test_a_name_may_not_look_like_a_version(desk: Desk, tool: str, name: str) -> None:
    which = {} if tool == "create_prompt_label" else {"label_id": CANARY}
    error = await desk.bad(tool, **which, name=name, color_code="green")
    assert error["problems"] == [
        {
            "argument": "name",
            "problem": "must be letters, digits, - or _, and not latest, default or digits alone",
        },
        {"argument": "color_code", "problem": "does not have the form ^#[0-9A-Fa-f]{6}$"},
    ]
    assert await desk.requests() == []


@example("\x1f")
@example("\xa0")
@example("\ufeff")
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.one_of(
        st.text(max_size=6),
        st.from_regex(r"(latest|default|[0-9]{1,3})[a-z\n-]?", fullmatch=True),
        st.from_regex(r"[\w@ -]{1,4}", fullmatch=True),
    )
)
def test_names_are_those_of_portkeys_description(name: str) -> None:
    # The pattern as published, in Python's spelling of JavaScript's $, \d and \s.
    blanks = "\t\n\v\f\r \xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff"
    published = rf"^(?!latest\Z)(?!default\Z)(?![0-9]+\Z)[a-zA-Z0-9_-]*[^@{blanks}]?[a-zA-Z0-9_-]*\Z"
    try:
        validate(TOOLS["create_prompt_label"], {"name": name})
    except InvalidArgumentsError:
        taken = False
    else:
        taken = True
    assert taken is bool(name and re.match(published, name))


async def test_list_prompt_labels(desk: Desk) -> None:
    data = await desk.good(
        "list_prompt_labels",
        organisation_id=ORGANISATION_ID,
        workspace_id="ws-production",
        search="a",
        page_size=2,
        current_page=0,
    )
    _, path, query, _ = await desk.sent()
    assert path == ALL
    assert query == (
        f"page_size=2&current_page=0&organisation_id={ORGANISATION_ID}&workspace_id=ws-production&search=a"
    )
    assert [label["name"] for label in data["data"]] == ["staging", "archive"]
    assert data["next_page"] == {"current_page": 1, "items_left": 1}
    assert (await desk.bad("list_prompt_labels", page_size=101))["code"] == "invalid_arguments"


async def test_get_prompt_label_says_where_to_look(desk: Desk) -> None:
    data = await desk.good("get_prompt_label", label_id=CANARY, workspace_id="ws-production")
    assert await desk.sent() == ("GET", f"{ALL}/{CANARY}", "workspace_id=ws-production", None)
    assert data["color_code"] == "#8250DF"
    assert (await desk.bad("get_prompt_label", label_id=CANARY, organisation_id="other"))["status"] == 404


async def test_update_prompt_label_sends_what_is_given(desk: Desk) -> None:
    assert await desk.good("update_prompt_label", label_id=CANARY, description="") == {
        "success": True,
        "label_id": CANARY,
    }
    assert await desk.sent() == ("PUT", f"{ALL}/{CANARY}", "", {"description": ""})
    error = await desk.bad("update_prompt_label", label_id=CANARY)
    assert "nothing to change: give at least one of name, description or color_code" in told(error)
    assert (await desk.bad("update_prompt_label", label_id=CANARY, name="staging"))["status"] == 409


async def test_delete_prompt_label(desk: Desk) -> None:
    assert await desk.good("delete_prompt_label", label_id=CANARY) == {"success": True, "label_id": CANARY}
    assert await desk.sent() == ("DELETE", f"{ALL}/{CANARY}", "", None)
    error = await desk.bad("delete_prompt_label", label_id=CANARY)
    assert error["next_step"] == "Find the right id with list_prompt_labels, then call again."
