from __future__ import annotations

from datetime import date
from typing import Any
from urllib.parse import urlencode

import pytest

from app.sandbox.ids import counted_id
from app.sandbox.keys import WORKSPACE_KEY
from app.sandbox.traffic import requests_of
from tests.sandbox.client import Api

TODAY = {"time_of_generation_min": "2026-03-01", "time_of_generation_max": "2026-03-01T23:59:59Z"}
LOG: dict[str, Any] = {
    "request": {
        "url": "https://llm.example/v1/chat/completions",
        "provider": "openai",
        "headers": {"authorization": "Bearer sk-of-our-own"},
        "body": {"model": "gpt-4o", "messages": []},
    },
    "response": {
        "status": 200,
        "body": {"model": "gpt-4o", "usage": {"prompt_tokens": 8000, "completion_tokens": 1000}},
        "response_time": 750,
    },
    "metadata": {"traceId": "batch-7", "spanId": "s-1", "user": "amara", "team": "research"},
}


async def graph(api: Api, name: str, **query: Any) -> dict[str, int]:
    answer = await api.get(f"/v1/analytics/graphs/{name}?{urlencode({**TODAY, **query})}")
    assert answer.status == 200, answer.data
    return dict(answer.data["summary"])


async def test_a_log_has_request_response_and_figures(api: Api) -> None:
    known = next(one for one in requests_of(date(2026, 2, 3)) if one.config)
    log = (await api.get(f"/v1/logs/{known.id}")).data
    assert {"_id", "request", "response", "organisation_id", "created_at", "metrics"} == set(log)
    assert {"url", "method", "portkeyHeaders"} <= set(log["request"])
    assert {"status", "responseTime", "lastUsedOptionJsonPath"} <= set(log["response"])
    metrics = log["metrics"]
    assert (metrics["trace_id"], metrics["config"]) == (known.trace_id, known.config)
    assert metrics["cost"] == known.cost / 100
    assert dict(zip(metrics["metadata.key"], metrics["metadata.value"], strict=True)) == known.metadata
    same = await api.get(f"/v1/logs/{known.id}?path_format=v2&created_at={log['created_at']}&type=hooks")
    assert same.data == log


async def test_an_inserted_log_joins_the_traffic(api: Api) -> None:
    before = await graph(api, "cost")
    assert (await api.post("/v1/logs", LOG)).data == {"success": True}
    assert await graph(api, "requests", trace_id="batch-7") == {"total": 1}
    assert (await graph(api, "cost"))["total"] == before["total"] + 3
    assert (await graph(api, "tokens", trace_id="batch-7"))["total"] == 9000
    found = await api.get(f"/v1/analytics/groups/metadata/team?{urlencode({**TODAY, 'trace_id': 'batch-7'})}")
    assert [one["metadata_value"] for one in found.data["data"]] == ["research"]
    users = await api.get(f"/v1/analytics/groups/users?{urlencode({**TODAY, 'span_id': 's-1'})}")
    assert [one["user"] for one in users.data["data"]] == ["amara"]


async def test_an_inserted_log_is_shown_as_it_was_inserted(api: Api) -> None:
    await api.post("/v1/logs", LOG)
    log = (await api.get(f"/v1/logs/{counted_id('log', 1)}")).data
    assert log["request"]["headers"] == LOG["request"]["headers"]
    assert log["request"]["url"] == LOG["request"]["url"]
    assert log["response"]["body"] == LOG["response"]["body"]
    assert log["response"]["responseTime"] == 750


async def test_several_logs_can_be_inserted_at_once_and_share_a_trace(api: Api) -> None:
    step = {**LOG, "metadata": {"trace_id": "batch-7", "span_id": "s-2", "parent_span_id": "s-1"}}
    failed = {**LOG, "response": {"status": 503, "body": {}}, "metadata": {"traceId": "batch-7"}}
    assert (await api.post("/v1/logs", [LOG, step, failed])).status == 200
    assert await graph(api, "requests", trace_id="batch-7") == {"total": 3}
    assert await graph(api, "errors", trace_id="batch-7") == {"total": 1}
    await api.post("/v1/feedback", {"trace_id": "batch-7", "value": 6})
    assert await graph(api, "feedbacks", trace_id="batch-7") == {"total": 1}


async def test_logs_do_not_keep_a_workspace_from_being_deleted(api: Api) -> None:
    workspace = (await api.post("/v1/admin/workspaces", {"name": "Short lived"})).data
    assert (await api.post(f"/v1/logs?workspace_slug={workspace['slug']}", LOG)).status == 200
    body = {"name": "Short lived"}
    assert (await api.delete(f"/v1/admin/workspaces/{workspace['id']}", body)).status == 200


async def test_logs_survive_and_a_reset_forgets_them(api: Api) -> None:
    await api.post("/v1/logs", LOG)
    await api.post("/_sandbox/reset")
    assert await graph(api, "requests", trace_id="batch-7") == {"total": 0}


async def test_a_workspace_key_reads_its_own_logs_only(api: Api) -> None:
    support = api.as_key(WORKSPACE_KEY)
    day = requests_of(date(2026, 2, 3))
    own = next(one for one in day if one.workspace == "ws-customer-support")
    other = next(one for one in day if one.workspace == "ws-production")
    assert (await support.get(f"/v1/logs/{own.id}")).status == 200
    assert (await support.get(f"/v1/logs/{other.id}")).status == 403


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/v1/logs", 405),
        ("/v1/logs/none", 404),
        ("/v1/logs/none?path_format=v2", 400),
        ("/v1/logs/none?path_format=v3&type=x&created_at=soon", 400),
    ],
)
async def test_what_cannot_be_read(api: Api, path: str, status: int) -> None:
    assert (await api.get(path)).status == status


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (..., "request is required; response is required"),
        ([], "one log or a list of 1 to 100"),
        ([LOG] * 101, "one log or a list of 1 to 100"),
        ([LOG, 7], "the body must be a JSON object"),
        ({"request": {"body": {}}, "response": {}}, "request.url is required; response.body is required"),
        ({**LOG, "metadata": "x"}, "metadata must be an object"),
    ],
)
async def test_bad_logs_are_refused_and_none_is_kept(api: Api, body: Any, problem: str) -> None:
    answer = await api.post("/v1/logs", body)
    assert (answer.status, answer.code) == (400, "AB01")
    assert problem in answer.message
    assert await graph(api, "requests", trace_id="batch-7") == {"total": 0}
