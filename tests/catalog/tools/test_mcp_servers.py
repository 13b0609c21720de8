"""The MCP server tools, each against the sandbox: what arrives there and what comes back."""

from __future__ import annotations

from typing import Any

import pytest

from app.catalog.masking import MASK
from app.sandbox.company import user_id, workspace_id
from tests.catalog.desk import FORMS, Desk, told

ALL = "/v1/mcp-servers"
GITHUB = f"{ALL}/github-tools"


async def test_list_sends_its_filters(desk: Desk) -> None:
    everything = await desk.good("list_mcp_servers")
    assert await desk.sent() == ("GET", ALL, "", None)
    assert everything["total"] == 5
    found = await desk.good(
        "list_mcp_servers", workspace_id="ws-production", search="git", id="github-tools,x"
    )
    assert (await desk.sent())[2] == "workspace_id=ws-production&search=git&id=github-tools%2Cx"
    assert [server["url"] for server in found["data"]] == ["https://mcp.portkey.ai/github-tools/mcp"]
    page = await desk.good("list_mcp_servers", page_size=2, current_page=1)
    assert page["next_page"] == {"current_page": 2, "items_left": 1}


async def test_create_offers_an_integration_in_a_workspace(desk: Desk) -> None:
    await desk.good("create_mcp_server", name="Linear", mcp_integration_id="linear")
    assert await desk.sent() == ("POST", ALL, "", {"name": "Linear", "mcp_integration_id": "linear"})
    everything = {
        "name": "GitHub",
        "mcp_integration_id": "github",
        "workspace_id": "ws-staging",
        "slug": "github-staging",
        "description": "For release agents.",
    }
    data = await desk.good("create_mcp_server", **everything)
    assert (await desk.sent())[3] == everything
    created = await desk.good("get_mcp_server", id=data["slug"])
    assert created["workspace_id"] == workspace_id("ws-staging")


async def test_create_of_what_is_not_shared_with_the_workspace_is_refused(desk: Desk) -> None:
    given = {"name": "GitHub", "mcp_integration_id": "github", "workspace_id": "ws-customer-support"}
    error = await desk.bad("create_mcp_server", **given)
    assert error["status"] == 400
    assert "is not shared with the workspace" in error["message"]
    too_long = await desk.bad("create_mcp_server", **{**given, "name": "n" * 256})
    assert too_long["problems"][0]["argument"] == "name"


async def test_get_shows_the_integration_behind_it_without_secrets(desk: Desk) -> None:
    server = await desk.good("get_mcp_server", id="github-tools")
    assert await desk.sent() == ("GET", GITHUB, "", None)
    assert server["mcp_integration_details"]["slug"] == "github"
    assert server["mcp_integration_details"]["configurations"]["client_secret"] == MASK
    error = await desk.bad("get_mcp_server", id="nothing")
    assert error["next_step"] == "Find the right id with list_mcp_servers, then call again."


async def test_update_renames_and_describes(desk: Desk) -> None:
    await desk.good("update_mcp_server", id="github-tools", name="Code", description="")
    assert await desk.sent() == ("PUT", GITHUB, "", {"name": "Code", "description": None})
    assert "nothing to change" in told(await desk.bad("update_mcp_server", id="github-tools"))


async def test_delete(desk: Desk) -> None:
    assert await desk.good("delete_mcp_server", id="github-tools") == {"success": True, "id": "github-tools"}
    assert await desk.sent() == ("DELETE", GITHUB, "", None)
    assert (await desk.bad("delete_mcp_server", id="github-tools"))["status"] == 404


async def test_a_server_that_cannot_be_reached_is_no_failure_of_the_test(desk: Desk) -> None:
    good = await desk.good("test_mcp_server", id="github-tools")
    assert await desk.sent() == ("POST", f"{GITHUB}/test", "", {})
    assert (good["success"], good["status_code"]) == (True, 200)
    down = await desk.good("test_mcp_server", id="warehouse-staging")
    assert (down["success"], down["error"]) == (False, "connect ECONNREFUSED 203.0.113.17:443")
    assert (await desk.bad("test_mcp_server", id="nothing"))["status"] == 404


@pytest.mark.parametrize(
    ("tool", "path", "total"),
    [
        ("list_mcp_server_capabilities", "capabilities", 9),
        ("list_mcp_server_user_access", "user-access", 4),
    ],
)
async def test_pages_counted_from_zero_are_taken_and_sent_as_the_api_wants_them(
    desk: Desk, tool: str, path: str, total: int
) -> None:
    from_zero = await desk.good(tool, id="github-tools", current_page="1", page_size=2)
    assert (await desk.sent())[1:3] == (f"{GITHUB}/{path}", "page_size=2&page=2")
    from_one = await desk.good(tool, id="github-tools", page=2, page_size=2)
    assert (await desk.sent())[2] == "page_size=2&page=2"
    assert from_zero == from_one
    assert from_one["total"] == total
    following = {"page": 3, "items_left": total - 4} if total > 4 else None
    assert from_one.get("next_page") == following
    listed: Any = FORMS[tool]["inputSchema"]
    assert "page" in listed["properties"]
    assert "current_page" not in listed["properties"]


@pytest.mark.parametrize(
    ("given", "argument"),
    [
        ({"page": 1, "current_page": 0}, ""),
        ({"current_page": -1}, "current_page"),
        ({"current_page": "first"}, "current_page"),
        ({"page": 0}, "page"),
        ({"page_size": 501}, "page_size"),
    ],
)
async def test_pages_that_are_none_are_refused(desk: Desk, given: dict[str, Any], argument: str) -> None:
    for tool in ("list_mcp_server_capabilities", "list_mcp_server_user_access"):
        (problem,) = (await desk.bad(tool, id="github-tools", **given))["problems"]
        assert problem["argument"] == argument
    assert await desk.requests() == []


async def test_a_tool_is_blocked_on_one_server(desk: Desk) -> None:
    block = [{"name": "create_issue", "type": "tool", "enabled": False}]
    await desk.good("update_mcp_server_capabilities", id="github-tools", capabilities=block)
    assert await desk.sent() == ("PUT", f"{GITHUB}/capabilities", "", {"capabilities": block})
    shown = await desk.good("list_mcp_server_capabilities", id="github-tools", type="tool")
    assert (await desk.sent())[2] == "type=tool"
    blocked = {item["name"] for item in shown["data"] if not item["enabled"]}
    assert blocked == {"create_issue", "merge_pull_request"}
    everywhere = await desk.good("list_mcp_integration_capabilities", id="github", type="tool")
    assert {item["name"] for item in everywhere["data"] if not item["enabled"]} == {"delete_file"}


async def test_a_capability_that_is_not_there_leads_to_the_list(desk: Desk) -> None:
    unknown = [{"name": "fork", "type": "tool", "enabled": False}]
    error = await desk.bad("update_mcp_server_capabilities", id="github-tools", capabilities=unknown)
    assert "has no tool 'fork'" in error["message"]
    error = await desk.bad("update_mcp_server_capabilities", id="nothing", capabilities=unknown)
    assert (error["status"], error["code"]) == (404, "AB02")


async def test_user_access_shows_who_may_and_who_is_connected(desk: Desk) -> None:
    data = await desk.good("list_mcp_server_user_access", id="github-tools", search="MATEO")
    assert await desk.sent() == ("GET", f"{GITHUB}/user-access", "search=MATEO", None)
    assert data["default_user_access"] == "allow"
    (mateo,) = data["data"]
    assert (mateo["enabled"], mateo["has_override"], mateo["connection_status"]) == (
        False,
        True,
        "not_connected",
    )


async def test_users_are_let_in_and_kept_out(desk: Desk) -> None:
    users = [{"user_id": user_id("mateo"), "enabled": True}]
    await desk.good("update_mcp_server_user_access", id="github-tools", users=users)
    assert await desk.sent() == ("PUT", f"{GITHUB}/user-access", "", {"user_access": users})
    await desk.good("update_mcp_server_user_access", id="github-tools", default_user_access="deny")
    assert (await desk.sent())[3] == {"default_user_access": "deny"}
    shown = await desk.good("list_mcp_server_user_access", id="github-tools")
    assert [user["first_name"] for user in shown["data"] if user["enabled"]] == ["Mateo"]
    assert "nothing to change" in told(await desk.bad("update_mcp_server_user_access", id="x"))
    stranger = [{"user_id": user_id("hana"), "enabled": True}]
    error = await desk.bad("update_mcp_server_user_access", id="github-tools", users=stranger)
    assert error["status"] == 400


async def test_connections_are_listed_from_page_zero(desk: Desk) -> None:
    data = await desk.good("list_mcp_server_connections", id="github-tools", page_size=1)
    assert await desk.sent() == ("GET", f"{GITHUB}/connections", "page_size=1", None)
    assert data["next_page"] == {"current_page": 1, "items_left": 1}
    given = {"user_id": user_id("priya"), "workspace_id": "ws-production", "page_size": 500}
    data = await desk.good("list_mcp_server_connections", id="github-tools", **given)
    assert [item["user_id"] for item in data["data"]] == [user_id("priya")]


async def test_a_user_is_disconnected_by_query(desk: Desk) -> None:
    priya = user_id("priya")
    await desk.good("disconnect_mcp_server_connection", id="github-tools", user_id=priya)
    assert await desk.sent() == ("DELETE", f"{GITHUB}/connections", f"user_id={priya}", None)
    again = await desk.bad("disconnect_mcp_server_connection", id="github-tools", user_id=priya)
    assert "list_mcp_server_connections" in again["next_step"]
    nobody = await desk.bad("disconnect_mcp_server_connection", id="github-tools")
    assert "user_id is required with a service API key" in nobody["message"]
    wrong = await desk.bad("disconnect_mcp_server_connection", id="github-tools", user_id="priya")
    assert wrong["problems"][0]["argument"] == "user_id"
