"""The partial tools, each against the sandbox: what arrives there and what comes back."""

from __future__ import annotations

import pytest

from tests.catalog.desk import Desk

ALL = "/v1/prompts/partials"
TONE = "ppl-tone-3c8f21"


async def test_create_prompt_partial(desk: Desk) -> None:
    body = {"name": "Sign-off", "string": "Kind regards"}
    await desk.good("create_prompt_partial", **body)
    assert await desk.sent() == ("POST", ALL, "", body)
    more = {**body, "workspace_id": "ws-staging", "version_description": "First"}
    made = await desk.good("create_prompt_partial", **more)
    assert (await desk.sent())[3] == more
    shown = await desk.good("get_prompt_partial", prompt_partial_id=made["slug"])
    assert (shown["string"], shown["version_description"]) == ("Kind regards", "First")


async def test_create_prompt_partial_reports_an_unknown_workspace(desk: Desk) -> None:
    error = await desk.bad("create_prompt_partial", name="x", string="y", workspace_id="nowhere")
    assert (error["status"], error["code"]) == (400, "AB01")


async def test_list_prompt_partials(desk: Desk) -> None:
    data = await desk.good("list_prompt_partials", collection_id="checkout-3f9a1c")
    assert await desk.sent() == ("GET", ALL, "collection_id=checkout-3f9a1c", None)
    assert [partial["slug"] for partial in data["data"]] == [TONE]
    assert len((await desk.good("list_prompt_partials"))["data"]) == 3
    error = await desk.bad("list_prompt_partials", collection="x")
    assert "did you mean collection_id?" in error["problems"][0]["problem"]


async def test_get_prompt_partial_shows_what_is_published(desk: Desk) -> None:
    data = await desk.good("get_prompt_partial", prompt_partial_id=TONE)
    assert (data["version"], data["string"]) == (1, "Write briefly and kindly.")


async def test_update_prompt_partial_makes_a_version_to_publish(desk: Desk) -> None:
    which = {"prompt_partial_id": TONE}
    change = {"string": "Be brief.", "description": "Shorter"}
    await desk.good("update_prompt_partial", **which, **change)
    assert await desk.sent() == ("PUT", f"{ALL}/{TONE}", "", change)
    versions = (await desk.good("list_partial_versions", **which))["data"]
    assert (versions[0]["version"], versions[0]["description"]) == ("3", "Shorter")
    await desk.requests()
    assert await desk.good("publish_partial", **which, version=3) == {"success": True, **which}
    assert await desk.sent() == ("PUT", f"{ALL}/{TONE}/makeDefault", "", {"version": 3})
    assert (await desk.good("get_prompt_partial", **which))["string"] == "Be brief."


async def test_update_prompt_partial_renames_and_archives(desk: Desk) -> None:
    change = {"name": "Tone", "status": "archived"}
    await desk.good("update_prompt_partial", prompt_partial_id=TONE, **change)
    assert (await desk.sent())[3] == change
    error = await desk.bad("update_prompt_partial", prompt_partial_id=TONE)
    problem = "nothing to change: give at least one of name, string, description or status"
    assert error["problems"] == [{"argument": "", "problem": problem}]
    assert (await desk.bad("update_prompt_partial", prompt_partial_id=TONE, status="gone"))["problems"]
    assert await desk.requests() == []


async def test_publish_partial_rolls_back_and_refuses_unknown_versions(desk: Desk) -> None:
    await desk.good("publish_partial", prompt_partial_id="ppl-legal-90ab4d", version="1")
    assert (await desk.sent())[3] == {"version": 1}
    error = await desk.bad("publish_partial", prompt_partial_id=TONE, version=9)
    assert (
        error["next_step"]
        == "Find the right id with list_prompt_partials and list_partial_versions, then call again."
    )
    assert (await desk.bad("publish_partial", prompt_partial_id=TONE, version=0))["problems"]


async def test_delete_prompt_partial(desk: Desk) -> None:
    assert await desk.good("delete_prompt_partial", prompt_partial_id=TONE) == {
        "success": True,
        "prompt_partial_id": TONE,
    }
    assert await desk.sent() == ("DELETE", f"{ALL}/{TONE}", "", None)


@pytest.mark.parametrize(
    "tool",
    ["get_prompt_partial", "update_prompt_partial", "delete_prompt_partial", "list_partial_versions"],
)
async def test_an_unknown_partial_leads_to_the_list(desk: Desk, tool: str) -> None:
    change = {"name": "x"} if tool == "update_prompt_partial" else {}
    error = await desk.bad(tool, prompt_partial_id="nothing", **change)
    assert error["next_step"] == "Find the right id with list_prompt_partials, then call again."
