from __future__ import annotations

from typing import Any

import pytest

from app.sandbox.company import ORGANISATION_ID, workspace_id
from app.sandbox.ids import seed_id
from app.sandbox.keys import WORKSPACE_KEY
from tests.sandbox.client import Api

ALL = "/v1/guardrails"
SHIELD = "pg-pii-sh-4be1c7"
CHECKOUT = f"{ALL}/pg-checko-3c8a15"
TOOLS = f"{ALL}/pg-no-sql-70e2bd"
NEW: dict[str, Any] = {
    "name": "Long answers",
    "checks": [{"id": "default.wordCount", "parameters": {"maxWords": 500}}],
    "actions": {"deny": True, "async": False},
}
GITHUB, LINEAR = (seed_id("mcp_server", slug) for slug in ("github-tools", "linear-planning"))


async def test_list_has_the_documented_members(api: Api) -> None:
    listed = (await api.get(ALL)).data
    assert listed.keys() == {"total", "data"}
    assert listed["total"] == 4
    assert listed["data"][0].keys() == {
        *("id", "name", "slug", "organisation_id", "workspace_id", "status", "target", "object"),
        *("created_at", "last_updated_at", "owner_id", "updated_by"),
    }


@pytest.mark.parametrize(
    ("query", "total"),
    [
        ("workspace_id=ws-production", 2),
        (f"workspace_id={workspace_id('ws-staging')}", 0),
        (f"organisation_id={ORGANISATION_ID}", 4),
        ("organisation_id=another", 0),
        ("page_size=1000", 4),
    ],
)
async def test_list_filters(api: Api, query: str, total: int) -> None:
    assert (await api.get(f"{ALL}?{query}")).data["total"] == total


async def test_id_and_slug_name_the_same_guardrail(api: Api) -> None:
    by_slug = (await api.get(f"{ALL}/{SHIELD}")).data
    assert by_slug == (await api.get(f"{ALL}/{by_slug['id']}")).data
    assert by_slug["checks"][0]["is_enabled"] is True
    assert by_slug["actions"]["on_fail"] == {"feedback": {"value": -5, "weight": 1, "metadata": ""}}
    assert by_slug["workspace_id"] is None
    assert "mcp_server_mappings" not in by_slug
    assert (await api.get(TOOLS)).data["mcp_server_mappings"][0]["mcp_server_id"] == GITHUB


async def test_create_and_change(api: Api) -> None:
    created = (await api.post(ALL, {**NEW, "workspace_id": "ws-staging"})).data
    assert created.keys() == {"id", "slug", "version_id"}
    assert created["slug"].startswith("pg-long-a-")
    path = f"{ALL}/{created['slug']}"
    first = (await api.get(path)).data
    assert first["workspace_id"] == workspace_id("ws-staging")
    assert first["checks"] == [{**NEW["checks"][0], "is_enabled": True}]
    changed = (await api.put(path, {"actions": {"async": True}})).data
    assert changed["version_id"] != created["version_id"]
    second = (await api.get(path)).data
    assert (second["actions"]["deny"], second["actions"]["async"]) == (False, True)
    assert (second["name"], second["checks"]) == (first["name"], first["checks"])
    assert (await api.delete(path)).data == {}
    assert (await api.get(path)).status == 404


async def test_whose_a_new_guardrail_is(api: Api) -> None:
    of_organisation = (await api.post(ALL, NEW)).data
    assert (await api.get(f"{ALL}/{of_organisation['id']}")).data["workspace_id"] is None
    own = api.as_key(WORKSPACE_KEY)
    of_workspace = (await own.post(ALL, NEW)).data
    assert (await own.get(ALL)).data["total"] == 1
    assert (await own.get(f"{ALL}/{of_workspace['id']}")).data["workspace_id"] == workspace_id(
        "ws-customer-support"
    )
    assert (await own.get(CHECKOUT)).status == 403


async def test_one_for_mcp_tools_may_come_without_checks(api: Api) -> None:
    created = await api.post(ALL, {"name": "Tools", "target": "mcp_tools"})
    found = (await api.get(f"{ALL}/{created.data['id']}")).data
    assert (found["checks"], found["actions"]["deny"], found["mcp_server_mappings"]) == ([], False, [])


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ({}, "name is required"),
        ({"name": "A"}, "checks is required; actions is required"),
        ({**NEW, "checks": []}, "checks must have at least 1 item"),
        ({**NEW, "checks": [{"name": "x"}]}, "checks[0].id is required"),
        ({**NEW, "actions": {"deny": "yes"}}, "actions.deny must be true or false"),
        ({**NEW, "actions": {"on_fail": {"value": 1}}}, "actions.on_fail.value is not allowed"),
        ({**NEW, "target": "all"}, "target must be one of llm, mcp_tools"),
        ({**NEW, "organisation_id": "another"}, "no organisation has the id 'another'"),
        ({**NEW, "workspace_id": "ws-nowhere"}, "no workspace matches 'ws-nowhere'"),
    ],
)
async def test_create_refuses_bad_bodies(api: Api, body: dict[str, Any], problem: str) -> None:
    answer = await api.post(ALL, body)
    assert (answer.status, answer.code) == (400, "AB01")
    assert problem in answer.message


@pytest.mark.parametrize("body", [{}, {"target": "llm"}, {"checks": []}])
async def test_update_refuses_bad_bodies(api: Api, body: dict[str, Any]) -> None:
    assert (await api.put(CHECKOUT, body)).status == 400


async def test_a_default_of_the_organisation_cannot_be_deleted(api: Api) -> None:
    answer = await api.delete(f"{ALL}/{SHIELD}")
    assert answer.status == 400
    assert "used in organisation defaults" in answer.message


async def test_mcp_servers_are_added_and_changed(api: Api) -> None:
    (before,) = (await api.get(f"{TOOLS}/mcp-servers")).data["data"]
    assert before.keys() == {"id", "guardrail_id", "mcp_server_id", "run_on", "capability_ids"}
    answer = await api.put(f"{TOOLS}/mcp-servers/{GITHUB}", {"mcp_integration_capability_ids": [LINEAR]})
    assert answer.data == {"map_id": before["id"]}
    await api.put(f"{TOOLS}/mcp-servers/{LINEAR}", {"run_on": ["output"]})
    github, linear = (await api.get(f"{TOOLS}/mcp-servers")).data["data"]
    assert github == before | {"run_on": ["input", "output"], "capability_ids": [LINEAR]}
    assert linear["run_on"] == ["output"]


async def test_mcp_servers_are_replaced_as_a_whole(api: Api) -> None:
    servers = f"{TOOLS}/mcp-servers"
    same = await api.put(servers, {"mcp_servers": {GITHUB: {"run_on": ["input"]}}})
    assert same.data == {"changed": False, "added": 0, "updated": 0, "removed": 0}
    both = await api.put(servers, {"mcp_servers": {GITHUB: {}, LINEAR: {}}})
    assert both.data == {"changed": True, "added": 1, "updated": 1, "removed": 0}
    none = await api.put(servers, {"mcp_servers": {}})
    assert none.data == {"changed": True, "added": 0, "updated": 0, "removed": 2}
    assert (await api.get(servers)).data == {"data": []}


async def test_a_deleted_mcp_server_is_no_longer_listed(api: Api) -> None:
    await api.delete("/v1/mcp-servers/github-tools")
    assert (await api.get(f"{TOOLS}/mcp-servers")).data == {"data": []}


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        (f"{CHECKOUT}/mcp-servers", {"mcp_servers": {}}, 400),
        (f"{TOOLS}/mcp-servers", {}, 400),
        (f"{TOOLS}/mcp-servers", {"mcp_servers": {"github-tools": {}}}, 404),
        (f"{TOOLS}/mcp-servers", {"mcp_servers": {GITHUB: {"run_on": []}}}, 400),
        (f"{TOOLS}/mcp-servers/{GITHUB}", {"run_on": ["both"]}, 400),
        (f"{TOOLS}/mcp-servers/{GITHUB}", {"mcp_integration_capability_ids": ["x"]}, 400),
        (f"{TOOLS}/mcp-servers/{seed_id('mcp_server', 'linear-support')}", {}, 400),
        (f"{ALL}/pg-nothing/mcp-servers/{GITHUB}", {}, 404),
    ],
)
async def test_bad_mappings_are_refused(api: Api, path: str, body: dict[str, Any], status: int) -> None:
    assert (await api.put(path, body)).status == status
    assert (await api.get(f"{TOOLS}/mcp-servers")).data["data"][0]["run_on"] == ["input"]
