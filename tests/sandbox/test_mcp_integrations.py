from __future__ import annotations

from typing import Any

import pytest

from app.sandbox.company import ORGANISATION_ID, workspace_id
from app.sandbox.ids import seed_id
from app.sandbox.keys import NO_SCOPES_KEY, READ_ONLY_KEY, WORKSPACE_KEY
from tests.sandbox.client import Api

ALL = "/v1/mcp-integrations"
GITHUB = f"{ALL}/github"
NEW = {"name": "Docs", "url": "https://mcp.example.com/mcp", "auth_type": "none", "transport": "http"}


async def test_list_has_the_documented_shape(api: Api) -> None:
    answer = (await api.get(ALL)).data
    assert set(answer) == {"data", "total", "has_more"}
    assert set(answer["data"][0]) == {
        *("id", "name", "owner_id", "status", "type", "url", "auth_type", "transport", "configurations"),
        *("created_at", "last_updated_at", "slug", "workspace_id", "description", "workspaces_count"),
        "secret_mappings",
    }
    assert [item["workspaces_count"] for item in answer["data"]] == [2, 0, None, None]


@pytest.mark.parametrize(
    ("query", "slugs"),
    [
        ("", ["github", "linear", "refund-desk", "warehouse"]),
        ("?type=all", ["github", "linear", "refund-desk", "warehouse"]),
        ("?type=organisation", ["github", "linear"]),
        ("?type=workspace", ["refund-desk", "warehouse"]),
        ("?workspace_id=ws-customer-support", ["linear", "refund-desk"]),
        (f"?workspace_id={workspace_id('ws-production')}", ["github", "linear"]),
        ("?workspace_id=ws-staging&type=organisation", ["github", "linear"]),
        ("?search=BRIGHTWATER", ["refund-desk", "warehouse"]),
        (f"?organisation_id={ORGANISATION_ID}&search=pull", ["github"]),
        ("?page_size=3&current_page=1", ["warehouse"]),
    ],
)
async def test_list_is_filtered_and_paged_from_zero(api: Api, query: str, slugs: list[str]) -> None:
    answer = (await api.get(f"{ALL}{query}")).data
    assert [item["slug"] for item in answer["data"]] == slugs
    assert answer["has_more"] is False


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("page_size=1001", 400),
        ("type=team", 400),
        ("workspace_id=none", 404),
        (f"organisation_id={seed_id('organisation', 'other')}", 403),
    ],
)
async def test_list_refuses_filters_that_make_no_sense(api: Api, query: str, status: int) -> None:
    assert (await api.get(f"{ALL}?{query}")).status == status


async def test_get_shows_the_configurations_in_full_by_id_or_slug(api: Api) -> None:
    refund_desk = (await api.get(f"{ALL}/refund-desk")).data
    assert refund_desk["configurations"]["custom_headers"] == {
        "Authorization": "Bearer sandbox-refund-desk-token",
        "X-Brightwater-Signature": "sandbox-refund-desk-signature",
    }
    assert (refund_desk["type"], refund_desk["workspace_id"]) == (
        "workspace",
        workspace_id("ws-customer-support"),
    )
    assert (await api.get(f"{ALL}/{refund_desk['id']}")).data == refund_desk
    assert (await api.get(f"{ALL}/linear")).data["global_workspace_access"] == {"enabled": True}


async def test_create_makes_one_of_the_organisation_or_of_a_workspace(api: Api) -> None:
    created = (await api.post(ALL, NEW)).data
    assert set(created) == {"id", "slug"}
    assert created["slug"].startswith("docs-")
    own = (await api.get(f"{ALL}/{created['slug']}")).data
    assert (own["type"], own["workspace_id"], own["configurations"]) == ("organisation", None, {})
    created = (await api.post(ALL, {**NEW, "workspace_id": "ws-staging", "slug": "docs"})).data
    assert (await api.get(f"{ALL}/docs")).data["workspace_id"] == workspace_id("ws-staging")
    again = await api.post(ALL, {**NEW, "slug": "docs"})
    assert (again.status, again.code) == (409, "AB07")
    mine = (await api.as_key(WORKSPACE_KEY).post(ALL, NEW)).data
    assert (await api.get(f"{ALL}/{mine['id']}")).data["workspace_id"] == workspace_id("ws-customer-support")


async def test_a_known_server_is_synced_and_an_unknown_one_stays_pending(api: Api) -> None:
    unknown = (await api.post(ALL, NEW)).data["id"]
    metadata = (await api.get(f"{ALL}/{unknown}/metadata")).data
    assert metadata == {
        "server_name": None,
        "server_version": None,
        "protocol_version": None,
        "capability_flags": None,
        "sync_status": "pending",
        "last_synced_at": None,
        "sync_error": None,
    }
    assert (await api.get(f"{ALL}/{unknown}/capabilities")).data["total"] == 0
    url = (await api.get(GITHUB)).data["url"]
    assert (await api.put(f"{ALL}/{unknown}", {"url": url})).data == {}
    metadata = (await api.get(f"{ALL}/{unknown}/metadata")).data
    assert (metadata["server_name"], metadata["sync_status"]) == ("github-mcp-server", "synced")
    assert set(metadata["capability_flags"]) == {"tools", "prompts", "resources"}
    assert (await api.get(f"{ALL}/{unknown}/capabilities")).data["total"] == 9
    failed = (await api.get(f"{ALL}/warehouse/metadata")).data
    assert (failed["sync_status"], failed["sync_error"][:20]) == ("failed", "connect ECONNREFUSED")


async def test_update_changes_what_is_named(api: Api) -> None:
    before = (await api.get(GITHUB)).data
    settings = {"custom_headers": {"Authorization": "Bearer made-up"}}
    body = {"name": "Code", "description": None, "auth_type": "headers", "configurations": settings}
    assert (await api.put(GITHUB, body)).data == {}
    after = (await api.get(GITHUB)).data
    assert after == {**before, **body, "last_updated_at": after["last_updated_at"]}
    assert after["last_updated_at"] > before["last_updated_at"]
    assert (await api.get(f"{GITHUB}/capabilities")).data["counts"]["tools"] == {"total": 7, "enabled": 6}


async def test_delete_takes_its_servers_along(api: Api) -> None:
    assert (await api.delete(GITHUB)).data == {}
    assert (await api.get(GITHUB)).status == 404
    assert (await api.get("/v1/mcp-servers/github-tools")).status == 404
    assert (await api.get("/v1/mcp-servers/linear-planning")).status == 200


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (..., "auth_type is required; name is required; transport is required; url is required"),
        ({**NEW, "url": "mcp.example.com"}, "url must match"),
        ({**NEW, "auth_type": "basic"}, "auth_type must be one of oauth_auto, headers, none"),
        ({**NEW, "transport": "stdio"}, "transport must be one of http, sse"),
        ({**NEW, "slug": "a b"}, "slug must match"),
        ({**NEW, "configurations": {"custom_headers": "x"}}, "custom_headers must be an object"),
        (
            {**NEW, "secret_mappings": [{"target_field": "key"}]},
            "secret_reference_id is required; secret_mappings[0].target_field must match",
        ),
        (
            {
                **NEW,
                "secret_mappings": [{"target_field": "configurations.a", "secret_reference_id": "x"}] * 2,
            },
            "each target_field must be unique; secret_mappings: no secret reference matches 'x'",
        ),
        ({**NEW, "workspace_id": "none"}, "workspace_id: no workspace matches 'none'"),
        ({**NEW, "headers": {}}, "headers is not allowed"),
    ],
)
async def test_create_refuses_bad_bodies(api: Api, body: Any, problem: str) -> None:
    answer = await api.post(ALL, body)
    assert (answer.status, answer.code) == (400, "AB01")
    assert problem in answer.message


async def test_update_wants_something(api: Api) -> None:
    assert "give at least one of name, url" in (await api.put(GITHUB, {})).message
    assert (await api.put(GITHUB, {"slug": "x"})).status == 400


async def test_capabilities_are_listed_by_type_and_paged_from_one(api: Api) -> None:
    answer = (await api.get(f"{GITHUB}/capabilities")).data
    assert set(answer) == {"data", "counts", "total", "has_more"}
    assert answer["counts"] == {
        "tools": {"total": 7, "enabled": 6},
        "prompts": {"total": 1, "enabled": 1},
        "resources": {"total": 0, "enabled": 0},
        "resource_templates": {"total": 1, "enabled": 1},
    }
    assert set(answer["data"][0]) == {
        *("name", "type", "title", "description", "icons", "enabled", "created_at", "last_updated_at"),
        *("input_schema", "output_schema", "execution", "annotations", "arguments"),
        *("uri", "uri_template", "mime_type", "size"),
    }
    first = (await api.get(f"{GITHUB}/capabilities?type=tool&page_size=5")).data
    assert (first["total"], first["has_more"], len(first["data"])) == (7, True, 5)
    last = (await api.get(f"{GITHUB}/capabilities?type=tool&page_size=5&page=2")).data
    assert ([item["name"] for item in last["data"]], last["has_more"]) == (
        ["merge_pull_request", "delete_file"],
        False,
    )
    for query in ("page=0", "page_size=501", "type=app"):
        assert (await api.get(f"{GITHUB}/capabilities?{query}")).status == 400


async def test_switching_a_capability_leaves_the_others(api: Api) -> None:
    switch = [{"name": "delete_file", "type": "tool", "enabled": True}]
    assert (await api.put(f"{GITHUB}/capabilities", {"capabilities": switch})).data == {"success": True}
    block = [{"name": "assign_open_issues", "type": "prompt", "enabled": False}]
    await api.put(f"{GITHUB}/capabilities", {"capabilities": block})
    answer = (await api.get(f"{GITHUB}/capabilities")).data
    assert [item["name"] for item in answer["data"] if not item["enabled"]] == ["assign_open_issues"]
    assert answer["counts"]["prompts"] == {"total": 1, "enabled": 0}


@pytest.mark.parametrize(
    ("capabilities", "problem"),
    [
        ([], "must have at least 1 item"),
        ([{"name": "x", "type": "resource_template", "enabled": True}], "must be one of tool, prompt"),
        ([{"name": "fork", "type": "tool", "enabled": True}], "the MCP server has no tool 'fork'"),
        ([{"name": "delete_file", "type": "prompt", "enabled": True}], "has no prompt 'delete_file'"),
    ],
)
async def test_unknown_capabilities_are_refused(api: Api, capabilities: Any, problem: str) -> None:
    answer = await api.put(f"{GITHUB}/capabilities", {"capabilities": capabilities})
    assert answer.status == 400
    assert problem in answer.message


async def test_workspaces_come_in_two_forms(api: Api) -> None:
    older = (await api.get(f"{GITHUB}/workspaces")).data
    assert set(older) == {"workspaces", "global_workspace_access"}
    assert set(older["workspaces"][0]) == {"id", "enabled", "status", "created_at", "last_updated_at"}
    newer = (await api.get(f"{GITHUB}/workspaces?version=2")).data
    assert newer == {"data": older["workspaces"], "global_workspace_access": None, "total": 3}
    own = (await api.get(f"{ALL}/refund-desk/workspaces")).data["workspaces"]
    assert [(item["id"], item["enabled"]) for item in own] == [(workspace_id("ws-customer-support"), True)]


async def test_sharing_decides_who_may_use_it(api: Api) -> None:
    support = api.as_key(WORKSPACE_KEY)
    assert (await support.get(GITHUB)).status == 403
    share = {"workspaces": [{"id": "ws-customer-support", "enabled": True}]}
    assert (await api.put(f"{GITHUB}/workspaces", share)).data == {}
    assert (await support.get(GITHUB)).data["slug"] == "github"
    seen = (await support.get(f"{GITHUB}/workspaces")).data["workspaces"]
    assert [item["id"] for item in seen] == ["ws-customer-support"]
    server = {"name": "GitHub", "mcp_integration_id": "github"}
    assert (await support.post("/v1/mcp-servers", server)).status == 200


async def test_global_access_holds_for_workspaces_without_a_setting_of_their_own(api: Api) -> None:
    everyone = {"workspaces": [], "global_workspace_access": {"enabled": True}}
    await api.put(f"{GITHUB}/workspaces", everyone)
    assert (await api.as_key(WORKSPACE_KEY).get(GITHUB)).status == 403
    await api.put(f"{GITHUB}/workspaces", {**everyone, "override_existing_workspace_access": True})
    assert (await api.as_key(WORKSPACE_KEY).get(GITHUB)).status == 200
    await api.put(f"{ALL}/linear/workspaces", {"workspaces": [], "global_workspace_access": None})
    assert (await api.as_key(WORKSPACE_KEY).get(f"{ALL}/linear")).status == 403


@pytest.mark.parametrize(
    ("path", "body", "problem"),
    [
        ("github", {}, "workspaces is required"),
        ("github", {"workspaces": [{"id": "none", "enabled": True}]}, "no workspace matches 'none'"),
        ("github", {"workspaces": [{"id": "ws-staging"}]}, "workspaces[0].enabled is required"),
        ("refund-desk", {"workspaces": []}, "cannot be shared with others"),
    ],
)
async def test_sharing_refuses_bad_bodies(api: Api, path: str, body: Any, problem: str) -> None:
    answer = await api.put(f"{ALL}/{path}/workspaces", body)
    assert answer.status == 400
    assert problem in answer.message


async def test_a_workspace_key_changes_its_own_only(api: Api) -> None:
    support = api.as_key(WORKSPACE_KEY)
    for answer in (
        await support.put(f"{ALL}/linear", {"name": "x"}),
        await support.delete(f"{ALL}/linear"),
        await support.put(f"{ALL}/linear/workspaces", {"workspaces": []}),
        await support.put(f"{ALL}/linear/capabilities", {}),
    ):
        assert answer.status == 403
        assert "belongs to the organisation" in answer.message
    assert "is not shared" in (await support.get(f"{ALL}/warehouse")).message
    assert (await support.put(f"{ALL}/refund-desk", {"name": "Refunds"})).status == 200


async def test_each_action_needs_its_scope(api: Api) -> None:
    refused = await api.as_key(NO_SCOPES_KEY).get(ALL)
    assert (refused.status, refused.code) == (403, "AB03")
    assert "organisation_mcp_integrations.list" in refused.message
    reader = api.as_key(READ_ONLY_KEY)
    assert (await reader.get(f"{GITHUB}/metadata")).status == 200
    assert (await reader.put(f"{GITHUB}/capabilities", {})).status == 403


@pytest.mark.parametrize("path", ["", "/metadata", "/capabilities", "/workspaces"])
async def test_what_is_not_there_is_404(api: Api, path: str) -> None:
    answer = await api.get(f"{ALL}/nothing{path}")
    assert (answer.status, answer.code) == (404, "AB02")


async def test_deleting_a_workspace_takes_its_integrations_and_settings_along(api: Api) -> None:
    body = {"name": "Staging", "force_delete": True}
    assert (await api.delete("/v1/admin/workspaces/ws-staging", body)).status == 200
    assert (await api.get(f"{ALL}/warehouse")).status == 404
    assert (await api.get("/v1/mcp-servers/warehouse-staging")).status == 404
    assert len((await api.get(f"{GITHUB}/workspaces")).data["workspaces"]) == 2
