"""The deployment tools, each against the sandbox: what arrives there and what comes back."""

from __future__ import annotations

from typing import Any

import pytest

from tests.catalog.calls import Call
from tests.catalog.calls.deployments import ALL, CALLS, SETTINGS, STAGING
from tests.catalog.desk import Desk

PATH = f"{ALL}/dp-stagin-b83e27"


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.tool)
async def test_every_tool_succeeds_and_fails_as_listed(desk: Desk, call: Call) -> None:
    await desk.good(call.tool, **call.minimal)
    assert (await desk.sent())[:2] == call.sends
    await desk.control("POST", "reset")
    await desk.good(call.tool, **call.everything)
    await desk.control("POST", "reset")
    assert await desk.bad(call.tool, **call.failing)


async def test_filters_are_repeated_and_written_as_json(desk: Desk) -> None:
    data = await desk.good(
        "list_deployments", workspace_slug=["ws-staging", "ws-production"], tags={"region": "eu-central-1"}
    )
    query = (
        "workspace_slug=ws-staging&workspace_slug=ws-production&tags=%7B%22region%22%3A%22eu-central-1%22%7D"
    )
    assert await desk.sent() == ("GET", ALL, query, None)
    assert [found["name"] for found in data["data"]] == ["Frankfurt"]
    error = await desk.bad("list_deployments", tags={"a b": "x"})
    assert error["code"] == "invalid_arguments"


async def test_a_registration_shows_its_credentials_once(desk: Desk) -> None:
    made = await desk.good("register_deployment", name="Virginia", **SETTINGS)
    settings = {name: value for name, value in SETTINGS.items() if name not in ("type", "is_default", "tags")}
    assert (await desk.sent())[3] == {
        "name": "Virginia",
        "type": "non_production",
        "is_default": False,
        "tags": {"region": "us-east-1"},
        "auth_settings": settings,
    }
    assert made["client_auth"].startswith("client-auth-")
    assert made["credentials"]["password"].startswith("registry-")
    assert "one_time_secret" in made
    again = await desk.call("get_deployment", {"id": made["id"]})
    assert made["client_auth"] not in again.text
    assert made["credentials"]["password"] not in again.text


async def test_only_what_is_given_is_sent(desk: Desk) -> None:
    await desk.good("register_deployment", name="Virginia")
    assert (await desk.sent())[3] == {"name": "Virginia"}


async def test_self_is_a_deployment(desk: Desk) -> None:
    assert (await desk.good("get_deployment", id="self"))["name"] == "Frankfurt"
    assert await desk.sent() == ("GET", f"{ALL}/self", "", None)


async def test_rotation_gives_a_new_credential(desk: Desk) -> None:
    first = await desk.good("update_deployment", **STAGING, rotate_auth=True)
    assert await desk.sent() == ("PUT", PATH, "", {"rotate_auth": True})
    second = await desk.good("update_deployment", **STAGING, rotate_auth=True)
    assert first["client_auth"] != second["client_auth"]
    assert "one_time_secret" in second


async def test_an_update_clears_removes_and_keeps(desk: Desk) -> None:
    await desk.good(
        "update_deployment",
        **STAGING,
        deployment_config=None,
        tags=None,
        workspaces_allowed=["ws-production"],
        remove_workspaces_allowed=["ws-staging"],
    )
    assert (await desk.sent())[3] == {
        "deployment_config": None,
        "tags": None,
        "auth_settings": {
            "workspaces_allowed": ["ws-production"],
            "remove_workspaces_allowed": ["ws-staging"],
        },
    }
    shown = await desk.good("get_deployment", **STAGING)
    assert [workspace["slug"] for workspace in shown["workspaces"]] == ["ws-production"]


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({}, "nothing to change: give at least one of"),
        (
            {"allow_all_workspaces": True, "workspaces_allowed": ["ws-staging"]},
            "allow_all_workspaces cannot be combined with workspaces_allowed",
        ),
        ({"gateway_base_url": "gateway"}, "does not have the form"),
    ],
)
async def test_wrong_changes_are_refused_before_anything_is_sent(
    desk: Desk, changes: dict[str, Any], problem: str
) -> None:
    error = await desk.bad("update_deployment", **STAGING, **changes)
    assert error["problems"][0]["problem"].startswith(problem)
    assert await desk.requests() == []


async def test_an_archived_deployment_stays_in_the_list(desk: Desk) -> None:
    await desk.good("archive_deployment", **STAGING)
    assert await desk.sent() == ("DELETE", PATH, "", None)
    listed = await desk.good("list_deployments", status="archived")
    assert [found["name"] for found in listed["data"]] == ["Staging", "Lab"]


async def test_a_feature_of_the_enterprise_plan_says_so(desk: Desk) -> None:
    await desk.fault("status=403")
    error = await desk.bad("archive_deployment", **STAGING)
    assert "Enterprise plan only" in error["next_step"]
    assert "deployments.delete" in error["next_step"]
