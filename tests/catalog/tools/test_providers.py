"""The provider tools, each against the sandbox: what arrives there and what comes back."""

from __future__ import annotations

import pytest

from app.sandbox.application import Sandbox
from app.sandbox.ids import seed_id
from tests.catalog.calls import Call
from tests.catalog.calls.providers import CALLS, INTEGRATION, OPENAI
from tests.catalog.desk import TOOLS, Desk, told

PATH = f"/v1/providers/{OPENAI}"


def test_every_tool_has_its_calls() -> None:
    assert [call.tool for call in CALLS] == [
        tool.name for tool in TOOLS.values() if tool.domain == "providers"
    ]


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.tool)
async def test_it_works_with_few_arguments_and_with_all(sandbox: Sandbox, call: Call) -> None:
    desk = Desk(sandbox)
    await desk.good(call.tool, **call.minimal)
    assert (await desk.sent())[:2] == call.sends
    await desk.control("POST", "reset")
    await desk.good(call.tool, **call.everything)


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.tool)
async def test_it_says_why_it_does_not(desk: Desk, call: Call) -> None:
    assert (await desk.bad(call.tool, **call.failing))["message"]


async def test_list_providers_of_one_workspace(desk: Desk) -> None:
    data = await desk.good("list_providers", workspace_id="ws-production", page_size=1)
    assert (await desk.sent())[2] == "page_size=1&workspace_id=ws-production"
    assert [one["slug"] for one in data["data"]] == [OPENAI]
    assert data["next_page"] == {"current_page": 1, "items_left": 1}


async def test_create_provider_nests_its_limits(desk: Desk) -> None:
    made = await desk.good(
        "create_provider",
        name="Reports",
        integration_id=INTEGRATION,
        workspace_id="ws-staging",
        usage_limits={"credit_limit": 800, "alert_threshold": 640, "periodic_reset_days": 30},
        rate_limits=[{"type": "tokens", "unit": "rph", "value": 0}],
        expires_at="2031-01-01",
    )
    body = (await desk.sent())[3]
    assert body == {
        "name": "Reports",
        "integration_id": INTEGRATION,
        "workspace_id": "ws-staging",
        "usage_limits": {"credit_limit": 800, "alert_threshold": 640, "periodic_reset_days": 30},
        "rate_limits": [{"type": "tokens", "unit": "rph", "value": 0}],
        "expires_at": "2031-01-01T00:00:00Z",
    }
    shown = await desk.good("get_provider", slug=made["slug"])
    assert shown["usage_limits"] == body["usage_limits"]


async def test_flat_limits_are_taken_too(desk: Desk) -> None:
    flat = {"credit_limit": 50, "alert_threshold": 40, "usage_limit_type": "tokens"}
    await desk.good(
        "update_provider",
        slug=OPENAI,
        **flat,
        periodic_reset="weekly",
        rate_limit_value=5,
        rate_limit_unit="rph",
    )
    assert (await desk.sent())[3] == {
        "usage_limits": {
            "credit_limit": 50,
            "alert_threshold": 40,
            "type": "tokens",
            "periodic_reset": "weekly",
        },
        "rate_limits": [{"type": "requests", "unit": "rph", "value": 5}],
    }


async def test_half_a_throttle_is_refused(desk: Desk) -> None:
    for half in ({"rate_limit_value": 5}, {"rate_limit_unit": "rpm"}, {"rate_limit_type": "tokens"}):
        error = await desk.bad("update_provider", slug=OPENAI, **half)
        problem = "rate_limit_value and rate_limit_unit go together"
        assert error["problems"] == [{"argument": "", "problem": problem}]
    both = {"rate_limits": [], "rate_limit_value": 5, "rate_limit_unit": "rpm"}
    error = await desk.bad("update_provider", slug=OPENAI, **both)
    assert "rate_limits cannot be combined with" in told(error)
    assert await desk.requests() == []


async def test_the_workspace_of_one_provider_goes_into_the_query(desk: Desk) -> None:
    where = {"slug": OPENAI, "workspace_id": "ws-production"}
    query = "workspace_id=ws-production"
    await desk.good("get_provider", **where)
    assert await desk.sent() == ("GET", PATH, query, None)
    answer = await desk.good("update_provider", **where, note="")
    assert answer == {"id": seed_id("virtual_key", OPENAI), "slug": OPENAI}
    assert await desk.sent() == ("PUT", PATH, query, {"note": ""})
    await desk.good("delete_provider", **where)
    assert await desk.sent() == ("DELETE", PATH, query, None)


async def test_a_workspace_alone_is_nothing_to_change(desk: Desk) -> None:
    error = await desk.bad("update_provider", slug=OPENAI, workspace_id="ws-production")
    assert error["problems"][0]["problem"].startswith("nothing to change: ")
    assert await desk.requests() == []


async def test_update_provider_can_end_the_expiry_and_reset_the_usage(desk: Desk) -> None:
    await desk.good("update_provider", slug="openai-staging-71fa3e", expires_at=None, reset_usage=True)
    assert (await desk.sent())[3] == {"expires_at": None, "reset_usage": True}
    assert (await desk.good("get_provider", slug="openai-staging-71fa3e"))["status"] == "active"


async def test_a_new_credit_limit_leaves_type_and_reset_as_they_are(desk: Desk) -> None:
    await desk.good("update_provider", slug=OPENAI, usage_limits={"credit_limit": 50})
    limits = (await desk.good("get_provider", slug=OPENAI))["usage_limits"]
    assert (limits["credit_limit"], limits["type"], limits["periodic_reset"]) == (50, "cost", "monthly")


async def test_a_deleted_provider_leads_to_the_list(desk: Desk) -> None:
    await desk.good("delete_provider", slug=OPENAI)
    error = await desk.bad("get_provider", slug=OPENAI)
    assert error["next_step"] == "Find the right id with list_providers, then call again."
