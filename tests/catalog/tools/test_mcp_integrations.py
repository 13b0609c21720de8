"""The MCP integration tools, each against the sandbox: what arrives there and what comes back."""

from __future__ import annotations

from typing import Any

import pytest

from app.catalog.masking import MASK
from app.sandbox.company import ORGANISATION_ID
from app.sandbox.keys import READ_ONLY_KEY, WORKSPACE_KEY
from tests.catalog.desk import Desk, told

ALL = "/v1/mcp-integrations"
GITHUB = f"{ALL}/github"
NEW = {"name": "Docs", "url": "https://mcp.example.com/mcp", "auth_type": "none", "transport": "http"}


async def test_list_sends_its_filters_and_names_the_next_page(desk: Desk) -> None:
    first = await desk.good("list_mcp_integrations", type="all", page_size=3, current_page=0)
    assert (await desk.sent())[2] == "page_size=3&current_page=0&type=all"
    assert (first["total"], first["has_more"]) == (4, True)
    assert first["next_page"] == {"current_page": 1, "items_left": 1}
    given = {"workspace_id": "ws-staging", "search": "lin", "organisation_id": ORGANISATION_ID}
    found = await desk.good("list_mcp_integrations", page_size=1000, **given)
    assert [item["slug"] for item in found["data"]] == ["linear"]
    assert (await desk.bad("list_mcp_integrations", page_size=1001))["code"] == "invalid_arguments"


async def test_create_sends_what_is_given_with_the_headers_inside_the_configurations(desk: Desk) -> None:
    mapping = {"target_field": "configurations.oauth_metadata", "secret_reference_id": "aws-openai-prod"}
    data = await desk.good(
        "create_mcp_integration",
        name="Billing",
        url="https://mcp.example.com/sse",
        auth_type="headers",
        transport="sse",
        slug="billing",
        custom_headers={"Authorization": "Bearer new"},
        configurations={"custom_headers": {"Authorization": "Bearer old"}, "passthrough_header": {}},
        secret_mappings=[mapping],
        workspace_id="ws-staging",
    )
    assert data["slug"] == "billing"
    assert await desk.sent() == (
        "POST",
        ALL,
        "",
        {
            "name": "Billing",
            "url": "https://mcp.example.com/sse",
            "auth_type": "headers",
            "transport": "sse",
            "slug": "billing",
            "configurations": {"custom_headers": {"Authorization": "Bearer new"}, "passthrough_header": {}},
            "secret_mappings": [mapping],
            "workspace_id": "ws-staging",
        },
    )


async def test_create_needs_no_more_than_the_server_and_how_to_sign_in(desk: Desk) -> None:
    data = await desk.good("create_mcp_integration", **NEW)
    assert (await desk.sent())[3] == NEW
    created = await desk.good("get_mcp_integration", id=data["id"])
    assert (created["type"], created["workspace_id"]) == ("organisation", None)


@pytest.mark.parametrize(
    ("given", "argument", "problem"),
    [
        ({"auth_type": "headers"}, "", "auth_type headers needs custom_headers"),
        ({"auth_type": "password"}, "auth_type", "must be one of 'oauth_auto', 'headers', 'none'"),
        ({"transport": "stdio"}, "transport", "must be one of 'http', 'sse'"),
        (
            {"secret_mappings": [{"target_field": "key", "secret_reference_id": "a"}]},
            "secret_mappings.0.target_field",
            "does not have the form",
        ),
        ({"secret_mappings": [{"target_field": "configurations.a"}]}, "secret_mappings.0", "is required"),
        (
            {"secret_mappings": [{"target_field": "configurations.a", "secret_reference_id": "b"}] * 2},
            "",
            "each target_field may be filled once",
        ),
    ],
)
async def test_create_refuses_what_cannot_work(
    desk: Desk, given: dict[str, Any], argument: str, problem: str
) -> None:
    error = await desk.bad("create_mcp_integration", **{**NEW, **given})
    (told,) = error["problems"]
    assert told["argument"].startswith(argument)
    assert problem in told["problem"]
    assert await desk.requests() == []


async def test_headers_may_also_come_from_the_configurations_or_a_secret(desk: Desk) -> None:
    header = {"auth_type": "headers"}
    mapping = {"target_field": "configurations.custom_headers", "secret_reference_id": "aws-openai-prod"}
    await desk.good("create_mcp_integration", **{**NEW, **header}, secret_mappings=[mapping])
    await desk.good("create_mcp_integration", **{**NEW, **header}, configurations={"passthrough_header": {}})


async def test_a_slug_that_is_taken_leads_to_the_list(desk: Desk) -> None:
    error = await desk.bad("create_mcp_integration", **NEW, slug="github")
    assert (error["status"], error["code"]) == (409, "AB07")


async def test_get_shows_the_integration_without_its_secrets(desk: Desk) -> None:
    github = await desk.good("get_mcp_integration", id="github")
    assert await desk.sent() == ("GET", GITHUB, "", None)
    assert github["configurations"] == {"client_id": "brightwater-gateway", "client_secret": MASK}
    desk_ = await desk.good("get_mcp_integration", id="refund-desk")
    assert desk_["configurations"]["custom_headers"]["Authorization"] == MASK
    assert desk_["configurations"]["passthrough_header"] == {"x-request-id": {"type": "string"}}
    assert "sandbox-refund-desk-token" not in (await desk.call("list_mcp_integrations", {})).text


async def test_headers_of_any_name_are_hidden(desk: Desk) -> None:
    for tool, arguments in (
        ("list_mcp_integrations", {}),
        ("get_mcp_integration", {"id": "refund-desk"}),
        ("get_mcp_server", {"id": "refund-desk-support"}),
    ):
        assert "sandbox-refund-desk-signature" not in (await desk.call(tool, arguments)).text


async def test_a_hidden_header_is_not_written_back(desk: Desk) -> None:
    shown = (await desk.good("get_mcp_integration", id="refund-desk"))["configurations"]
    await desk.requests()
    error = await desk.bad("update_mcp_integration", id="refund-desk", configurations=shown)
    assert error["problems"][0]["argument"] == "configurations"
    assert await desk.requests() == []


async def test_update_changes_what_is_given(desk: Desk) -> None:
    await desk.good("update_mcp_integration", id="github", name="GitHub", description="")
    assert await desk.sent() == ("PUT", GITHUB, "", {"name": "GitHub", "description": None})
    headers = {"Authorization": "Bearer rotated"}
    await desk.good("update_mcp_integration", id="github", auth_type="headers", custom_headers=headers)
    body = {"auth_type": "headers", "configurations": {"custom_headers": headers}}
    assert (await desk.sent())[3] == body
    assert "nothing to change" in told(await desk.bad("update_mcp_integration", id="github"))
    assert await desk.requests() == []


async def test_delete(desk: Desk) -> None:
    await desk.good("delete_mcp_integration", id="github")
    assert await desk.sent() == ("DELETE", GITHUB, "", None)
    error = await desk.bad("delete_mcp_integration", id="github")
    assert error["next_step"] == "Find the right id with list_mcp_integrations, then call again."


async def test_metadata_tells_of_the_last_sync(desk: Desk) -> None:
    synced = await desk.good("get_mcp_integration_metadata", id="github")
    assert await desk.sent() == ("GET", f"{GITHUB}/metadata", "", None)
    assert (synced["server_name"], synced["sync_status"]) == ("github-mcp-server", "synced")
    failed = await desk.good("get_mcp_integration_metadata", id="warehouse")
    assert (failed["sync_status"], failed["last_synced_at"]) == ("failed", None)
    assert (await desk.bad("get_mcp_integration_metadata", id="none"))["status"] == 404


async def test_capabilities_are_paged_from_one(desk: Desk) -> None:
    first = await desk.good("list_mcp_integration_capabilities", id="github", page_size=4)
    assert await desk.sent() == ("GET", f"{GITHUB}/capabilities", "page_size=4", None)
    assert first["next_page"] == {"page": 2, "items_left": 5}
    last = await desk.good("list_mcp_integration_capabilities", id="github", page=3, page_size=4)
    assert [item["type"] for item in last["data"]] == ["resource_template"]
    assert "next_page" not in last
    prompts = await desk.good("list_mcp_integration_capabilities", id="github", type="prompt")
    assert [item["name"] for item in prompts["data"]] == ["assign_open_issues"]
    assert (await desk.bad("list_mcp_integration_capabilities", id="github", page=0))["problems"]


async def test_a_tool_is_blocked_for_everyone(desk: Desk) -> None:
    block = [{"name": "merge_pull_request", "type": "tool", "enabled": False}]
    assert await desk.good("update_mcp_integration_capabilities", id="github", capabilities=block) == {
        "success": True
    }
    assert await desk.sent() == ("PUT", f"{GITHUB}/capabilities", "", {"capabilities": block})
    shown = await desk.good("list_mcp_integration_capabilities", id="github", type="tool")
    blocked = {item["name"] for item in shown["data"] if not item["enabled"]}
    assert blocked == {"merge_pull_request", "delete_file"}


@pytest.mark.parametrize(
    "capabilities",
    [
        [],
        [{"name": "a", "type": "tool"}],
        [{"name": "a", "type": "resource_template", "enabled": True}],
        [{"name": "a", "type": "tool", "enabled": True, "reason": "b"}],
    ],
)
async def test_capabilities_that_cannot_be_switched_are_refused(desk: Desk, capabilities: Any) -> None:
    for tool in ("update_mcp_integration_capabilities", "update_mcp_server_capabilities"):
        error = await desk.bad(tool, id="github", capabilities=capabilities)
        assert error["problems"][0]["argument"].startswith("capabilities")
    assert await desk.requests() == []


async def test_workspaces_are_listed_in_either_form(desk: Desk) -> None:
    data = await desk.good("list_mcp_integration_workspaces", id="github")
    assert await desk.sent() == ("GET", f"{GITHUB}/workspaces", "", None)
    assert [item["enabled"] for item in data["workspaces"]] == [True, True, False]
    data = await desk.good("list_mcp_integration_workspaces", id="github", version="2")
    assert (await desk.sent())[2] == "version=2"
    assert data["total"] == len(data["data"]) == 3


async def test_an_integration_is_shared_with_workspaces_or_with_all(desk: Desk) -> None:
    workspaces = [{"id": "ws-customer-support", "enabled": True}]
    await desk.good("update_mcp_integration_workspaces", id="github", workspaces=workspaces)
    assert await desk.sent() == ("PUT", f"{GITHUB}/workspaces", "", {"workspaces": workspaces})
    body: dict[str, Any] = {"workspaces": [], "global_workspace_access": None}
    await desk.good("update_mcp_integration_workspaces", id="github", **body)
    assert (await desk.sent())[3] == body
    body = {
        "workspaces": [],
        "global_workspace_access": {"enabled": False},
        "override_existing_workspace_access": True,
    }
    await desk.good("update_mcp_integration_workspaces", id="github", **body)
    assert (await desk.sent())[3] == body
    data = await desk.good("list_mcp_integration_workspaces", id="github")
    assert [item["enabled"] for item in data["workspaces"]] == [False, False, False]


async def test_sharing_wants_something_to_change(desk: Desk) -> None:
    error = await desk.bad("update_mcp_integration_workspaces", id="github", workspaces=[])
    assert "nothing to change" in told(error)
    assert await desk.requests() == []


async def test_a_missing_scope_is_named(sandbox: Any) -> None:
    error = await Desk(sandbox, READ_ONLY_KEY).bad("delete_mcp_integration", id="github")
    assert error["status"] == 403
    assert "organisation_mcp_integrations.delete" in error["next_step"]


async def test_a_workspace_key_uses_shared_integrations_and_changes_its_own(sandbox: Any) -> None:
    support = Desk(sandbox, WORKSPACE_KEY)
    found = await support.good("list_mcp_integrations")
    assert [item["slug"] for item in found["data"]] == ["linear", "refund-desk"]
    assert (await support.bad("update_mcp_integration", id="linear", name="x"))["status"] == 403
    await support.good("update_mcp_integration", id="refund-desk", name="Refunds")
