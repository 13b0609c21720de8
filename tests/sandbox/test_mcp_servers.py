from __future__ import annotations

from typing import Any

import pytest

from app.sandbox.company import user_id, workspace_id
from app.sandbox.keys import READ_ONLY_KEY, WORKSPACE_KEY
from tests.sandbox.client import Api

ALL = "/v1/mcp-servers"
GITHUB = f"{ALL}/github-tools"
SUPPORT = f"{ALL}/refund-desk-support"


async def test_list_has_the_documented_shape(api: Api) -> None:
    answer = (await api.get(f"{ALL}?workspace_id=ws-production")).data
    assert set(answer) == {"data", "total"}
    github = answer["data"][0]
    assert set(github) == {
        *("id", "organisation_id", "name", "description", "status", "created_at", "owner_id", "slug"),
        *("workspace_id", "mcp_integration_id", "mcp_integration_slug", "mcp_integration_url", "auth_type"),
        *("workspace_name", "workspace_slug", "url"),
    }
    assert (github["mcp_integration_slug"], github["workspace_name"]) == ("github", "Production")
    assert github["url"] == "https://mcp.portkey.ai/github-tools/mcp"


@pytest.mark.parametrize(
    ("query", "total"),
    [
        ("", 5),
        (f"?workspace_id={workspace_id('ws-customer-support')}", 2),
        ("?search=LINEAR", 2),
        ("?id=github-tools,warehouse-staging,x", 2),
        ("?id=github-tools&workspace_id=ws-staging", 0),
    ],
)
async def test_list_is_filtered(api: Api, query: str, total: int) -> None:
    assert (await api.get(f"{ALL}{query}")).data["total"] == total


async def test_list_is_paged_from_zero_and_hides_other_workspaces(api: Api) -> None:
    page = (await api.get(f"{ALL}?page_size=2&current_page=2")).data
    assert (page["total"], len(page["data"])) == (5, 1)
    assert (await api.get(f"{ALL}?page_size=101")).status == 400
    assert (await api.get(f"{ALL}?workspace_id=none")).status == 404
    support = api.as_key(WORKSPACE_KEY)
    assert (await support.get(ALL)).data["total"] == 2
    assert (await support.get(GITHUB)).status == 403
    assert (await support.get(f"{ALL}?workspace_id=ws-production")).status == 403


async def test_get_shows_the_integration_in_full(api: Api) -> None:
    server = (await api.get(GITHUB)).data
    assert set(server) == {
        *("id", "slug", "name", "status", "description", "created_at", "mcp_integration_id"),
        *("mcp_integration_details", "workspace_id"),
    }
    details = server["mcp_integration_details"]
    assert set(details) == {"id", "slug", "status", "configurations", "url", "transport", "auth_type"}
    assert details["configurations"]["client_secret"] == "sandbox-github-client-secret"
    assert (await api.get(f"{ALL}/{server['id']}")).data == server


async def test_create_needs_an_integration_that_the_workspace_may_use(api: Api) -> None:
    created = (await api.post(ALL, {"name": "Plans", "mcp_integration_id": "linear"})).data
    assert set(created) == {"id", "slug"}
    server = (await api.get(f"{ALL}/{created['id']}")).data
    assert (server["slug"], server["workspace_id"]) == (created["slug"], workspace_id("ws-production"))
    named = {"name": "Plans", "mcp_integration_id": "linear", "slug": "plans", "workspace_id": "ws-staging"}
    assert (await api.post(ALL, named)).data["slug"] == "plans"
    assert (await api.post(ALL, named)).status == 409


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (..., "mcp_integration_id is required; name is required"),
        ({"name": "n" * 256, "mcp_integration_id": "linear"}, "name must match"),
        ({"name": "A", "mcp_integration_id": "linear", "slug": "ab"}, "slug must match"),
        ({"name": "A", "mcp_integration_id": "none"}, "no MCP integration matches 'none'"),
        (
            {"name": "A", "mcp_integration_id": "refund-desk"},
            "'refund-desk' is not shared with the workspace ws-production",
        ),
        ({"name": "A", "mcp_integration_id": "linear", "workspace_id": "none"}, "no workspace matches"),
    ],
)
async def test_create_refuses_bad_bodies(api: Api, body: Any, problem: str) -> None:
    answer = await api.post(ALL, body)
    assert (answer.status, answer.code) == (400, "AB01")
    assert problem in answer.message


async def test_update_and_delete(api: Api) -> None:
    assert (await api.put(GITHUB, {"name": "Code", "description": None})).data == {}
    server = (await api.get(GITHUB)).data
    assert (server["name"], server["description"]) == ("Code", None)
    assert (await api.put(GITHUB, {})).status == 400
    assert (await api.put(GITHUB, {"slug": "code"})).status == 400
    assert (await api.delete(GITHUB)).data == {}
    assert (await api.get(GITHUB)).status == 404
    assert (await api.get("/v1/mcp-integrations/github")).status == 200


async def test_a_test_tells_what_the_integration_comes_to(api: Api) -> None:
    assert (await api.post(f"{GITHUB}/test", {})).data == {
        "success": True,
        "status_code": 200,
        "response_time_ms": 143,
        "url": "https://api.githubcopilot.com/mcp/",
        "server_name": "GitHub",
        "error": None,
    }
    down = (await api.post(f"{ALL}/warehouse-staging/test")).data
    assert (down["success"], down["status_code"], down["response_time_ms"]) == (False, None, None)
    await api.put("/v1/mcp-integrations/refund-desk", {"auth_type": "none"})
    unwelcome = (await api.post(f"{SUPPORT}/test")).data
    assert (unwelcome["success"], unwelcome["status_code"]) == (False, 401)
    await api.put("/v1/mcp-integrations/refund-desk", {"url": "https://nowhere.example/mcp"})
    unknown = (await api.post(f"{SUPPORT}/test")).data
    assert unknown["error"] == "getaddrinfo ENOTFOUND nowhere.example"
    assert (await api.as_key(READ_ONLY_KEY).post(f"{GITHUB}/test")).status == 403


async def test_capabilities_are_switched_here_and_at_the_integration(api: Api) -> None:
    answer = (await api.get(f"{GITHUB}/capabilities?type=tool")).data
    blocked = {item["name"]: item["integration_enabled"] for item in answer["data"] if not item["enabled"]}
    assert blocked == {"merge_pull_request": True}
    assert answer["counts"]["tools"] == {"total": 7, "enabled": 5}
    assert "created_at" not in answer["data"][0]
    switch = [
        {"name": "merge_pull_request", "type": "tool", "enabled": True},
        {"name": "search_code", "type": "tool", "enabled": False},
    ]
    assert (await api.put(f"{GITHUB}/capabilities", {"capabilities": switch})).data == {"success": True}
    items = (await api.get(f"{GITHUB}/capabilities")).data["data"]
    assert [item["name"] for item in items if not item["enabled"]] == ["search_code"]
    assert [item["name"] for item in items if not item["integration_enabled"]] == ["delete_file"]
    others = (await api.get("/v1/mcp-integrations/github/capabilities")).data["data"]
    assert [item["name"] for item in others if not item["enabled"]] == ["delete_file"]
    unknown = [{"name": "fork", "type": "tool", "enabled": False}]
    assert (await api.put(f"{GITHUB}/capabilities", {"capabilities": unknown})).status == 400


async def test_user_access_lists_the_members_of_the_workspace(api: Api) -> None:
    answer = (await api.get(f"{GITHUB}/user-access")).data
    assert set(answer) == {"data", "default_user_access", "total", "has_more"}
    assert set(answer["data"][0]) == {
        *("user_id", "first_name", "last_name", "enabled", "has_override", "connection_status")
    }
    assert {user["first_name"]: user["enabled"] for user in answer["data"]} == {
        "Amara": True,
        "Jonas": True,
        "Priya": True,
        "Mateo": False,
    }
    connected = [user["first_name"] for user in answer["data"] if user["connection_status"] == "connected"]
    assert connected == ["Amara", "Priya"]
    found = (await api.get(f"{GITHUB}/user-access?search=raman")).data["data"]
    assert [user["first_name"] for user in found] == ["Priya"]
    page = (await api.get(f"{GITHUB}/user-access?page=2&page_size=3")).data
    assert (page["total"], len(page["data"]), page["has_more"]) == (4, 1, False)
    assert (await api.get(f"{GITHUB}/user-access?page=0")).status == 400


async def test_user_access_is_set_by_user_and_by_default(api: Api) -> None:
    support = (await api.get(f"{SUPPORT}/user-access")).data
    assert [(user["first_name"], user["enabled"]) for user in support["data"]] == [
        ("Hana", True),
        ("Mateo", False),
    ]
    body = {"user_access": [{"user_id": user_id("hana"), "enabled": False}], "default_user_access": "allow"}
    assert (await api.put(f"{SUPPORT}/user-access", body)).data == {"success": True}
    support = (await api.get(f"{SUPPORT}/user-access")).data
    assert support["default_user_access"] == "allow"
    assert [(user["first_name"], user["enabled"]) for user in support["data"]] == [
        ("Hana", False),
        ("Mateo", True),
    ]


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ({}, "give at least one of user_access, default_user_access"),
        ({"default_user_access": "ask"}, "must be one of allow, deny"),
        ({"user_access": [{"user_id": "x"}]}, "user_access[0].enabled is required"),
        ({"user_access": [{"user_id": "x", "enabled": True}]}, "no member of the workspace has the id 'x'"),
    ],
)
async def test_user_access_refuses_bad_bodies(api: Api, body: Any, problem: str) -> None:
    answer = await api.put(f"{GITHUB}/user-access", body)
    assert answer.status == 400
    assert problem in answer.message


async def test_connections_are_listed_by_user(api: Api) -> None:
    answer = (await api.get(f"{GITHUB}/connections?page_size=1")).data
    assert set(answer) == {"data", "total", "has_more"}
    assert set(answer["data"][0]) == {"user_id", "connected", "created_at", "last_updated_at"}
    assert (answer["total"], answer["has_more"]) == (2, True)
    one = (await api.get(f"{GITHUB}/connections?user_id={user_id('priya')}")).data
    assert [item["user_id"] for item in one["data"]] == [user_id("priya")]
    assert (await api.get(f"{GITHUB}/connections?workspace_id=ws-production")).data["total"] == 2
    assert (await api.get(f"{GITHUB}/connections?workspace_id=ws-staging")).status == 400
    assert (await api.get(f"{GITHUB}/connections?page_size=501")).status == 400


async def test_a_disconnected_user_has_to_sign_in_again(api: Api) -> None:
    priya = f"{GITHUB}/connections?user_id={user_id('priya')}"
    assert (await api.delete(priya)).data == {"success": True}
    assert (await api.delete(priya)).status == 404
    access = (await api.get(f"{GITHUB}/user-access?search=priya")).data["data"]
    assert access[0]["connection_status"] == "not_connected"
    unnamed = await api.delete(f"{GITHUB}/connections")
    assert unnamed.status == 400
    assert "user_id is required with a service API key" in unnamed.message


async def test_the_key_of_a_user_means_that_user(api: Api) -> None:
    body = {
        "name": "Priya's agent",
        "workspace_id": "ws-production",
        "user_id": user_id("priya"),
        "scopes": ["mcp_servers.read", "mcp_servers.update"],
    }
    made = await api.post("/v1/api-keys/workspace/user", body)
    priya = api.as_key(made.data["key"])
    seen = (await priya.get(f"{GITHUB}/connections")).data["data"]
    assert [item["user_id"] for item in seen] == [user_id("priya")]
    assert (await priya.delete(f"{GITHUB}/connections")).data == {"success": True}
    assert (await api.get(f"{GITHUB}/connections")).data["total"] == 1


@pytest.mark.parametrize("path", ["", "/capabilities", "/user-access", "/connections"])
async def test_what_is_not_there_is_404(api: Api, path: str) -> None:
    answer = await api.get(f"{ALL}/nothing{path}")
    assert (answer.status, answer.code) == (404, "AB02")
