"""The audit log tool, against the sandbox and against answers of other forms."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qsl

import pytest

from app.catalog.masking import MASK
from app.sandbox.company import ORGANISATION_ID, user_id
from tests.catalog.desk import Desk
from tests.catalog.scripted import Scripted


async def test_nothing_need_be_given(desk: Desk) -> None:
    data = await desk.good("list_audit_logs")
    assert await desk.sent() == ("GET", "/v1/audit-logs", "", None)
    assert data["total"] == len(data["records"]) == 5


async def test_every_filter_is_sent(desk: Desk) -> None:
    filters = {
        "organisation_id": ORGANISATION_ID,
        "workspace_id": "ws-production",
        "user_id": user_id("jonas"),
        "user_type": "user",
        "action": "update",
        "resource_type": "configs",
        "resource_id": "pc-1",
        "method": "PUT",
        "uri": "/v1/configs/pc-old-ch-07d2b8",
        "response_status_code": "200",
        "request_id": "r-1",
        "client_ip": "192.0.2.4",
        "country": "SE",
        "page_size": "10",
        "current_page": "0",
    }
    await desk.good("list_audit_logs", **filters, start_time="2026-01-01", end_time="2026-02-01T00:00:00Z")
    assert dict(parse_qsl((await desk.sent())[2])) == filters | {
        "start_time": "2026-01-01T00:00:00Z",
        "end_time": "2026-02-01T00:00:00Z",
    }


async def test_an_actor_is_a_user(desk: Desk) -> None:
    data = await desk.good("list_audit_logs", actor_id=user_id("hana"))
    assert (await desk.sent())[2] == f"user_id={user_id('hana')}"
    assert [record["action"] for record in data["records"]] == ["publish"]
    error = await desk.bad("list_audit_logs", actor_id="a", user_id="b")
    assert error["problems"][0]["problem"] == "actor_id cannot be combined with user_id"


async def test_pages_are_named(desk: Desk) -> None:
    data = await desk.good("list_audit_logs", page_size=2, current_page=1)
    assert data["next_page"] == {"current_page": 2, "items_left": 1}


async def test_bad_filters_are_refused_together(desk: Desk) -> None:
    error = await desk.bad("list_audit_logs", start_time="yesterday", method="GET", page_size=101)
    assert {problem["argument"] for problem in error["problems"]} == {"start_time", "method", "page_size"}
    assert await desk.requests() == []


async def test_a_change_made_by_a_tool_is_found_by_its_time_and_what_it_sent(desk: Desk) -> None:
    await desk.good("create_prompt_label", name="beta")
    data = await desk.good("list_audit_logs", start_time="-1h", end_time="+1h", uri="/v1/labels")
    (record,) = data["records"]
    assert (record["request_body"], record["query_params"]) == ({"name": "beta"}, {})
    assert record["request_headers"]["user-agent"] == "tests"


async def test_a_missing_scope_and_the_plan_are_named(desk: Desk) -> None:
    await desk.fault("status=403")
    error = await desk.bad("list_audit_logs")
    assert error["next_step"].startswith("Portkey offers this on the Enterprise plan only. The key needs")
    assert "audit_logs.list" in error["next_step"]


@pytest.mark.parametrize("list_name", ["records", "data"])
@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ({"name": "openai", "key": "short"}, {"name": "openai", "key": MASK}),
        (
            {"configurations": {"aws_region": "eu", "aws_secret_access_key": "x"}},
            {"configurations": {"aws_region": "eu", "aws_secret_access_key": MASK}},
        ),
        (
            {"auth_config": {"vault_auth_type": "token", "vault_token": "hvs"}},
            {"auth_config": {"vault_auth_type": MASK, "vault_token": MASK}},
        ),
        (
            [{"configurations": {"custom_headers": {"x-team": "a", "empty": ""}}}],
            [{"configurations": {"custom_headers": {"x-team": MASK, "empty": ""}}}],
        ),
        (
            {"conditions": [{"key": "metadata.team", "value": "a"}]},
            {"conditions": [{"key": "metadata.team", "value": "a"}]},
        ),
    ],
)
async def test_secrets_in_a_request_are_hidden(list_name: str, sent: Any, shown: Any) -> None:
    record = {
        "uri": "/v1/virtual-keys",
        "request_body": json.dumps(sent),
        "request_headers": json.dumps({"authorization": "Basic abc", "accept": "*/*"}),
        "query_params": "",
    }
    portkey = Scripted({"GET /audit-logs": {list_name: [record, "odd"], "total": 2}})
    first, second = (await Desk(portkey).good("list_audit_logs"))[list_name]
    assert first["request_body"] == shown
    assert first["request_headers"] == {"authorization": MASK, "accept": "*/*"}
    assert (first["query_params"], second) == ("", "odd")


async def test_a_deeply_nested_body_is_cut() -> None:
    body = "[" * 500 + "]" * 500
    outcome = await Desk(Scripted({"GET /audit-logs": {"records": [{"request_body": body}]}})).call(
        "list_audit_logs", {}
    )
    assert not outcome.is_error
    assert outcome.text.count("[") < len(body) / 2


async def test_a_body_that_was_cut_off_is_hidden_as_a_whole() -> None:
    cut: Any = {"records": [{"request_body": '{"key": "sk-secret', "uri": "/v1/virtual-keys"}]}
    data = await Desk(Scripted({"GET /audit-logs": cut})).good("list_audit_logs")
    assert data["records"] == [{"request_body": MASK, "uri": "/v1/virtual-keys"}]


@pytest.mark.parametrize("answer", [["odd"], {"records": None}, {"records": {"a": "b"}}, "text"])
async def test_an_answer_of_another_form_comes_through(answer: Any) -> None:
    outcome = await Desk(Scripted({"GET /audit-logs": answer})).call("list_audit_logs", {})
    assert not outcome.is_error
