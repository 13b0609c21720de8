"""The tools of virtual keys and API keys, each against the sandbox: what arrives and what comes back."""

from __future__ import annotations

from typing import Any

import pytest

from app.catalog.masking import MASK
from app.sandbox.application import Sandbox
from app.sandbox.company import user_id
from app.sandbox.ids import seed_id
from app.sandbox.keys import WORKSPACE_KEY
from tests.catalog.calls import Call
from tests.catalog.calls.keys import CALLS
from tests.catalog.desk import FORMS, TOOLS, Desk
from tests.catalog.scripted import Scripted

OPENAI = "openai-prod-4d1e7a"
CHECKOUT = seed_id("api_key", "Checkout service")
PATH = f"/v1/api-keys/{CHECKOUT}"
OPS = {"type": "organisation", "sub_type": "service", "name": "Ops", "scopes": ["configs.list"]}


def test_every_tool_has_its_calls() -> None:
    assert [call.tool for call in CALLS] == [tool.name for tool in TOOLS.values() if tool.domain == "keys"]


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


def test_secrets_are_shown_once_by_the_tools_that_make_them() -> None:
    assert {call.tool for call in CALLS if TOOLS[call.tool].one_time_secret} == {
        "create_api_key",
        "rotate_api_key",
    }


async def test_list_virtual_keys_pages_and_names_the_next_page(desk: Desk) -> None:
    data = await desk.good("list_virtual_keys", page_size=3)
    assert (await desk.sent())[2] == "page_size=3"
    assert data["next_page"] == {"current_page": 1, "items_left": 1}


async def test_create_virtual_key_uses_portkeys_names_on_the_wire(desk: Desk) -> None:
    await desk.good(
        "create_virtual_key",
        name="Azure",
        provider="azure-openai",
        key="made-up-key-123",
        api_version="2024-10-21",
        resource_name="brightwater",
        deployment_name="gpt-4o",
        deployment_configurations=[{"api_version": "1", "deployment_name": "d", "is_default": False}],
        provider_config={"vertexRegion": "europe-north1"},
        usage_limits={"credit_limit": 1000, "alert_threshold": 800},
        rate_limits=[{"type": "tokens", "unit": "rpd", "value": 0}],
        expires_at="2031-01-01",
    )
    assert (await desk.sent())[3] == {
        "name": "Azure",
        "provider": "azure-openai",
        "key": "made-up-key-123",
        "apiVersion": "2024-10-21",
        "resourceName": "brightwater",
        "deploymentName": "gpt-4o",
        "deploymentConfig": [{"apiVersion": "1", "deploymentName": "d", "is_default": False}],
        "vertexRegion": "europe-north1",
        "usage_limits": {"credit_limit": 1000, "alert_threshold": 800},
        "rate_limits": [{"type": "tokens", "unit": "rpd", "value": 0}],
        "expires_at": "2031-01-01T00:00:00Z",
    }


async def test_flat_limits_are_taken_too(desk: Desk) -> None:
    await desk.good("update_virtual_key", slug=OPENAI, credit_limit=50, alert_threshold=40, rate_limit_rpm=60)
    assert (await desk.sent())[3] == {
        "usage_limits": {"credit_limit": 50, "alert_threshold": 40},
        "rate_limits": [{"type": "requests", "unit": "rpm", "value": 60}],
    }
    error = await desk.bad(
        "update_virtual_key", slug=OPENAI, credit_limit=5, usage_limits={"credit_limit": 6}
    )
    assert error["problems"] == [
        {"argument": "", "problem": "usage_limits cannot be combined with credit_limit"}
    ]


async def test_create_virtual_key_wants_a_key_from_somewhere(desk: Desk) -> None:
    error = await desk.bad("create_virtual_key", name="X", provider="openai")
    assert error["problems"][0]["problem"] == "give at least one of key, secret_mappings or provider_config"
    assert await desk.requests() == []


async def test_parts_that_are_not_listed_in_full_are_still_checked(desk: Desk) -> None:
    error = await desk.bad(
        "create_virtual_key",
        name="X",
        provider="openai",
        secret_mappings=[{"target_field": "url", "secret_reference_id": "v"}],
        deployment_configurations=[{"api_version": ""}],
        rate_limits=[{"type": "requests", "unit": "rps", "value": 1}],
        usage_limits={"limit": 3, "periodic_reset": "weekly"},
    )
    assert {problem["argument"] for problem in error["problems"]} == {
        "secret_mappings.0.target_field",
        "deployment_configurations.0.api_version",
        "deployment_configurations.0.deployment_name",
        "rate_limits.0.unit",
        "usage_limits.limit",
    }


async def test_a_budget_starts_anew_in_one_way(desk: Desk) -> None:
    error = await desk.bad(
        "update_virtual_key",
        slug=OPENAI,
        usage_limits={"periodic_reset": "weekly", "periodic_reset_days": 3},
    )
    assert error["problems"] == [
        {"argument": "usage_limits", "problem": "takes periodic_reset or periodic_reset_days, not both"}
    ]
    await desk.good("update_virtual_key", slug=OPENAI, usage_limits={"periodic_reset": None})
    assert (await desk.sent())[3] == {"usage_limits": {"periodic_reset": None}}


async def test_a_new_credit_limit_leaves_type_and_reset_as_they_are(desk: Desk) -> None:
    await desk.good("update_virtual_key", slug=OPENAI, usage_limits={"credit_limit": 50})
    assert (await desk.sent())[3] == {"usage_limits": {"credit_limit": 50}}
    limits = (await desk.good("get_virtual_key", slug=OPENAI))["usage_limits"]
    assert limits == {
        "type": "cost",
        "credit_limit": 50,
        "alert_threshold": 2400,
        "periodic_reset": "monthly",
    }


@pytest.mark.parametrize("nested", [False, True])
async def test_get_virtual_key_hides_the_providers_key(nested: bool) -> None:  # noqa: FBT001
    found = {"slug": "a", "key": "sk-live", "masked_api_key": "sk*******ve", "model_config": {"key": "kept"}}
    script = Scripted({"GET /virtual-keys/a": {"success": True, "data": found} if nested else found})
    answer = await Desk(script).good("get_virtual_key", slug="a")
    shown = answer["data"] if nested else answer
    assert shown == {**found, "key": MASK}


async def test_a_hidden_key_is_not_written_back(desk: Desk) -> None:
    error = await desk.bad("update_virtual_key", slug=OPENAI, key=MASK)
    assert error["problems"][0]["argument"] == "key"
    assert await desk.requests() == []


async def test_an_update_names_something_to_change(desk: Desk) -> None:
    for tool, one in (("update_virtual_key", {"slug": OPENAI}), ("update_api_key", {"id": CHECKOUT})):
        error = await desk.bad(tool, **one)
        assert error["problems"][0]["problem"].startswith("nothing to change: ")
    assert await desk.requests() == []


async def test_a_deleted_virtual_key_leads_to_the_list(desk: Desk) -> None:
    await desk.good("delete_virtual_key", slug=OPENAI)
    error = await desk.bad("get_virtual_key", slug=OPENAI)
    assert error["next_step"] == "Find the right id with list_virtual_keys, then call again."


async def test_create_api_key_shows_its_secret_once_and_says_so(desk: Desk, sandbox: Sandbox) -> None:
    made = await desk.good("create_api_key", **OPS)
    assert "cannot be read again" in made["one_time_secret"]
    assert (await Desk(sandbox, made["key"]).good("list_configs"))["total"] == 4
    shown = await desk.good("get_api_key", id=made["id"])
    assert made["key"] not in str(shown)
    assert made["key"] not in str(await desk.good("list_api_keys"))


async def test_create_api_key_puts_its_type_into_the_path(desk: Desk) -> None:
    await desk.good(
        "create_api_key",
        type="workspace",
        sub_type="user",
        name="Notebook",
        scopes=[],
        workspace_id="ws-production",
        user_id=user_id("priya"),
        default_config_id="pc-checko-2b7f10",
        default_metadata={"team": "checkout"},
        default_allow_config_override=False,
        alert_emails=[],
        rotation_policy={"next_rotation_at": "2031-01-01"},
    )
    method, path, _, body = await desk.sent()
    assert (method, path) == ("POST", "/v1/api-keys/workspace/user")
    assert body == {
        "name": "Notebook",
        "scopes": [],
        "workspace_id": "ws-production",
        "user_id": user_id("priya"),
        "defaults": {
            "config_id": "pc-checko-2b7f10",
            "metadata": {"team": "checkout"},
            "allow_config_override": False,
        },
        "alert_emails": [],
        "rotation_policy": {"next_rotation_at": "2031-01-01T00:00:00Z"},
    }


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"sub_type": "user"}, ("", "user_id is required when sub_type is user")),
        ({"type": "team"}, ("type", "must be one of 'organisation', 'workspace'")),
        ({"expires_at": "soon"}, ("expires_at", "must be ISO 8601")),
        ({"rotation_policy": {}}, ("rotation_policy", "needs either rotation_period or next_rotation_at")),
        (
            {"rotation_policy": {"rotation_period": "weekly", "key_transition_period_ms": 1}},
            ("rotation_policy.key_transition_period_ms", "must be greater than or equal to 1800000"),
        ),
    ],
)
async def test_create_api_key_refuses(desk: Desk, given: dict[str, Any], problem: tuple[str, str]) -> None:
    error = await desk.bad("create_api_key", **{**OPS, **given})
    (found,) = error["problems"]
    assert found["argument"] == problem[0]
    assert found["problem"].startswith(problem[1])
    assert await desk.requests() == []


async def test_a_key_without_a_workspace_is_portkeys_to_judge(desk: Desk, sandbox: Sandbox) -> None:
    workspace_key = {**OPS, "type": "workspace"}
    assert (await desk.bad("create_api_key", **workspace_key))["status"] == 400
    await Desk(sandbox, WORKSPACE_KEY).good("create_api_key", **workspace_key)


async def test_update_api_key_clears_with_null(desk: Desk) -> None:
    cleared = {"rate_limits": None, "expires_at": "", "rotation_policy": None}
    await desk.good("update_api_key", id=CHECKOUT, **cleared, description=None)
    body = {"rate_limits": None, "expires_at": None, "rotation_policy": None}
    assert await desk.sent() == ("PUT", PATH, "", body)
    shown = await desk.good("get_api_key", id=CHECKOUT)
    assert (shown["rate_limits"], shown["expires_at"], "rotation_policy" in shown) == ([], None, False)


@pytest.mark.parametrize(("given", "sent"), [(True, True), (0, False), (1.0, True), (7, True)])
async def test_usage_is_reset_by_a_flag_or_a_number(desk: Desk, given: object, sent: object) -> None:
    await desk.good("update_api_key", id=CHECKOUT, reset_usage=given)
    assert (await desk.sent())[3] == {"reset_usage": sent}


async def test_api_keys_go_by_uuid(desk: Desk) -> None:
    error = await desk.bad("get_api_key", id="Checkout service")
    assert error["problems"][0]["argument"] == "id"
    assert await desk.requests() == []


async def test_list_api_keys_of_one_workspace(desk: Desk) -> None:
    data = await desk.good("list_api_keys", workspace_id="ws-staging")
    assert (await desk.sent())[2] == "workspace_id=ws-staging"
    assert [key["name"] for key in data["data"]] == ["Load tests"]


async def test_rotate_api_key_gives_a_new_secret_and_the_end_of_the_old(desk: Desk, sandbox: Sandbox) -> None:
    made = await desk.good("create_api_key", **OPS)
    await desk.requests()
    rotated = await desk.good("rotate_api_key", id=made["id"], key_transition_period_ms=3_600_000)
    assert await desk.sent() == (
        "POST",
        f"/v1/api-keys/{made['id']}/rotate",
        "",
        {"key_transition_period_ms": 3_600_000},
    )
    assert (rotated["id"], "one_time_secret" in rotated) == (made["id"], True)
    for secret in (made["key"], rotated["key"]):
        await Desk(sandbox, secret).good("list_configs")
    await desk.good("rotate_api_key", id=made["id"])
    assert (await desk.requests())[-1]["body"] == {}


async def test_a_revoked_key_is_refused_at_once(desk: Desk, sandbox: Sandbox) -> None:
    made = await desk.good("create_api_key", **OPS)
    await desk.good("delete_api_key", id=made["id"])
    assert (await Desk(sandbox, made["key"]).bad("list_configs"))["status"] == 401


async def test_a_missing_scope_is_named(desk: Desk) -> None:
    await desk.fault("status=403")
    error = await desk.bad("rotate_api_key", id=CHECKOUT)
    assert "workspace_service_api_keys.rotate" in error["next_step"]


@pytest.mark.parametrize("word", ["provider key", "budget", "throttle", "rotate", "revoke", "leaked"])
def test_the_tools_are_found_by_the_words_people_use(word: str) -> None:
    texts = [str(FORMS[call.tool]["description"]).lower() for call in CALLS]
    assert any(word in text for text in texts)
