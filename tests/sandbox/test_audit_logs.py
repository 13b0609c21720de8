"""The audit log: a record for each change, and the filters over them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from app.sandbox import audit
from app.sandbox.company import ORGANISATION_ID, user_id, workspace_id
from app.sandbox.ids import seed_id
from app.sandbox.keys import ADMIN_KEY, KEYS, WORKSPACE_KEY
from tests.sandbox.client import Api

ALL = "/v1/audit-logs"
PRODUCTION = workspace_id("ws-production")
SUPPORT = workspace_id("ws-customer-support")


async def _records(api: Api, query: str = "") -> Any:
    return (await api.get(f"{ALL}?{query}")).data["records"]


async def _new(api: Api) -> Any:
    """What was written since the seed, oldest first."""
    return (await _records(api, "user_type=api_key"))[::-1]


async def test_a_change_leaves_a_record_with_all_that_portkey_describes(api: Api) -> None:
    body = {"name": "Retry", "config": {"retry": {"attempts": 2}}, "workspace_id": "ws-production"}
    made = await api.post("/v1/configs?from=test", body)
    (record,) = await _new(api)
    assert (json.loads(record["request_body"]), json.loads(record["query_params"])) == (
        body,
        {"from": "test"},
    )
    headers = json.loads(record["request_headers"])
    assert headers["x-portkey-api-key"] == "********"
    assert headers["content-type"] == "application/json"
    assert {name: record[name] for name in record.keys() - {"request_body", "query_params"}} == {
        "timestamp": "2026-03-01T12:00:01.000Z",
        "method": "POST",
        "uri": "/v1/configs",
        "request_id": made.headers["x-request-id"],
        "request_headers": record["request_headers"],
        "user_id": seed_id("api_key", "Platform admin"),
        "user_type": "api_key",
        "organisation_id": ORGANISATION_ID,
        "workspace_id": PRODUCTION,
        "response_status_code": 200,
        "resource_type": "configs",
        "action": "create",
        "client_ip": "127.0.0.1",
        "country": "",
    }


@pytest.mark.parametrize(
    ("method", "path", "body", "workspace"),
    [
        ("POST", "/v1/configs", {"name": "C", "config": {}}, PRODUCTION),
        ("PUT", "/v1/prompts/pp-ticket-1f5d3a/makeDefault", {"version": 1}, SUPPORT),
        ("DELETE", "/v1/configs/pc-suppor-e61a94", ..., SUPPORT),
        ("PUT", "/v1/admin/workspaces/ws-production", {"description": "x"}, PRODUCTION),
        (
            "DELETE",
            "/v1/admin/workspaces/ws-production",
            {"name": "Production", "force_delete": True},
            PRODUCTION,
        ),
        ("PUT", f"/v1/admin/users/{user_id('hana')}", {"role": "admin"}, ""),
    ],
)
async def test_a_record_knows_the_workspace_of_what_was_changed(
    api: Api, method: str, path: str, body: Any, workspace: str
) -> None:
    assert (await api.send(method, path, body)).status == 200
    (record,) = await _new(api)
    assert (record["method"], record["uri"], record["workspace_id"]) == (method, path, workspace)


async def test_a_change_by_a_workspace_key_is_of_its_workspace(api: Api) -> None:
    await api.as_key(WORKSPACE_KEY).post("/v1/labels", {"name": "tried"})
    (record,) = await _new(api)
    assert (record["workspace_id"], record["user_id"]) == (SUPPORT, seed_id("api_key", "Support assistant"))


async def test_a_change_by_a_key_made_here_names_that_key(api: Api) -> None:
    body = {"name": "CI", "scopes": ["prompts.create"]}
    made = (await api.post("/v1/api-keys/organisation/service", body)).data
    assert (await api.as_key(made["key"]).post("/v1/labels", {"name": "tried"})).status == 200
    first, second = await _new(api)
    assert (first["resource_type"], first["action"]) == ("api_keys", "create")
    assert second["user_id"] == made["id"]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/v1/configs", ...),
        ("PUT", "/v1/configs/pc-missing", {"name": "x"}),
        ("PUT", "/v1/configs/pc-checko-2b7f10", {"status": "gone"}),
        ("POST", "/v1/prompts/pp-upsell-d47b18/render", {"variables": {}}),
        ("POST", "/v1/prompts/pp-upsell-d47b18/completions", {"variables": {}}),
    ],
)
async def test_what_changes_nothing_leaves_no_record(api: Api, method: str, path: str, body: Any) -> None:
    await api.send(method, path, body)
    assert await _new(api) == []


async def test_no_record_holds_an_api_key(api: Api) -> None:
    await api.put("/v1/configs/pc-checko-2b7f10", {"name": "x"})
    answer = json.dumps((await api.get(ALL)).data)
    assert [key.name for key in KEYS if key.secret in answer] == []


async def test_records_come_newest_first_in_pages_with_the_total_of_all(api: Api) -> None:
    await api.post("/v1/labels", {"name": "fresh"})
    everything = (await api.get(ALL)).data
    assert (everything["total"], everything["object"]) == (6, "analytics-graph")
    assert everything["records"][0]["uri"] == "/v1/labels"
    times = [record["timestamp"] for record in everything["records"]]
    assert times == sorted(times, reverse=True)
    page = (await api.get(f"{ALL}?page_size=4&current_page=1")).data
    assert (page["total"], page["records"]) == (6, everything["records"][4:])


@pytest.mark.parametrize(
    ("query", "resources"),
    [
        ("method=DELETE", ["prompts"]),
        ("uri=/v1/admin/workspaces", ["workspaces"]),
        ("uri=/v1/admin", []),
        (f"user_id={user_id('jonas')}", ["configs", "workspace_users"]),
        ("user_type=user&action=publish", ["prompts"]),
        ("resource_type=configs", ["configs"]),
        ("response_status_code=200&country=JP", ["prompts"]),
        ("response_status_code=403", []),
        ("client_ip=192.0.2.1", ["workspaces"]),
        (f"request_id={seed_id('request', '0')}", ["workspaces"]),
        ("workspace_id=ws-staging", ["workspaces"]),
        (f"workspace_id={SUPPORT}", ["prompts", "workspace_users"]),
        (f"organisation_id={ORGANISATION_ID}&method=POST", ["workspace_users", "workspaces"]),
        ("organisation_id=other", []),
        ("start_time=2026-01-17T09:00:00Z", ["prompts", "configs", "prompts"]),
        ("start_time=2026-01-17T10:00:00%2B01:00&end_time=2026-01-19T09:00:00", ["configs", "prompts"]),
        ("end_time=2026-01-06", []),
    ],
)
async def test_filters(api: Api, query: str, resources: list[str]) -> None:
    assert [record["resource_type"] for record in await _records(api, query)] == resources


@pytest.mark.parametrize("query", ["method=GET", "user_type=robot", "start_time=yesterday", "page_size=0"])
async def test_bad_filters_are_refused(api: Api, query: str) -> None:
    assert (await api.get(f"{ALL}?{query}")).status == 400


async def test_the_log_outlives_a_workspace_and_does_not_hold_it_back(api: Api) -> None:
    made = (await api.post("/v1/admin/workspaces", {"name": "Short", "slug": "short"})).data["id"]
    await api.put("/v1/admin/workspaces/short", {"description": "x"})
    assert (await api.delete("/v1/admin/workspaces/short", {"name": "Short"})).status == 200
    assert [record["action"] for record in await _records(api, f"workspace_id={made}")] == [
        "delete",
        "update",
        "create",
    ]


async def test_the_log_is_bounded(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "MAX_RECORDS", 3)
    for number in range(5):
        await api.post("/v1/labels", {"name": f"label-{number}"})
    names = [json.loads(record["request_body"])["name"] for record in await _new(api)]
    assert names == ["label-2", "label-3", "label-4"]


async def test_a_long_body_is_left_out(api: Api) -> None:
    await api.put("/v1/configs/pc-checko-2b7f10", {"config": {"note": "x" * audit.MAX_BODY_CHARACTERS}})
    assert [record["request_body"] for record in await _new(api)] == [""]


async def test_only_keys_with_the_scope_may_read_it(api: Api) -> None:
    assert (await api.as_key(WORKSPACE_KEY).get(ALL)).status == 403
    assert (await api.as_key(ADMIN_KEY).get(ALL)).status == 200
