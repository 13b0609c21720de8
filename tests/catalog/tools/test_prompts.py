"""The prompt tools, each against the sandbox: what arrives there and what comes back."""

from __future__ import annotations

import json
from typing import Any

import pytest

from app.sandbox.ids import seed_id
from tests.catalog.desk import TOOLS, Desk, told

TICKET = "pp-ticket-1f5d3a"
REFUND = "pp-refund-62c9e0"
SUPPORT = "support-replies-5be2d8"
NEW: dict[str, Any] = {
    "name": "Greeting",
    "collection_id": SUPPORT,
    "parameters": {"temperature": 0, "stop": None},
    "virtual_key": "azure-support-c85d20",
}
MESSAGES = [{"role": "user", "content": [{"type": "text", "text": "Grüß {{name}}"}], "cache": True}]
WEATHER = {"name": "weather", "parameters": {"type": "object"}, "strict": True}
BILLING = {"client_id": "c-1", "app": "desk", "env": "prod"}


async def test_create_prompt_sends_every_part(desk: Desk) -> None:
    made = await desk.good(
        "create_prompt",
        **NEW,
        messages=MESSAGES,
        model="gpt-4o",
        ai_model_id="m-1",
        finetune_id="f-1",
        version_description="",
        template_metadata={"owner": "desk"},
        functions=[WEATHER],
        tools=[{"type": "function", "function": WEATHER}],
        tool_choice={"mode": "function", "function_name": "weather"},
        is_raw_template=False,
        dry_run=False,
    )
    assert set(made) == {"id", "slug", "version_id", "object"}
    method, path, _, body = await desk.sent()
    assert (method, path) == ("POST", "/v1/prompts")
    assert json.loads(body.pop("string")) == MESSAGES
    assert body == {
        **NEW,
        "model": "gpt-4o",
        "ai_model_id": "m-1",
        "finetune_id": "f-1",
        "version_description": "",
        "template_metadata": {"owner": "desk"},
        "functions": [WEATHER],
        "tools": [{"type": "function", "function": WEATHER}],
        "tool_choice": {"type": "function", "function": {"name": "weather"}},
        "is_raw_template": 0,
    }


@pytest.mark.parametrize("mode", ["auto", "none"])
async def test_a_tool_choice_without_a_function_is_its_mode(desk: Desk, mode: str) -> None:
    await desk.good("create_prompt", **NEW, string="Hi", model="gpt-4o", tool_choice={"mode": mode})
    assert (await desk.sent())[3]["tool_choice"] == mode


@pytest.mark.parametrize(
    ("choice", "problem"),
    [
        ({"mode": "function"}, "mode function needs a function_name"),
        (
            {"mode": "auto", "function_name": "weather"},
            "function_name cannot be combined with mode auto",
        ),
    ],
)
async def test_a_tool_choice_that_contradicts_itself(desk: Desk, choice: Any, problem: str) -> None:
    error = await desk.bad("create_prompt", **NEW, string="Hi", model="m", tool_choice=choice)
    assert error["problems"] == [{"argument": "tool_choice", "problem": problem}]


async def test_create_prompt_tells_all_that_is_wrong_at_once(desk: Desk) -> None:
    known = TOOLS["create_prompt"].inputs.model_fields
    error = await desk.bad("create_prompt", name="x", string="a", messages=[{"role": "robot"}], colour="red")
    assert {(p["argument"], p["problem"]) for p in error["problems"]} == {
        ("collection_id", "is required"),
        ("parameters", "is required"),
        ("virtual_key", "is required"),
        ("messages.0.role", "must be one of 'system', 'user', 'assistant'"),
        ("messages.0.content", "is required"),
        (
            "colour",
            f"is not an argument of this tool; it takes {', '.join(known)}",
        ),
        ("", "give exactly one of string or messages, not string and messages together"),
        ("", "give at least one of model, ai_model_id or finetune_id"),
    }
    assert await desk.requests() == []


async def test_a_dry_run_of_create_prompt_sends_nothing(desk: Desk) -> None:
    data = await desk.good("create_prompt", **NEW, string="Hello {{name}}", finetune_id="f", dry_run=True)
    assert data == {
        "dry_run": True,
        "action": "create",
        "message": "The prompt 'Greeting' would be created. Nothing was sent.",
        "prompt_preview": {
            "name": "Greeting",
            "collection_id": SUPPORT,
            "model": "f",
            "template_length": 14,
            "parameter_count": 2,
        },
    }
    assert await desk.requests() == []


async def test_create_prompt_reports_what_portkey_rejects(desk: Desk) -> None:
    error = await desk.bad("create_prompt", **{**NEW, "collection_id": "nowhere"}, string="Hi", model="m")
    assert error["status"] == 400
    assert "nowhere" in error["message"]


async def test_list_prompts_names_the_first_page_when_it_names_a_size(desk: Desk) -> None:
    data = await desk.good("list_prompts", collection_id=SUPPORT, search="e", page_size=1)
    query = "collection_id=support-replies-5be2d8&search=e&page_size=1&current_page=0"
    method, path, sent, _ = await desk.sent()
    assert (method, path, sorted(sent.split("&"))) == ("GET", "/v1/prompts", sorted(query.split("&")))
    assert data["next_page"] == {"current_page": 1, "items_left": 1}
    await desk.good("list_prompts", page_size=1, current_page=1)
    assert sorted((await desk.sent())[2].split("&")) == ["current_page=1", "page_size=1"]


async def test_list_prompts_refuses_arguments_it_does_not_know(desk: Desk) -> None:
    error = await desk.bad("list_prompts", colection_id=SUPPORT)
    assert error["problems"] == [
        {
            "argument": "colection_id",
            "problem": "is not an argument of this tool (did you mean collection_id?)",
        }
    ]


async def test_get_prompt_adds_its_versions_without_their_templates(desk: Desk) -> None:
    data = await desk.good("get_prompt", prompt_id=TICKET)
    assert {request["path"] for request in await desk.requests()} == {
        f"/v1/prompts/{TICKET}",
        f"/v1/prompts/{TICKET}/versions",
    }
    assert (data["slug"], data["prompt_version"], data["version_count"]) == (TICKET, 2, 3)
    assert [version["prompt_version"] for version in data["versions"]] == [3, 2, 1]
    assert all("prompt_template" not in version for version in data["versions"])


async def test_get_prompt_of_nothing_leads_to_the_list(desk: Desk) -> None:
    error = await desk.bad("get_prompt", prompt_id="pp-nothing")
    assert (error["status"], error["next_step"]) == (
        404,
        "Find the right id with list_prompts, then call again.",
    )


async def test_get_prompt_shows_the_prompt_when_its_versions_cannot_be_read(desk: Desk) -> None:
    await desk.fault("status=503;path=/versions")
    data = await desk.good("get_prompt", prompt_id=TICKET)
    assert data["slug"] == TICKET
    assert (data["version_count"], data["versions"]) == (None, None)
    assert "503" in data["versions_problem"]


async def test_update_prompt_patches_what_is_given(desk: Desk) -> None:
    data = await desk.good(
        "update_prompt",
        prompt_id=TICKET,
        messages=json.dumps(MESSAGES),
        template_metadata={"owner": "desk"},
        is_raw_template=True,
    )
    assert data["prompt_version_id"]
    method, path, _, body = await desk.sent()
    assert (method, path) == ("PUT", f"/v1/prompts/{TICKET}")
    assert json.loads(body.pop("string")) == MESSAGES
    assert body == {"prompt_metadata": {"owner": "desk"}, "is_raw_template": 1, "patch": True}


async def test_update_prompt_takes_one_template_and_some_change(desk: Desk) -> None:
    error = await desk.bad("update_prompt", prompt_id=TICKET, string="a", messages=MESSAGES)
    assert error["problems"][0]["problem"] == "string cannot be combined with messages"
    error = await desk.bad("update_prompt", prompt_id=TICKET, dry_run=True)
    assert "nothing to change" in told(error)
    assert await desk.requests() == []


async def test_a_dry_run_of_update_prompt_only_compares(desk: Desk) -> None:
    data = await desk.good(
        "update_prompt",
        prompt_id=REFUND,
        string="Write a reply to {{customer}} about a refund of {{amount}}.",
        parameters={"temperature": 0.2, "max_tokens": 100},
        model="gpt-4o",
        functions=[],
        is_raw_template=False,
        dry_run=True,
    )
    assert (data["dry_run"], data["action"], data["changes"]) == (True, "update", ["model"])
    assert data["current_version"]["number"] == 1
    assert (await desk.sent())[0] == "GET"
    same = await desk.good("update_prompt", prompt_id=REFUND, model="gpt-4o-mini", dry_run=True)
    assert (same["message"], same["changes"]) == ("Nothing would change.", [])
    assert (await desk.bad("update_prompt", prompt_id="pp-no", model="x", dry_run=True))["status"] == 404


async def test_delete_prompt(desk: Desk) -> None:
    await desk.good("delete_prompt", prompt_id=TICKET)
    assert await desk.sent() == ("DELETE", f"/v1/prompts/{TICKET}", "", None)
    assert (await desk.bad("delete_prompt", prompt_id=TICKET))["status"] == 404


async def test_publish_prompt(desk: Desk) -> None:
    await desk.good("publish_prompt", prompt_id=TICKET, version="3")
    assert await desk.sent() == ("PUT", f"/v1/prompts/{TICKET}/makeDefault", "", {"version": 3})
    error = await desk.bad("publish_prompt", prompt_id=TICKET, version=9)
    assert (
        error["next_step"] == "Find the right id with list_prompts and list_prompt_versions, then call again."
    )
    assert (await desk.bad("publish_prompt", prompt_id=TICKET, version=0))["code"] == "invalid_arguments"


async def test_list_prompt_versions(desk: Desk) -> None:
    data = await desk.good("list_prompt_versions", prompt_id=TICKET)
    assert data["data"][0]["prompt_template"]["string"].startswith("[")
    assert (await desk.bad("list_prompt_versions", prompt_id="pp-no"))["status"] == 404


async def test_render_prompt_spreads_the_hyperparameters(desk: Desk) -> None:
    data = await desk.good(
        "render_prompt",
        prompt_id=REFUND,
        variables={"customer": "Ada", "amount": 0, "vip": False},
        hyperparameters={"temperature": 0, "seed": 7},
    )
    assert "Ada" in json.dumps(data["data"]["messages"])
    assert await desk.sent() == (
        "POST",
        f"/v1/prompts/{REFUND}/render",
        "",
        {"variables": {"customer": "Ada", "amount": 0, "vip": False}, "temperature": 0, "seed": 7},
    )


async def test_render_prompt_refuses_variables_that_cannot_be_filled_in(desk: Desk) -> None:
    error = await desk.bad("render_prompt", prompt_id=REFUND, variables={"a": [1], "b": "ok", "c": None})
    assert [(p["argument"], p["problem"]) for p in error["problems"]] == [
        ("variables.a", "must be text, a number, true or false"),
        ("variables.c", "must be text, a number, true or false"),
    ]


async def test_render_prompt_that_broke_off_changed_nothing(desk: Desk) -> None:
    await desk.fault("drop_after")
    error = await desk.bad("render_prompt", prompt_id=REFUND, variables={})
    assert "may_have_been_applied" not in error
    assert error["next_step"] == "Nothing was changed: call again."


async def test_run_prompt_completion_never_streams_and_passes_metadata_on(desk: Desk) -> None:
    data = await desk.good(
        "run_prompt_completion",
        prompt_id=REFUND,
        variables={"customer": "Ada", "amount": 5},
        metadata={**BILLING, "ticket": "T-1"},
        hyperparameters={"max_tokens": 5},
    )
    assert data["choices"][0]["finish_reason"] == "length"
    assert (await desk.sent())[3] == {
        "variables": {"customer": "Ada", "amount": 5},
        "metadata": {**BILLING, "ticket": "T-1"},
        "max_tokens": 5,
        "stream": False,
    }


async def test_run_prompt_completion_wants_to_know_whom_to_bill(desk: Desk) -> None:
    run = {"prompt_id": REFUND, "variables": {}}
    error = await desk.bad("run_prompt_completion", **run, metadata={"client_id": "", "app": "desk"})
    assert [(p["argument"], p["problem"]) for p in error["problems"]] == [
        ("metadata.client_id", "must have at least 1 character"),
        ("metadata.env", "is required"),
    ]
    assert await desk.requests() == []


async def test_hyperparameters_cannot_replace_what_the_tool_sends(desk: Desk) -> None:
    error = await desk.bad(
        "run_prompt_completion",
        prompt_id=REFUND,
        variables={},
        metadata=BILLING,
        hyperparameters={"stream": True, "metadata": {}, "seed": 1},
    )
    assert [(p["argument"], p["problem"]) for p in error["problems"]] == [
        ("hyperparameters.metadata", "is set by the tool itself: leave it out here"),
        ("hyperparameters.stream", "is set by the tool itself: leave it out here"),
    ]


async def test_a_run_whose_answer_was_lost_may_have_been_carried_out(desk: Desk) -> None:
    await desk.fault("drop_after")
    error = await desk.bad("run_prompt_completion", prompt_id=REFUND, variables={}, metadata=BILLING)
    assert error["may_have_been_applied"] is True


async def test_validate_completion_metadata_asks_nobody(desk: Desk) -> None:
    lacking = await desk.good("validate_completion_metadata", app="desk", feature="reply")
    assert lacking == {
        "valid": False,
        "errors": [
            "client_id is missing: it names the customer to bill",
            "env is missing: it names the environment",
        ],
        "warnings": ["project_id is missing: without it costs cannot be told apart by project"],
        "metadata": {"app": "desk", "feature": "reply"},
    }
    whole = await desk.good("validate_completion_metadata", **BILLING, project_id="p")
    assert whole == {
        "valid": True,
        "errors": [],
        "warnings": [],
        "metadata": {**BILLING, "project_id": "p"},
    }
    error = await desk.bad("validate_completion_metadata", env="")
    assert error["problems"] == [{"argument": "env", "problem": "must have at least 1 character"}]
    assert await desk.requests() == []


async def test_get_prompt_version(desk: Desk) -> None:
    version = seed_id("prompt_version", f"{TICKET}/1")
    data = await desk.good("get_prompt_version", prompt_id=TICKET, version_id=version)
    assert data["string"] == "Summarise: {{ticket}}"
    error = await desk.bad("get_prompt_version", prompt_id=REFUND, version_id=version)
    assert (
        error["next_step"] == "Find the right id with list_prompts and list_prompt_versions, then call again."
    )


@pytest.mark.parametrize(
    ("given", "sent"), [(None, None), ("", None), ("label", seed_id("label", "staging"))]
)
async def test_update_prompt_version_sets_or_clears_the_label(desk: Desk, given: Any, sent: Any) -> None:
    version = seed_id("prompt_version", f"{TICKET}/1")
    label = seed_id("label", "staging") if given == "label" else given
    await desk.good("update_prompt_version", prompt_id=TICKET, version_id=version, label_id=label)
    path = f"/v1/prompts/{TICKET}/versions/{version}"
    assert await desk.sent() == ("PUT", path, "", {"label_id": sent})


async def test_update_prompt_version_wants_the_label_named(desk: Desk) -> None:
    error = await desk.bad("update_prompt_version", prompt_id=TICKET, version_id="%2e%2E")
    assert {p["argument"] for p in error["problems"]} == {"label_id", "version_id"}
    assert await desk.requests() == []
