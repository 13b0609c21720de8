"""The guardrail tools, each against the sandbox: what arrives there and what comes back."""

from __future__ import annotations

from typing import Any

import pytest

from app.sandbox.company import ORGANISATION_ID
from app.sandbox.keys import WORKSPACE_KEY
from tests.catalog.calls import Call
from tests.catalog.calls.guardrails import (
    ACTIONS,
    CALLS,
    CAPABILITY,
    CHECKOUT,
    CHECKS,
    EXCLUDE,
    GITHUB,
    LINEAR,
    MODERATION,
    SHIELD,
    TOOLS_GUARD,
)
from tests.catalog.desk import FORMS, Desk, told

DEFAULTS = "/v2/admin/organisation/defaults"
CHECK = [{"id": "portkey.gibberish"}]


async def test_the_defaults_of_the_organisation(desk: Desk) -> None:
    before = await desk.good("get_organisation_defaults")
    assert await desk.sent() == ("GET", DEFAULTS, "", None)
    assert [guardrail["slug"] for guardrail in before["input_guardrails"]] == [SHIELD]
    await desk.good("update_organisation_defaults", input_guardrails=[], output_guardrails=[MODERATION])
    body = {"input_guardrails": [], "output_guardrails": [MODERATION]}
    assert await desk.sent() == ("PUT", DEFAULTS, "", body)


async def test_only_guardrails_of_the_organisation_become_defaults(desk: Desk) -> None:
    error = await desk.bad("update_organisation_defaults", output_guardrails=[CHECKOUT])
    assert "cannot be set as organisation defaults" in error["message"]


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [("update_organisation_defaults", {}), ("update_guardrail", {"guardrail_id": SHIELD})],
)
async def test_an_update_wants_something_to_change(desk: Desk, tool: str, arguments: dict[str, Any]) -> None:
    assert "nothing to change" in told(await desk.bad(tool, **arguments))
    assert await desk.requests() == []


async def test_a_403_names_the_plan_and_the_scope(desk: Desk) -> None:
    error = await Desk(desk.app, WORKSPACE_KEY).bad("get_organisation_defaults")
    assert "Enterprise plan" in error["next_step"]
    assert "organisation_settings.read" in error["next_step"]


@pytest.mark.parametrize("side", ["input", "output"])
async def test_workspaces_are_excluded(desk: Desk, side: str) -> None:
    path = f"/v1/workspace-exclusions/{side}-guardrails"
    body = {**EXCLUDE, "override_existing": False}
    await desk.good(f"update_{side}_guardrail_workspace_exclusions", **body)
    assert await desk.sent() == ("PUT", path, "", body)
    listed = await desk.good(f"list_{side}_guardrail_workspace_exclusions", organisation_id=ORGANISATION_ID)
    assert await desk.sent() == ("GET", path, f"organisation_id={ORGANISATION_ID}", None)
    assert "Production" in [workspace["name"] for workspace in listed["data"]]


@pytest.mark.parametrize(
    ("workspaces", "argument"),
    [
        ([], "workspaces"),
        ([{"workspace_id": "ws-staging"}], "workspaces.0.excluded"),
        ([{"id": "ws-staging", "workspace_id": "ws-staging", "excluded": True}], "workspaces.0.id"),
    ],
)
async def test_an_exclusion_is_complete(desk: Desk, workspaces: list[Any], argument: str) -> None:
    error = await desk.bad(
        "update_input_guardrail_workspace_exclusions", organisation_id="o", workspaces=workspaces
    )
    assert [problem["argument"] for problem in error["problems"]] == [argument]
    assert await desk.requests() == []


async def test_list_guardrails_takes_pages_of_a_thousand(desk: Desk) -> None:
    await desk.good("list_guardrails", page_size=1000, workspace_id="ws-production")
    assert await desk.sent() == ("GET", "/v1/guardrails", "page_size=1000&workspace_id=ws-production", None)
    data = await desk.good("list_guardrails", page_size=3)
    assert data["next_page"] == {"current_page": 1, "items_left": 1}


async def test_get_guardrail_of_nothing_leads_to_the_list(desk: Desk) -> None:
    error = await desk.bad("get_guardrail", guardrail_id="pg-nothing")
    assert error["next_step"] == "Find the right id with list_guardrails, then call again."


async def test_create_guardrail_sends_the_form_of_the_api(desk: Desk) -> None:
    data = await desk.good("create_guardrail", name="PII", checks=CHECKS, actions=ACTIONS)
    assert data["slug"].startswith("pg-pii-")
    body = {"name": "PII", "checks": CHECKS, "actions": ACTIONS}
    assert await desk.sent() == ("POST", "/v1/guardrails", "", body)


async def test_feedback_without_its_level_is_sent_with_it(desk: Desk) -> None:
    flat = {"deny": False, "on_success": {"value": 1}, "on_fail": {"value": -1, "metadata": {"by": "pii"}}}
    await desk.good("create_guardrail", name="Flat", checks=CHECK, actions=flat)
    assert (await desk.sent())[3]["actions"] == {
        "deny": False,
        "on_success": {"feedback": {"value": 1}},
        "on_fail": {"feedback": {"value": -1, "metadata": '{"by":"pii"}'}},
    }


async def test_actions_that_the_api_description_lacks_are_passed_on(desk: Desk) -> None:
    more = {"async": True, "on_fail_action": "log", "message": "No.", "sequential": True}
    await desk.good("update_guardrail", guardrail_id=CHECKOUT, actions=more)
    body = {"actions": more}
    assert await desk.sent() == ("PUT", f"/v1/guardrails/{CHECKOUT}", "", body)
    assert (await desk.good("get_guardrail", guardrail_id=CHECKOUT))["actions"]["sequential"] is True


@pytest.mark.parametrize(
    ("arguments", "argument"),
    [
        ({"checks": [], "actions": ACTIONS}, "checks"),
        ({"checks": [{"name": "x"}], "actions": ACTIONS}, "checks.0.id"),
        ({"checks": [{"id": "x", "enabled": True}], "actions": ACTIONS}, "checks.0.enabled"),
        ({"checks": CHECK, "actions": {"async": "later"}}, "actions.async"),
        ({"checks": CHECK, "actions": {"on_fail": {"points": 1}}}, "actions.on_fail.feedback"),
        (
            {"checks": CHECK, "actions": {"on_fail": {"feedback": {"value": "low"}}}},
            "actions.on_fail.feedback.value",
        ),
        ({"checks": CHECK}, ""),
        ({"actions": ACTIONS, "target": "llm"}, ""),
    ],
)
async def test_a_guardrail_that_cannot_be_is_refused(
    desk: Desk, arguments: dict[str, Any], argument: str
) -> None:
    error = await desk.bad("create_guardrail", name="x", **arguments)
    assert argument in [problem["argument"] for problem in error["problems"]]
    assert await desk.requests() == []


async def test_a_guardrail_of_mcp_tools_may_come_without_checks(desk: Desk) -> None:
    created = await desk.good("create_guardrail", name="Tools", target="mcp_tools")
    assert (await desk.sent())[3] == {"name": "Tools", "target": "mcp_tools"}
    servers = await desk.good("list_guardrail_mcp_servers", guardrail_id=created["id"])
    assert servers == {"data": []}


async def test_mcp_servers_of_a_guardrail(desk: Desk) -> None:
    path = f"/v1/guardrails/{TOOLS_GUARD}/mcp-servers"
    where = {"guardrail_id": TOOLS_GUARD}
    await desk.good("upsert_guardrail_mcp_server", **where, mcp_server_id=LINEAR)
    assert await desk.sent() == ("PUT", f"{path}/{LINEAR}", "", {})
    mapped = {GITHUB: {"run_on": ["output"]}, LINEAR: {"mcp_integration_capability_ids": [CAPABILITY]}}
    counts = await desk.good("replace_guardrail_mcp_servers", **where, mcp_servers=mapped)
    assert await desk.sent() == ("PUT", path, "", {"mcp_servers": mapped})
    assert counts == {"changed": True, "added": 0, "updated": 2, "removed": 0}
    await desk.good("replace_guardrail_mcp_servers", **where, mcp_servers={})
    assert (await desk.sent())[3] == {"mcp_servers": {}}
    assert await desk.good("list_guardrail_mcp_servers", **where) == {"data": []}


@pytest.mark.parametrize(
    ("servers", "argument"),
    [
        ({"github-tools": {}}, "mcp_servers.github-tools"),
        ({GITHUB: {"run_on": []}}, f"mcp_servers.{GITHUB}.run_on"),
        ({GITHUB: {"run_on": ["both"]}}, f"mcp_servers.{GITHUB}.run_on.0"),
        ({GITHUB: {"tools": []}}, f"mcp_servers.{GITHUB}.tools"),
    ],
)
async def test_a_wrong_mapping_is_refused(desk: Desk, servers: dict[str, Any], argument: str) -> None:
    error = await desk.bad("replace_guardrail_mcp_servers", guardrail_id=TOOLS_GUARD, mcp_servers=servers)
    assert error["problems"][0]["argument"].startswith(argument)
    assert await desk.requests() == []


async def test_a_default_cannot_be_deleted_and_others_can(desk: Desk) -> None:
    error = await desk.bad("delete_guardrail", guardrail_id=SHIELD)
    assert "used in organisation defaults" in error["message"]
    assert await desk.good("delete_guardrail", guardrail_id=CHECKOUT) == {
        "success": True,
        "guardrail_id": CHECKOUT,
    }
    assert (await desk.bad("get_guardrail", guardrail_id=CHECKOUT))["status"] == 404


@pytest.mark.parametrize("word", ["content moderation", "PII"])
def test_words_people_search_by(word: str) -> None:
    for tool in ("list_guardrails", "create_guardrail"):
        assert word in str(FORMS[tool]["description"])


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.tool)
async def test_every_tool_succeeds_and_fails_as_listed(desk: Desk, call: Call) -> None:
    await desk.good(call.tool, **call.minimal)
    assert (await desk.sent())[:2] == call.sends
    await desk.control("POST", "reset")
    await desk.good(call.tool, **call.everything)
    await desk.control("POST", "reset")
    assert await desk.bad(call.tool, **call.failing)
