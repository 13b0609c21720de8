"""The workspace tools, each against the sandbox: what arrives there and what comes back."""

from __future__ import annotations

from app.sandbox.company import user_id, workspace_id
from tests.catalog.desk import Desk

PRODUCTION = "ws-production"
NOBODY = "00000000-0000-4000-8000-000000000000"


async def test_list_workspaces_sends_its_filters_and_names_the_next_page(desk: Desk) -> None:
    data = await desk.good("list_workspaces", page_size=2, current_page=0, status="active")
    query = "page_size=2&current_page=0&status=active"
    assert await desk.sent() == ("GET", "/v1/admin/workspaces", query, None)
    assert [workspace["slug"] for workspace in data["data"]] == [PRODUCTION, "ws-staging"]
    assert data["next_page"] == {"current_page": 1, "items_left": 1}
    last = await desk.good("list_workspaces", page_size=2, current_page=1)
    assert "next_page" not in last


async def test_list_workspaces_refuses_a_page_before_the_first(desk: Desk) -> None:
    error = await desk.bad("list_workspaces", current_page=-1)
    assert error["problems"] == [
        {"argument": "current_page", "problem": "must be greater than or equal to 0"}
    ]
    assert await desk.requests() == []


async def test_get_workspace_shows_its_members(desk: Desk) -> None:
    data = await desk.good("get_workspace", workspace_id=PRODUCTION)
    assert await desk.sent() == ("GET", "/v1/admin/workspaces/ws-production", "", None)
    assert {user["first_name"] for user in data["users"]} == {"Amara", "Jonas", "Priya", "Mateo"}


async def test_an_unknown_workspace_leads_to_the_list(desk: Desk) -> None:
    error = await desk.bad("get_workspace", workspace_id="ws-nowhere")
    assert (error["status"], error["retryable"]) == (404, False)
    assert error["next_step"] == "Find the right id with list_workspaces, then call again."


async def test_create_workspace_gathers_defaults_and_limits(desk: Desk) -> None:
    data = await desk.good(
        "create_workspace",
        name="Research",
        is_default=0,
        metadata={"team": "research"},
        users=[user_id("hana")],
        usage_limits=[{"type": "cost", "credit_limit": 10, "periodic_reset": ""}],
        rate_limits='[{"type": "requests", "unit": "rpm", "value": 0}]',
    )
    assert data["name"] == "Research"
    _, path, _, body = await desk.sent()
    assert path == "/v1/admin/workspaces"
    assert body == {
        "name": "Research",
        "defaults": {"is_default": 0, "metadata": {"team": "research"}},
        "users": [user_id("hana")],
        "usage_limits": [{"type": "cost", "credit_limit": 10, "periodic_reset": None}],
        "rate_limits": [{"type": "requests", "unit": "rpm", "value": 0}],
    }


async def test_create_workspace_reports_a_taken_name(desk: Desk) -> None:
    error = await desk.bad("create_workspace", name="Production")
    assert error["status"] == 409


async def test_update_workspace_can_clear_a_setting(desk: Desk) -> None:
    await desk.good(
        "update_workspace",
        workspace_id=PRODUCTION,
        description="",
        user_api_key_config=None,
        input_guardrails=[],
        output_guardrails=["gr-1"],
    )
    assert await desk.sent() == (
        "PUT",
        "/v1/admin/workspaces/ws-production",
        "",
        {
            "description": "",
            "defaults": {
                "input_guardrails": [],
                "output_guardrails": ["gr-1"],
                "user_api_key_config": None,
            },
        },
    )


async def test_update_workspace_wants_something_to_change(desk: Desk) -> None:
    error = await desk.bad("update_workspace", workspace_id=PRODUCTION)
    assert error["problems"][0]["problem"].startswith("nothing to change: give at least one of slug,")
    assert await desk.requests() == []


async def test_delete_workspace_looks_its_name_up(desk: Desk) -> None:
    await desk.good("delete_workspace", workspace_id="ws-staging", force_delete=True)
    read, deleted = await desk.requests()
    assert (read["method"], deleted["method"]) == ("GET", "DELETE")
    assert deleted["body"] == {"name": "Staging", "force_delete": True}


async def test_delete_workspace_takes_the_name_it_is_given(desk: Desk) -> None:
    error = await desk.bad("delete_workspace", workspace_id="ws-staging", name="Stage")
    assert error["status"] == 400
    method, _, _, body = await desk.sent()
    assert (method, body) == ("DELETE", {"name": "Stage"})


async def test_delete_workspace_refuses_a_path_that_would_reach_further(desk: Desk) -> None:
    error = await desk.bad("delete_workspace", workspace_id="..", name="x")
    assert error["code"] == "invalid_arguments"
    assert error["problems"] == [
        {"argument": "workspace_id", "problem": "must not be or contain the path segment '.' or '..'"}
    ]
    assert await desk.requests() == []


async def test_add_workspace_member_wraps_the_one_user(desk: Desk) -> None:
    member = {"id": user_id("hana"), "role": "member"}
    data = await desk.good(
        "add_workspace_member", workspace_id=PRODUCTION, user_id=member["id"], role="member"
    )
    assert data == {"success": True, "workspace_id": PRODUCTION}
    path = "/v1/admin/workspaces/ws-production/users"
    assert await desk.sent() == ("POST", path, "", {"users": [member]})


async def test_add_workspace_member_wants_a_uuid_and_a_known_role(desk: Desk) -> None:
    error = await desk.bad("add_workspace_member", workspace_id=PRODUCTION, user_id="hana", role="owner")
    assert [problem["argument"] for problem in error["problems"]] == ["user_id", "role"]
    assert error["problems"][1]["problem"] == "must be one of 'admin', 'manager', 'member'"
    assert await desk.requests() == []


async def test_list_workspace_members_filters(desk: Desk) -> None:
    data = await desk.good("list_workspace_members", workspace_id=PRODUCTION, role="admin")
    assert await desk.sent() == ("GET", "/v1/admin/workspaces/ws-production/users", "role=admin", None)
    assert {member["first_name"] for member in data["data"]} == {"Amara", "Jonas"}


async def test_list_workspace_members_of_nothing(desk: Desk) -> None:
    assert (await desk.bad("list_workspace_members", workspace_id="ws-nowhere"))["status"] == 404


async def test_get_workspace_member(desk: Desk) -> None:
    data = await desk.good("get_workspace_member", workspace_id=PRODUCTION, user_id=user_id("priya"))
    assert data["role"] == "manager"
    error = await desk.bad("get_workspace_member", workspace_id=PRODUCTION, user_id=NOBODY)
    assert (
        error["next_step"]
        == "Find the right id with list_workspaces and list_workspace_members, then call again."
    )


async def test_update_workspace_member(desk: Desk) -> None:
    who = {"workspace_id": PRODUCTION, "user_id": user_id("mateo")}
    await desk.good("update_workspace_member", **who, role="manager")
    path = f"/v1/admin/workspaces/ws-production/users/{user_id('mateo')}"
    assert await desk.sent() == ("PUT", path, "", {"role": "manager"})
    assert (await desk.bad("update_workspace_member", **who, role="manager"))["status"] == 400


async def test_remove_workspace_member(desk: Desk) -> None:
    who = {"workspace_id": PRODUCTION, "user_id": user_id("mateo")}
    await desk.good("remove_workspace_member", **who)
    method, _, _, body = await desk.sent()
    assert (method, body) == ("DELETE", None)
    assert (await desk.bad("remove_workspace_member", **who))["status"] == 404


async def test_scim_mappings_are_listed_created_and_deleted(desk: Desk) -> None:
    made = await desk.good(
        "create_scim_workspace_mapping",
        workspace_id=PRODUCTION,
        role="member",
        scim_group_name="Contractors",
    )
    assert (await desk.sent())[3] == {
        "workspace_id": PRODUCTION,
        "role": "member",
        "scim_group_name": "Contractors",
    }
    listed = await desk.good("list_scim_workspace_mappings", page_size=3)
    assert len(listed["mappings"]) == 3
    assert listed["next_page"] == {"page": 1, "items_left": 1}
    await desk.requests()
    await desk.good("delete_scim_workspace_mapping", mapping_id=made["id"])
    assert await desk.sent() == ("DELETE", f"/v1/scim/workspaces/{made['id']}", "", None)
    assert (await desk.bad("delete_scim_workspace_mapping", mapping_id=made["id"]))["status"] == 404


async def test_a_scim_mapping_names_its_group_in_one_way(desk: Desk) -> None:
    both = {"scim_group_id": "g", "scim_group_name": "n"}
    for group, end in ((both, ", not scim_group_id and scim_group_name together"), ({}, "")):
        error = await desk.bad(
            "create_scim_workspace_mapping", workspace_id=PRODUCTION, role="member", **group
        )
        problem = f"give exactly one of scim_group_id or scim_group_name{end}"
        assert error["problems"] == [{"argument": "", "problem": problem}]
    assert await desk.requests() == []


async def test_list_scim_mappings_refuses_an_unknown_role(desk: Desk) -> None:
    error = await desk.bad("list_scim_workspace_mappings", role="owner")
    assert error["code"] == "invalid_arguments"


async def test_list_scim_groups_asks_the_second_version_of_the_api(desk: Desk) -> None:
    data = await desk.good("list_scim_groups", search="engineering", page=0)
    method, path, query, _ = await desk.sent()
    assert (method, path, query) == ("GET", "/v2/scim/groups", "page=0&search=engineering")
    assert data["total"] == 1


async def test_a_feature_of_the_enterprise_plan_says_so(desk: Desk) -> None:
    await desk.fault("status=403")
    error = await desk.bad("list_scim_groups")
    assert error["next_step"] == (
        "Portkey offers this on the Enterprise plan only. Use an organisation Admin API key of such a plan."
    )


async def test_a_missing_scope_is_named(desk: Desk) -> None:
    await desk.fault("status=403")
    error = await desk.bad("delete_workspace", workspace_id=workspace_id("ws-staging"))
    assert error["next_step"] == (
        "The key needs the scopes workspaces.delete, workspaces.read: an organisation owner or admin can "
        "grant them in Portkey under API Keys."
    )
