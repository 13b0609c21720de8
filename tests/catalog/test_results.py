from __future__ import annotations

import json
from typing import Any

import pytest

from app.catalog.arguments import ArgumentProblem, InvalidArgumentsError
from app.catalog.inputs import Identifier, Inputs, required
from app.catalog.masking import MASK
from app.catalog.results import SHOWN_ONCE, crashed, failed, refused, succeeded
from app.catalog.tool import Endpoint, Risk, Tool
from app.catalog.tools.workspaces import ListWorkspaces, ScimPaged
from app.portkey.errors import PortkeyError


class OneBased(ScimPaged):
    first_page = 1


def _tool(**given: Any) -> Tool:
    base: Any = {
        "name": "get_it",
        "domain": "d",
        "summary": "s",
        "risk": Risk.READ,
        "call": Endpoint("GET", "/"),
    }
    return Tool(**base | given)


def _data(data: Any, with_inputs: Inputs | None = None, **given: Any) -> Any:
    outcome = succeeded(_tool(**given), with_inputs or Inputs(), data)
    assert not outcome.is_error
    assert json.loads(outcome.text) == outcome.data
    return outcome.data


@pytest.mark.parametrize(
    ("answer", "shown"),
    [
        ({"a": 1}, {"a": 1}),
        ([1, 2], {"data": [1, 2]}),
        (None, {"success": True}),
        ("done", {"success": True, "answer": "done"}),
        (0, {"success": True, "answer": 0}),
    ],
)
def test_every_answer_becomes_an_object(answer: Any, shown: Any) -> None:
    assert _data(answer) == shown


class InWorkspace(Inputs):
    workspace_id: Identifier = required("Id.")
    user_id: Identifier = required("Id.")
    role: str = required("Role.")


WRITE: Any = {"risk": Risk.WRITE, "idempotent": False}


@pytest.mark.parametrize("nothing", [{}, None])
@pytest.mark.parametrize("risk", [Risk.WRITE, Risk.DESTRUCTIVE])
def test_a_write_that_portkey_answers_with_nothing_says_what_was_done(nothing: Any, risk: Any) -> None:
    inputs = InWorkspace(workspace_id="ws-a", user_id="u-1", role="admin")
    call = Endpoint("PUT", "/admin/workspaces/{workspace_id}/users/{user_id}")
    assert _data(nothing, inputs, risk=risk, idempotent=True, call=call, inputs=InWorkspace) == {
        "success": True,
        "workspace_id": "ws-a",
        "user_id": "u-1",
    }


def test_a_write_that_names_nothing_in_its_path_still_says_that_it_succeeded() -> None:
    assert _data({}, **WRITE) == {"success": True}


@pytest.mark.parametrize("answer", [{"success": False}, {"id": "a"}, {"data": {}}])
def test_what_portkey_says_of_a_write_stays_as_it_is(answer: Any) -> None:
    call = Endpoint("PUT", "/users/{user_id}/{workspace_id}")
    inputs = InWorkspace(workspace_id="ws-a", user_id="u-1", role="admin")
    assert _data(answer, inputs, call=call, inputs=InWorkspace, **WRITE) == answer


def test_an_empty_answer_of_a_read_stays_empty() -> None:
    assert _data({}) == {}


def test_json_text_is_decoded_where_it_is_declared() -> None:
    call = Endpoint("GET", "/", json_text=("config", "data.*.config", "none.at.all"))
    answer = {
        "config": '{"a": 1}',
        "data": [
            {"config": "[1]"},
            {"config": "no json"},
            {"config": {"b": 2}},
            "odd",
            {"config": '"\\ud800"'},
        ],
        "other": "{}",
        "none": 5,
    }
    assert _data(answer, call=call) == {
        "config": {"a": 1},
        "data": [
            {"config": [1]},
            {"config": "no json"},
            {"config": {"b": 2}},
            "odd",
            {"config": '"\\ud800"'},
        ],
        "other": "{}",
        "none": 5,
    }


def test_numbers_as_text_become_numbers_where_it_is_declared() -> None:
    call = Endpoint("GET", "/", numbers=("data.*.cost", "data.*.none"))
    texts: list[Any] = [
        "7421",
        "0",
        "-3",
        "12.5",
        "0.07",
        "",
        "-",
        "1e3",
        "01",
        "1,5",
        "\u0661",
        "9" * 17,
        "n/a",
        None,
        4,
        {},
    ]
    answer = {"data": [{"cost": text, "id": "17"} for text in texts], "total": "3"}
    shown = _data(answer, call=call)
    assert [item["cost"] for item in shown["data"]] == [7421, 0, -3, 12.5, 0.07, *texts[5:]]
    assert {item["id"] for item in shown["data"]} == {"17"}
    assert shown["total"] == "3"


def test_what_does_not_fit_is_told_once() -> None:
    problems = (ArgumentProblem("slug", "is required"), ArgumentProblem("", "give one of a or b"))
    outcome = refused(InvalidArgumentsError(problems))
    error: Any = outcome.data["error"]
    assert error["message"] == "The arguments do not fit. Nothing was sent."
    assert error["problems"] == [
        {"argument": "slug", "problem": "is required"},
        {"argument": "", "problem": "give one of a or b"},
    ]
    assert outcome.text.count("is required") == outcome.text.count("give one of") == 1


def test_secrets_are_hidden_unless_they_are_the_answer() -> None:
    assert _data({"api_key": "k"}) == {"api_key": MASK}
    assert _data({"api_key": "k"}, one_time_secret=True) == {"api_key": "k", "one_time_secret": SHOWN_ONCE}


@pytest.mark.parametrize("envelope", ["data", "result"])
def test_a_new_secret_may_stand_in_an_envelope(envelope: str) -> None:
    answer = {"success": True, envelope: {"id": "a", "key": "pk-new"}}
    assert _data(answer, one_time_secret=True) == {**answer, "one_time_secret": SHOWN_ONCE}


def test_what_else_is_secret_in_the_answer_with_a_new_secret_is_hidden() -> None:
    answer = {"key": "pk-new", "configurations": {"api_key": "old"}, "targets": [{"password": "old"}]}
    assert _data(answer, one_time_secret=True) == {
        "key": "pk-new",
        "configurations": {"api_key": MASK},
        "targets": [{"password": MASK}],
        "one_time_secret": SHOWN_ONCE,
    }


def test_an_answer_without_a_new_secret_promises_none() -> None:
    answer = {"success": True, "key": None, "settings": {"client_secret": "old"}}
    assert _data(answer, one_time_secret=True) == {
        "success": True,
        "key": None,
        "settings": {"client_secret": MASK},
    }


def test_an_answer_deeper_than_the_encoder_goes_is_still_an_answer() -> None:
    deep: Any = 1
    for _ in range(400):
        deep = [deep]
    outcome = succeeded(_tool(one_time_secret=True), Inputs(), {"key": deep})
    assert outcome.text.startswith('{"key":[[[')
    assert "left out" in succeeded(_tool(), Inputs(), {"key": deep}).text


@pytest.mark.parametrize(
    ("inputs", "answer", "expected"),
    [
        (ListWorkspaces(), {"data": [1, 2], "total": 5}, {"current_page": 1, "items_left": 3}),
        (
            ListWorkspaces(current_page=0, page_size=2),
            {"data": [1, 2], "total": 5},
            {"current_page": 1, "items_left": 3},
        ),
        (
            ListWorkspaces(current_page=1, page_size=2),
            {"data": [3, 4], "total": 5},
            {"current_page": 2, "items_left": 1},
        ),
        (ListWorkspaces(current_page=2, page_size=2), {"data": [5], "total": 5}, None),
        (ListWorkspaces(page_size=5), {"data": [1, 2, 3, 4, 5], "total": 5}, None),
        # Without a size we do not know how many came before.
        (ListWorkspaces(current_page=1), {"data": [1, 2], "total": 9}, {"current_page": 2}),
        (ListWorkspaces(current_page=9, page_size=2), {"data": [], "total": 5}, None),
        (ListWorkspaces(), {"data": [1]}, None),
        (ListWorkspaces(), {"data": {"a": 1}, "total": 5}, None),
        (ListWorkspaces(), {"data": [1], "total": "5"}, None),
        (ScimPaged(page_size=1), {"mappings": [1], "total_count": 2}, {"page": 1, "items_left": 1}),
        (ScimPaged(page_size=1), {"a": [1], "b": [2], "total_count": 2}, None),
        (OneBased(page=1, page_size=2), {"data": [1, 2], "total": 5}, {"page": 2, "items_left": 3}),
        (OneBased(page_size=2), {"data": [1, 2], "total": 3}, {"page": 2, "items_left": 1}),
        (OneBased(page=2, page_size=2), {"data": [3], "total": 3}, None),
        (Inputs(), {"data": [1], "total": 5}, None),
    ],
)
def test_the_next_page_is_named_when_there_is_one(inputs: Inputs, answer: Any, expected: Any) -> None:
    assert _data(answer, inputs).get("next_page") == expected


def _error(error: PortkeyError, **given: Any) -> Any:
    outcome = failed(_tool(**given), error)
    assert outcome.is_error
    assert json.loads(outcome.text) == outcome.data
    return outcome.data["error"]


def test_an_error_keeps_what_portkey_said() -> None:
    error = PortkeyError(
        "No.",
        next_step="Wait.",
        status=429,
        code="AB02",
        retryable=True,
        request_id="r-1",
        may_have_applied=False,
    )
    assert _error(error) == {
        "message": "No.",
        "status": 429,
        "code": "AB02",
        "retryable": True,
        "next_step": "Wait.",
        "portkey_request_id": "r-1",
    }


def test_what_is_not_known_is_not_told() -> None:
    assert _error(PortkeyError("No.", next_step="Look.")) == {
        "message": "No.",
        "retryable": False,
        "next_step": "Look.",
    }


CORRECT = "Correct what the message names, then call again"
GRANT = (
    "The key needs the scope a.read: an organisation owner or admin can grant it in Portkey under API Keys."
)


@pytest.mark.parametrize(
    ("status", "applied", "given", "step"),
    [
        (
            403,
            False,
            {"scopes": ("a.read",)},
            GRANT,
        ),
        (
            403,
            False,
            {"enterprise": True, "scopes": ("a.read",)},
            f"Portkey offers this on the Enterprise plan only. {GRANT}",
        ),
        (403, False, {}, "As Portkey says."),
        (404, False, {"lookup": "list_its"}, "Find the right id with list_its, then call again."),
        (404, False, {"lookup": ("a", "b")}, "Find the right id with a and b, then call again."),
        (404, False, {}, "As Portkey says."),
        (
            400,
            False,
            {**WRITE, "lookup": "list_its", "form": "get_it"},
            f"{CORRECT}; get_it shows what a right one looks like.",
        ),
        (
            422,
            False,
            {"lookup": ("a", "b")},
            f"{CORRECT}; find ids with a and b.",
        ),
        (
            400,
            False,
            {"domain": "configs"},
            f"{CORRECT}; portkey-admin://tools/configs says more of its tools.",
        ),
        (
            502,
            True,
            {**WRITE, "lookup": "list_its"},
            "Check with list_its whether it was applied before you repeat it.",
        ),
        (502, True, WRITE, "As Portkey says."),
        (502, True, {}, "Nothing was changed: call again."),
    ],
)
def test_the_next_step_fits_the_tool(status: int, applied: bool, given: Any, step: str) -> None:  # noqa: FBT001 - a case
    error = PortkeyError("No.", next_step="As Portkey says.", status=status, may_have_applied=applied)
    assert _error(error, **given)["next_step"] == step


def test_a_write_that_may_have_happened_says_so() -> None:
    error = PortkeyError("Lost.", next_step="Check.", may_have_applied=True)
    assert _error(error, **WRITE)["may_have_been_applied"] is True
    assert "may_have_been_applied" not in _error(error)


def test_a_crash_tells_nothing_but_its_reference() -> None:
    outcome = crashed("get_it", "ref-7")
    assert outcome.is_error
    error: Any = outcome.data["error"]
    assert (error["code"], error["reference"]) == ("internal_error", "ref-7")
    assert error["message"].startswith("get_it failed inside portkey-admin-mcp")
