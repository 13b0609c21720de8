"""The tools for users and invitations, each against the sandbox: what arrives there and what comes back."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl

import pytest

from app.sandbox.company import user_id, workspace_id
from app.sandbox.ids import seed_id
from tests.catalog.desk import Desk, told

USERS = "/v1/admin/users"
INVITES = f"{USERS}/invites"
PENDING = seed_id("user_invite", "nora.haas")
PERIOD = {"time_of_generation_min": "2026-03-01", "time_of_generation_max": "2026-03-02T01:00:00+01:00"}


async def test_list_all_users_sends_its_pages_in_camel_case(desk: Desk) -> None:
    data = await desk.good("list_all_users", page_size=4, current_page=0)
    assert await desk.sent() == ("GET", USERS, "pageSize=4&currentPage=0", None)
    assert data["data"][3]["workspace_ids"] == ["ws-production", "ws-customer-support"]
    assert data["next_page"] == {"current_page": 1, "items_left": 2}
    assert "next_page" not in await desk.good("list_all_users", page_size=4, current_page=1)


async def test_list_all_users_filters(desk: Desk) -> None:
    data = await desk.good("list_all_users", role="admin", email="jonas.lindqvist@brightwater.example")
    assert await desk.sent() == (
        "GET",
        USERS,
        "role=admin&email=jonas.lindqvist%40brightwater.example",
        None,
    )
    assert [user["id"] for user in data["data"]] == [user_id("jonas")]
    error = await desk.bad("list_all_users", role="manager", email="jonas", page_size=0)
    assert [problem["argument"] for problem in error["problems"]] == ["page_size", "role", "email"]


async def test_invite_user_returns_the_link(desk: Desk) -> None:
    data = await desk.good("invite_user", email="ada@b.example", role="member", workspaces=[])
    assert data["invite_link"].startswith("https://app.portkey.ai/invite/")
    body = {"email": "ada@b.example", "role": "member", "workspaces": []}
    assert await desk.sent() == ("POST", INVITES, "", body)


async def test_invite_user_with_everything(desk: Desk) -> None:
    invite = {
        "email": "ada@b.example",
        "role": "admin",
        "workspaces": [{"id": "ws-staging", "role": "manager"}],
        "first_name": "Ada",
        "last_name": "Lovelace",
        "workspace_api_key_details": {
            "scopes": ["logs.view"],
            "name": "Ada",
            "expiry": "2027-01-01",
            "metadata": {"team": "x"},
        },
    }
    made = await desk.good("invite_user", **invite)
    assert (await desk.sent())[3] == invite
    shown = await desk.good("get_user_invite", invite_id=made["id"])
    assert shown["workspaces"] == [{"workspace_id": workspace_id("ws-staging"), "role": "manager"}]


async def test_invite_user_tells_every_mistake_before_sending(desk: Desk) -> None:
    error = await desk.bad(
        "invite_user",
        email="ada",
        role="owner",
        workspaces=[{"id": "ws-staging", "role": "boss"}],
        workspace_api_key_details={"name": "no scopes", "scope": "x"},
    )
    assert {problem["argument"] for problem in error["problems"]} == {
        "email",
        "role",
        "workspaces.0.role",
        "workspace_api_key_details.scopes",
        "workspace_api_key_details.scope",
    }
    assert await desk.requests() == []


async def test_invite_user_of_somebody_here_is_refused(desk: Desk) -> None:
    error = await desk.bad(
        "invite_user", email="hana.sato@brightwater.example", role="member", workspaces="[]"
    )
    assert (error["status"], error["code"]) == (409, "AB07")


async def test_get_user_stats_sends_its_period_in_utc(desk: Desk) -> None:
    await desk.call("get_user_stats", PERIOD)
    method, path, query, _ = await desk.sent()
    assert (method, path) == ("GET", "/v1/analytics/groups/users")
    assert dict(parse_qsl(query)) == {
        "time_of_generation_min": "2026-03-01T00:00:00Z",
        "time_of_generation_max": "2026-03-02T00:00:00Z",
    }
    await desk.call("get_user_stats", {"time_of_generation_min": "-7d", "time_of_generation_max": "now"})
    times = dict(parse_qsl((await desk.sent())[2]))
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", moment) for moment in times.values())


async def test_get_user_stats_takes_listed_and_unlisted_filters(desk: Desk) -> None:
    await desk.call(
        "get_user_stats",
        {
            **PERIOD,
            "workspace_slug": "ws-production",
            "cost_min": 0,
            "total_units_max": 10,
            "status_code": "401,403",
            "completion_token_min": 0,
            "weighted_feedback_min": -2.5,
            "configs": "pc-1,pc-2",
            "metadata": {"_user": "u 1"},
            "page_size": 5,
            "current_page": 1,
        },
    )
    sent = dict(parse_qsl((await desk.sent())[2]))
    assert {name: value for name, value in sent.items() if not name.startswith("time_")} == {
        "workspace_slug": "ws-production",
        "cost_min": "0",
        "total_units_max": "10",
        "status_code": "401,403",
        "completion_token_min": "0",
        "weighted_feedback_min": "-2.5",
        "configs": "pc-1,pc-2",
        "metadata": '{"_user":"u 1"}',
        "page_size": "5",
        "current_page": "1",
    }


async def test_get_user_stats_ranks_users_by_what_they_used(desk: Desk) -> None:
    data = await desk.good(
        "get_user_stats", time_of_generation_min="-30d", time_of_generation_max="now", page_size=3
    )
    counts = [int(user["requests"]) for user in data["data"]]
    assert len(counts) == 3
    assert counts == sorted(counts, reverse=True)
    assert data["next_page"]["current_page"] == 1


async def test_get_user_stats_needs_a_period(desk: Desk) -> None:
    error = await desk.bad("get_user_stats", time_of_generation_min="last week", cost_min=-1)
    assert {problem["argument"] for problem in error["problems"]} == {
        "time_of_generation_min",
        "time_of_generation_max",
        "cost_min",
    }


async def test_get_user(desk: Desk) -> None:
    data = await desk.good("get_user", user_id=user_id("hana"))
    assert await desk.sent() == ("GET", f"{USERS}/{user_id('hana')}", "", None)
    assert (data["first_name"], data["workspace_ids"]) == ("Hana", ["ws-customer-support"])
    error = await desk.bad("get_user", user_id="nobody")
    assert error["next_step"] == "Find the right id with list_all_users, then call again."


@pytest.mark.parametrize("tool", ["get_user", "delete_user"])
async def test_a_user_id_cannot_reach_further(desk: Desk, tool: str) -> None:
    assert (await desk.bad(tool, user_id=".."))["code"] == "invalid_arguments"
    await desk.bad(tool, user_id="x/../../workspaces")
    assert await desk.requests() == []


async def test_update_user_sends_what_is_given(desk: Desk) -> None:
    assert await desk.good("update_user", user_id=user_id("hana"), role="admin") == {
        "success": True,
        "user_id": user_id("hana"),
    }
    assert await desk.sent() == ("PUT", f"{USERS}/{user_id('hana')}", "", {"role": "admin"})
    names = {"first_name": "Hanako", "last_name": "Satō"}
    await desk.good("update_user", user_id=user_id("hana"), **names)
    assert (await desk.sent())[3] == names


async def test_update_user_wants_something_to_change_and_leaves_the_owner(desk: Desk) -> None:
    error = await desk.bad("update_user", user_id=user_id("hana"))
    assert "nothing to change: give at least one of role, first_name or last_name" in told(error)
    assert await desk.requests() == []
    assert (await desk.bad("update_user", user_id=user_id("amara"), role="member"))["status"] == 409


async def test_delete_user(desk: Desk) -> None:
    who = {"user_id": user_id("mateo")}
    assert await desk.good("delete_user", **who) == {"success": True, **who}
    assert await desk.sent() == ("DELETE", f"{USERS}/{who['user_id']}", "", None)
    assert (await desk.bad("delete_user", **who))["status"] == 404


async def test_list_user_invites(desk: Desk) -> None:
    data = await desk.good("list_user_invites", status="pending", role="member", page_size=1)
    assert await desk.sent() == ("GET", INVITES, "pageSize=1&role=member&status=pending", None)
    assert [invite["id"] for invite in data["data"]] == [PENDING]
    assert (await desk.good("list_user_invites", page_size=3))["next_page"]["items_left"] == 1
    assert (await desk.bad("list_user_invites", role="owner"))["code"] == "invalid_arguments"


async def test_an_invite_is_resent_and_withdrawn(desk: Desk) -> None:
    data = await desk.good("resend_user_invite", invite_id=PENDING)
    assert data["inviteLink"].endswith(PENDING)
    assert await desk.sent() == ("POST", f"{INVITES}/{PENDING}/resend", "", {})
    await desk.good("delete_user_invite", invite_id=PENDING)
    assert await desk.sent() == ("DELETE", f"{INVITES}/{PENDING}", "", None)
    assert (await desk.good("get_user_invite", invite_id=PENDING))["status"] == "cancelled"
    assert (await desk.bad("resend_user_invite", invite_id=PENDING))["status"] == 409


@pytest.mark.parametrize("tool", ["get_user_invite", "delete_user_invite", "resend_user_invite"])
async def test_an_unknown_invite_leads_to_the_list(desk: Desk, tool: str) -> None:
    error = await desk.bad(tool, invite_id="nothing")
    assert error["next_step"] == "Find the right id with list_user_invites, then call again."
