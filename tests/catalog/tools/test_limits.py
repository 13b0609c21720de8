"""The limit tools, each against the sandbox: what arrives there and what comes back."""

from __future__ import annotations

from typing import Any

import pytest

from app.sandbox.keys import READ_ONLY_KEY
from tests.catalog.calls import Call
from tests.catalog.calls.limits import (
    ARCHIVED,
    BUDGET,
    CALLS,
    CHECKOUT_KEY,
    ENTITY,
    EVERYTHING,
    MINIMAL,
    NOWHERE,
    RATE,
    THROTTLE,
    USAGE,
)
from tests.catalog.desk import FORMS, Desk, told

USAGE_LIMIT = {**MINIMAL, "type": "cost", "credit_limit": 1000}


async def test_list_rate_limits_sends_its_filters_and_names_the_next_page(desk: Desk) -> None:
    data = await desk.good("list_rate_limits", target="mcp_tools", unit="rpd", type="requests", page_size=1)
    query = "page_size=1&type=requests&unit=rpd&target=mcp_tools"
    assert await desk.sent() == ("GET", RATE, query, None)
    assert [limit["name"] for limit in data["data"]] == ["MCP tool calls a day"]
    more = await desk.good("list_rate_limits", page_size=1, current_page=1)
    assert more["next_page"] == {"current_page": 2, "items_left": 1}


async def test_get_rate_limit_finds_archived_ones_on_request(desk: Desk) -> None:
    await desk.good("delete_rate_limit", id=THROTTLE)
    error = await desk.bad("get_rate_limit", id=THROTTLE)
    assert (error["status"], "list_rate_limits" in error["next_step"]) == (404, True)
    assert (await desk.good("get_rate_limit", id=THROTTLE, status="archived"))["unit"] == "rpm"


async def test_create_rate_limit_sends_what_was_given_and_no_more(desk: Desk) -> None:
    data = await desk.good("create_rate_limit", **MINIMAL, type="requests", unit="rpm", value=0)
    assert data["object"] == "policy_rate_limits"
    assert await desk.sent() == (
        "POST",
        RATE,
        "",
        {**MINIMAL, "type": "requests", "unit": "rpm", "value": 0},
    )


async def test_update_rate_limit_changes_what_it_names(desk: Desk) -> None:
    assert await desk.good("update_rate_limit", id=THROTTLE, value=0) == {"success": True, "id": THROTTLE}
    assert await desk.sent() == ("PUT", f"{RATE}/{THROTTLE}", "", {"value": 0})
    assert (await desk.good("get_rate_limit", id=THROTTLE))["conditions"]


async def test_delete_rate_limit_of_nothing_leads_to_the_list(desk: Desk) -> None:
    error = await desk.bad("delete_rate_limit", id=NOWHERE)
    assert error["next_step"] == "Find the right id with list_rate_limits, then call again."


async def test_list_usage_limits(desk: Desk) -> None:
    data = await desk.good("list_usage_limits", status="archived", workspace_id="ws-production", type="cost")
    assert await desk.sent() == ("GET", USAGE, "workspace_id=ws-production&status=archived&type=cost", None)
    assert [limit["id"] for limit in data["data"]] == [ARCHIVED]


async def test_get_usage_limit_shows_what_was_spent(desk: Desk) -> None:
    data = await desk.good("get_usage_limit", id=BUDGET, include_usage=True)
    assert await desk.sent() == ("GET", f"{USAGE}/{BUDGET}", "include_usage=true", None)
    assert f"api_key:{CHECKOUT_KEY}" in data["value_key_usage_map"]


async def test_create_usage_limit_takes_lists_and_exclusions(desk: Desk) -> None:
    settings = {**EVERYTHING, "type": "tokens", "credit_limit": 2_000_000, "alert_threshold": "1500000"}
    data = await desk.good("create_usage_limit", **settings, periodic_reset="weekly")
    assert data["object"] == "policy_usage_limits"
    assert (await desk.sent())[3] == {**settings, "alert_threshold": 1_500_000, "periodic_reset": "weekly"}


async def test_an_alert_threshold_is_an_amount_below_the_limit(desk: Desk) -> None:
    assert await desk.good("create_usage_limit", **USAGE_LIMIT, alert_threshold=800)
    error = await desk.bad("create_usage_limit", **USAGE_LIMIT, alert_threshold=1000)
    assert "alert_threshold must be below credit_limit" in error["message"]


@pytest.mark.parametrize(
    ("settings", "argument", "problem"),
    [
        ({"conditions": []}, "conditions", "List should have at least 1 item"),
        ({"conditions": [{"key": "api_key"}]}, "conditions.0.value", "is required"),
        (
            {"conditions": [{"key": "api_key", "value": []}]},
            "conditions.0.value",
            "must be a text or a list of texts",
        ),
        (
            {"conditions": [{"field": "api_key", "value": "x"}]},
            "conditions.0.field",
            "is not a member of this object",
        ),
        ({"group_by": [{"key": ""}]}, "group_by.0.key", "at least 1 character"),
        ({"credit_limit": -1}, "credit_limit", "greater than or equal to 0"),
    ],
)
async def test_wrong_conditions_are_refused_before_anything_is_sent(
    desk: Desk, settings: dict[str, Any], argument: str, problem: str
) -> None:
    error = await desk.bad("create_usage_limit", **{**USAGE_LIMIT, **settings})
    told = {told["argument"]: told["problem"].lower() for told in error["problems"]}
    assert problem.lower().removeprefix("list should ") in told[argument]
    assert await desk.requests() == []


async def test_update_usage_limit_changes_the_budget_alone(desk: Desk) -> None:
    assert await desk.good("update_usage_limit", id=BUDGET, credit_limit=2000) == {
        "success": True,
        "id": BUDGET,
    }
    assert await desk.sent() == ("PUT", f"{USAGE}/{BUDGET}", "", {"credit_limit": 2000})
    kept = await desk.good("get_usage_limit", id=BUDGET)
    assert (kept["type"], kept["periodic_reset"], kept["alert_threshold"]) == ("cost", "monthly", 120)


async def test_update_usage_limit_clears_with_null(desk: Desk) -> None:
    cleared = {"alert_threshold": None, "description": "", "next_usage_reset_at": None}
    await desk.good("update_usage_limit", id=BUDGET, periodic_reset=None, periodic_reset_days=30, **cleared)
    assert (await desk.sent())[3] == {
        "alert_threshold": None,
        "description": None,
        "next_usage_reset_at": None,
        "periodic_reset": None,
        "periodic_reset_days": 30,
    }


async def test_update_usage_limit_has_one_period(desk: Desk) -> None:
    error = await desk.bad("update_usage_limit", id=BUDGET, periodic_reset="weekly", periodic_reset_days=7)
    assert "give either periodic_reset or periodic_reset_days, not both" in told(error)
    assert await desk.requests() == []


async def test_update_usage_limit_resets_a_value(desk: Desk) -> None:
    await desk.good("update_usage_limit", id=BUDGET, reset_usage_for_value=CHECKOUT_KEY)
    listed = await desk.good("list_usage_limit_entities", limit_id=BUDGET, search=CHECKOUT_KEY)
    assert [entity["current_usage"] for entity in listed["data"]] == [0]


@pytest.mark.parametrize("tool", ["update_usage_limit", "update_rate_limit"])
async def test_an_update_wants_something_to_change(desk: Desk, tool: str) -> None:
    error = await desk.bad(tool, id=NOWHERE)
    assert "nothing to change" in told(error)
    assert await desk.requests() == []


async def test_delete_usage_limit_archives(desk: Desk) -> None:
    assert await desk.good("delete_usage_limit", id=BUDGET) == {"success": True, "id": BUDGET}
    assert (await desk.good("get_usage_limit", id=BUDGET, status="archived"))["status"] == "archived"


async def test_entities_and_their_reset(desk: Desk) -> None:
    listed = await desk.good("list_usage_limit_entities", limit_id=BUDGET, page_size=1, search="api_key")
    assert await desk.sent() == ("GET", f"{USAGE}/{BUDGET}/entities", "page_size=1&search=api_key", None)
    assert listed["next_page"]["current_page"] == 1
    assert await desk.good("reset_usage_limit_entity", limit_id=BUDGET, entity_id=ENTITY) == {
        "success": True,
        "limit_id": BUDGET,
        "entity_id": ENTITY,
    }
    reset = await desk.sent()
    assert reset[:2] == ("PUT", f"{USAGE}/{BUDGET}/entities/{ENTITY}/reset")
    after = await desk.good("list_usage_limit_entities", limit_id=BUDGET, search=CHECKOUT_KEY)
    assert after["data"][0]["current_usage"] == 0
    error = await desk.bad("reset_usage_limit_entity", limit_id=BUDGET, entity_id=NOWHERE)
    assert "list_usage_limits and list_usage_limit_entities" in error["next_step"]


async def test_a_missing_scope_is_named(desk: Desk) -> None:
    reader = Desk(desk.app, READ_ONLY_KEY)
    error = await reader.bad("delete_usage_limit", id=BUDGET)
    assert (error["status"], "policies.delete" in error["next_step"]) == (403, True)


@pytest.mark.parametrize("word", ["budget", "spend cap", "throttle"])
def test_words_people_search_by(word: str) -> None:
    found = [name for name, form in FORMS.items() if word in str(form["description"]).lower()]
    assert {
        "budget": "create_usage_limit",
        "spend cap": "list_usage_limits",
        "throttle": "create_rate_limit",
    }[word] in found


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.tool)
async def test_every_tool_succeeds_and_fails_as_listed(desk: Desk, call: Call) -> None:
    await desk.good(call.tool, **call.minimal)
    assert (await desk.sent())[:2] == call.sends
    await desk.control("POST", "reset")
    await desk.good(call.tool, **call.everything)
    await desk.control("POST", "reset")
    assert await desk.bad(call.tool, **call.failing)
