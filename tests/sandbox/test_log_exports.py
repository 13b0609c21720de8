from __future__ import annotations

import json
from typing import Any

import httpx2
import pytest

from app.sandbox.company import workspace_id
from app.sandbox.ids import seed_id
from app.sandbox.keys import READ_ONLY_KEY, WORKSPACE_KEY
from tests.sandbox.client import Api

ALL = "/v1/logs/exports"
DONE, DRAFT, RUNNING = (
    f"{ALL}/{seed_id('log_export', name)}" for name in ("overload", "expensive", "everything")
)
NEW: dict[str, Any] = {
    "filters": {
        "time_of_generation_min": "2026-02-01T00:00:00Z",
        "time_of_generation_max": "2026-02-08T00:00:00Z",
        "ai_model": "gpt-4o,claude-3-5-sonnet",
        "cost_min": 5,
        "metadata": {"team": "risk"},
    },
    "requested_data": ["id", "cost", "ai_model", "metadata"],
    "description": "Expensive reviews",
}


async def download(api: Api, url: str) -> list[dict[str, Any]]:
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(api.app)) as browser:
        answer = await browser.get(url)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/x-ndjson")
    return [json.loads(line) for line in answer.text.splitlines()]


async def test_an_export_is_drafted_started_watched_and_downloaded(api: Api) -> None:
    created = (await api.post(ALL, NEW)).data
    assert (set(created), created["object"]) == ({"id", "total", "object"}, "export")
    one = f"{ALL}/{created['id']}"
    draft = (await api.get(one)).data
    assert (draft["status"], draft["filters"], draft["description"]) == (
        *("draft", NEW["filters"]),
        "Expensive reviews",
    )
    assert (await api.get(f"{one}/download")).status == 409
    started = (await api.post(f"{one}/start")).data
    assert started == {"message": "Export started", "object": "export"}
    assert [(await api.get(one)).data["status"] for _ in range(3)] == ["in_progress", "success", "success"]
    lines = await download(api, (await api.get(f"{one}/download")).data["signed_url"])
    assert len(lines) == created["total"] > 0
    assert all(list(line) == ["id", "ai_model", "cost", "metadata"] for line in lines)
    assert all(line["cost"] >= 0.05 and line["metadata"]["team"] == "risk" for line in lines)
    log = await api.get(f"/v1/logs/{lines[0]['id']}")
    assert log.data["metrics"]["cost"] == lines[0]["cost"]


async def test_the_seed_has_one_of_each_kind(api: Api) -> None:
    listed = (await api.get(ALL)).data
    assert (listed["object"], listed["total"]) == ("list", 3)
    assert [export["status"] for export in listed["data"]] == ["success", "draft", "in_progress"]
    assert set(listed["data"][0]) == {
        *("id", "organisation_id", "filters", "requested_data", "status", "description", "created_at"),
        *("last_updated_at", "created_by", "workspace_id", "object"),
    }
    assert (await api.get(f"{ALL}?workspace_id=ws-staging")).data["total"] == 0
    assert (await api.get(f"{ALL}?workspace_id=ws-production")).data["total"] == 3
    lines = await download(api, (await api.get(f"{DONE}/download")).data["signed_url"])
    assert {line["response_status_code"] for line in lines} == {429, 503}


async def test_an_export_that_runs_can_be_cancelled_and_no_other(api: Api) -> None:
    assert (await api.post(f"{RUNNING}/cancel")).data["object"] == "export"
    assert (await api.get(RUNNING)).data["status"] == "stopped"
    for path in (RUNNING, DRAFT, DONE):
        assert (await api.post(f"{path}/cancel")).status == 409
    assert (await api.post(f"{DONE}/start")).status == 409


async def test_a_draft_can_be_changed_and_no_other(api: Api) -> None:
    change = {"filters": {"status_code": "503"}, "requested_data": ["id"], "workspace_id": "ws-staging"}
    changed = (await api.put(DRAFT, change)).data
    assert changed["object"] == "export"
    export = (await api.get(DRAFT)).data
    assert (export["filters"], export["requested_data"]) == (change["filters"], ["id"])
    assert export["workspace_id"] == workspace_id("ws-staging")
    refused = await api.put(DONE, change)
    assert (refused.status, "only one that is draft can be changed" in refused.message) == (409, True)


async def test_pages_of_an_export_follow_each_other(api: Api) -> None:
    totals = []
    for page in range(3):
        filters = {**NEW["filters"], "page_size": 40, "current_page": page}
        totals.append((await api.post(ALL, {**NEW, "filters": filters})).data["total"])
    assert totals[0] == 40
    assert totals == sorted(totals, reverse=True)


async def test_the_url_of_a_file_is_signed(api: Api) -> None:
    url = (await api.get(f"{DONE}/download")).data["signed_url"]
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(api.app)) as browser:
        assert (await browser.get(f"{url}0")).status_code == 403
        assert (await browser.get(url.partition("?")[0])).status_code == 403


async def test_some_fields_may_not_be_exported_from_some_workspaces(api: Api) -> None:
    restricted = (await api.get(f"{ALL}/field-restrictions?workspace_id=ws-customer-support")).data
    assert restricted["restricted_fields"] == ["request", "response"]
    free = (await api.get(f"{ALL}/field-restrictions?workspace_id=ws-production")).data
    assert free["restricted_fields"] == []
    wanted = {**NEW, "workspace_id": "ws-customer-support", "requested_data": ["id", "response"]}
    denied = await api.post(ALL, wanted)
    assert (denied.status, "may not export response" in denied.message) == (403, True)
    assert (await api.get(f"{ALL}/field-restrictions")).status == 400
    assert (await api.get(f"{ALL}/field-restrictions?workspace_id=no")).status == 404


async def test_a_workspace_key_sees_the_exports_of_its_workspace(api: Api) -> None:
    support = api.as_key(WORKSPACE_KEY)
    assert (await support.get(ALL)).data["total"] == 0
    created = await support.post(ALL, NEW)
    assert (await support.get(ALL)).data["data"][0]["id"] == created.data["id"]
    assert (await support.get(DONE)).status == 403
    reader = api.as_key(READ_ONLY_KEY)
    assert ((await reader.get(DONE)).status, (await reader.post(f"{DRAFT}/start")).status) == (200, 403)


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (..., "filters is required; requested_data is required"),
        ({**NEW, "requested_data": ["id", "secret"]}, "requested_data[1] must be one of id, trace_id"),
        ({**NEW, "requested_data": []}, "requested_data must have at least 1 item"),
        ({**NEW, "filters": {"ai_model": ["gpt-4o"]}}, "filters.ai_model must be a string"),
        ({**NEW, "filters": {"span_id": "x"}}, "filters.span_id is not allowed"),
        ({**NEW, "filters": {"page_size": 50_001}}, "filters.page_size must be at most 50000"),
        ({**NEW, "filters": {"cost_min": -1}}, "filters.cost_min must be a number of at least 0"),
        ({**NEW, "filters": {"time_of_generation_min": "soon"}}, "filters.time_of_generation_min must be"),
        ({**NEW, "workspace_id": "none"}, "workspace_id: no workspace matches 'none'"),
    ],
)
async def test_bad_exports_are_refused(api: Api, body: Any, problem: str) -> None:
    answer = await api.post(ALL, body)
    assert (answer.status, answer.code) == (400, "AB01")
    assert problem in answer.message


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", ""), ("PUT", ""), ("POST", "/start"), ("POST", "/cancel"), ("GET", "/download")],
)
async def test_an_unknown_export_is_404(api: Api, method: str, path: str) -> None:
    answer = await api.send(method, f"{ALL}/none{path}", {"filters": {}})
    assert (answer.status, answer.code) == (404, "AB02")


async def test_an_update_needs_filters(api: Api) -> None:
    assert "filters is required" in (await api.put(DRAFT, {"requested_data": ["id"]})).message
