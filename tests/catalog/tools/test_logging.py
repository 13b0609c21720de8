"""The logging tools, each against the sandbox: what arrives there and what comes back."""

from __future__ import annotations

from typing import Any

import pytest

from app.catalog.masking import MASK
from app.catalog.registry import load_tools
from app.catalog.snapshot import wire_form
from tests.catalog import desk as desks
from tests.catalog.calls import Call
from tests.catalog.calls.logging import ALL, CALLS, DRAFT, FILTERS, LOG, WHOLE_LOG
from tests.catalog.calls.tracing import a_log
from tests.catalog.desk import Desk, told

TOOLS = {tool.name: tool for tool in load_tools(["logging"])}
FORMS = {name: wire_form(tool) for name, tool in TOOLS.items()}
ENTRY: dict[str, Any] = {
    "request": {"url": "https://llm.example", "body": {}, "headers": {"a": "b"}},
    "response": {"body": {}, "status": 503, "streamingMode": True},
    "metadata": {"traceId": "batch-8", "n": 1},
}
PERIOD = {"time_min": "2026-02-01", "time_max": "2026-02-08T12:00:00+02:00"}
AS_ISO = {"time_of_generation_min": "2026-02-01T00:00:00Z", "time_of_generation_max": "2026-02-08T10:00:00Z"}


@pytest.fixture(autouse=True)
def _offered(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, tool in TOOLS.items():
        monkeypatch.setitem(desks.TOOLS, name, tool)
        monkeypatch.setitem(desks.FORMS, name, FORMS[name])


def arguments(given: Any) -> dict[str, Any]:
    return {name: value(None) if callable(value) else value for name, value in given.items()}


def test_there_is_a_call_of_every_tool_in_order() -> None:
    assert [call.tool for call in CALLS] == list(TOOLS)


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.tool)
async def test_with_as_little_as_there_must_be(desk: Desk, call: Call) -> None:
    await desk.good(call.tool, **arguments(call.minimal))
    method, path, *_ = await desk.sent()
    assert (method, path) == call.sends


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.tool)
async def test_with_every_argument(desk: Desk, call: Call) -> None:
    given = arguments(call.everything)
    assert given.keys() | {"entries"} >= TOOLS[call.tool].inputs.model_fields.keys()
    await desk.good(call.tool, **given)


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.tool)
async def test_a_failure_is_an_error(desk: Desk, call: Call) -> None:
    error = await desk.bad(call.tool, **arguments(call.failing))
    assert error["message"]
    assert error["next_step"]


async def test_the_headers_of_a_log_keep_their_secrets(desk: Desk) -> None:
    log = await desk.good("get_log", log_id=a_log().id)
    assert log["request"]["headers"] == {"content-type": "application/json", "authorization": MASK}
    assert log["request"]["portkeyHeaders"]["x-portkey-trace-id"] == a_log().trace_id


async def test_a_log_of_the_second_format_is_found_by_its_time(desk: Desk) -> None:
    error = await desk.bad("get_log", log_id="x", path_format="v2")
    assert "path_format v2 needs created_at" in told(error)
    assert await desk.requests() == []


async def test_a_whole_log_is_sent_in_its_three_parts(desk: Desk) -> None:
    await desk.good("insert_log", **WHOLE_LOG)
    assert (await desk.sent())[3] == {
        "request": {
            "url": LOG["request_url"],
            "body": LOG["request_body"],
            "provider": "openai",
            "method": "post",
            "headers": {"x-team": "research"},
        },
        "response": {
            "body": LOG["response_body"],
            "status": 200,
            "headers": {"x-cost": "1"},
            "response_time": 812,
            "streamingMode": False,
        },
        "metadata": {
            "team": "research",
            "user": "amara",
            "organization": "brightwater",
            "traceId": "batch-7",
            "spanId": "s-2",
            "spanName": "rerank",
            "parentSpanId": "s-1",
        },
    }


async def test_only_what_is_given_of_a_log_is_sent(desk: Desk) -> None:
    await desk.good("insert_log", **LOG)
    body = {
        "request": {"url": LOG["request_url"], "body": LOG["request_body"]},
        "response": {"body": LOG["response_body"]},
    }
    assert await desk.sent() == ("POST", "/v1/logs", "", body)


async def test_several_logs_go_in_one_request(desk: Desk) -> None:
    entries = [ENTRY, {**ENTRY, "metadata": {}}]
    await desk.good("insert_log", entries=entries)
    assert (await desk.sent())[3] == entries


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({}, "give exactly one of request_url or entries"),
        (
            {**LOG, "entries": [{"request": {"url": "u", "body": {}}, "response": {"body": {}}}]},
            "exactly one",
        ),
        ({"request_url": "u"}, "request_url needs request_body and response_body"),
        ({"entries": [{"request": {"url": "u"}, "response": {}}]}, "entries.0.request.body: is required"),
        ({**LOG, "response_status": 1000}, "response_status: must be less than or equal to 599"),
    ],
)
async def test_half_a_log_is_not_sent(desk: Desk, given: dict[str, Any], problem: str) -> None:
    error = await desk.bad("insert_log", **given)
    assert problem in told(error)
    assert await desk.requests() == []


async def test_an_export_is_sent_with_all_its_filters(desk: Desk) -> None:
    created = await desk.good(
        "create_log_export",
        **PERIOD,
        requested_fields=["id", "cost"],
        filters=FILTERS,
        ai_model=["gpt-4o", "claude-3-5-sonnet"],
        cost_min=0,
    )
    assert created["object"] == "export"
    method, path, query, body = await desk.sent()
    assert (method, path, query) == ("POST", ALL, "")
    assert body == {
        "requested_data": ["id", "cost"],
        "filters": {
            **FILTERS,
            **AS_ISO,
            "ai_model": "gpt-4o,claude-3-5-sonnet",
            "cost_min": 0,
            "ai_org_model": "openai__gpt-4o",
            "virtual_keys": "openai-prod-4d1e7a",
            "status_code": "200,503",
        },
    }


async def test_other_names_of_filters_are_known_in_exports_too(desk: Desk) -> None:
    filters = {"status_codes": ["503"], "metadata_filter": '{"team": "risk"}'}
    await desk.good("create_log_export", **PERIOD, requested_fields=["id"], filters=filters)
    body = (await desk.sent())[3]
    assert body["filters"] == {"status_code": "503", "metadata": {"team": "risk"}, **AS_ISO}


async def test_what_analytics_alone_can_filter_by_is_refused_for_exports(desk: Desk) -> None:
    filters: dict[str, Any] = {"span_id": "s", "api_key_ids": "k"}
    error = await desk.bad("create_log_export", **PERIOD, requested_fields=["id", "secret"], filters=filters)
    at_fault = {problem["argument"] for problem in error["problems"]}
    assert at_fault == {"filters.span_id", "filters.api_key_ids", "requested_fields.1"}
    error = await desk.bad(
        "create_log_export", **PERIOD, requested_fields=["id"], cost_min=1, filters={"cost_min": 1}
    )
    assert "give cost_min in filters or beside it, not in both" in told(error)


async def test_a_change_of_an_export_sends_nothing_else(desk: Desk) -> None:
    await desk.good("update_log_export", export_id=DRAFT, time_of_generation_max="2026-02-08T10:00:00Z")
    filters = {"time_of_generation_max": AS_ISO["time_of_generation_max"]}
    assert await desk.sent() == ("PUT", f"{ALL}/{DRAFT}", "", {"filters": filters})
    error = await desk.bad("update_log_export", export_id=DRAFT)
    assert "nothing to change" in told(error)
    assert await desk.requests() == []
    error = await desk.bad("update_log_export", export_id=DRAFT, requested_fields=["id"])
    assert "filters is required" in error["message"]


async def test_an_export_from_draft_to_file(desk: Desk) -> None:
    created = await desk.good("create_log_export", time_min="-7d", time_max="now", requested_fields=["id"])
    export = {"export_id": created["id"]}
    await desk.good("start_log_export", **export)
    assert (await desk.good("get_log_export", **export))["status"] == "in_progress"
    assert (await desk.good("get_log_export", **export))["status"] == "success"
    url = (await desk.good("download_log_export", **export))["signed_url"]
    assert url.startswith("http://sandbox/exports/")


async def test_an_unknown_export_leads_to_the_list(desk: Desk) -> None:
    error = await desk.bad("get_log_export", export_id="none")
    assert error["next_step"] == "Find the right id with list_log_exports, then call again."
