"""The integration tools, each against the sandbox: what arrives there and what comes back."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.catalog.calls import Call
from tests.catalog.calls.integrations import (
    ALL,
    ANTHROPIC,
    BEDROCK,
    BUDGET,
    CALLS,
    FACTORS,
    MAPPING,
    THROTTLE,
)
from tests.catalog.desk import FORMS, Desk
from tests.catalog.scripted import Scripted

AZURE = {
    "azure_auth_mode": "default",
    "azure_resource_name": "brightwater",
    "azure_deployment_config": [
        {"azure_api_version": "2024-10-21", "azure_deployment_name": "4o", "azure_model_slug": "gpt-4o"}
    ],
}


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.tool)
async def test_every_tool_succeeds_and_fails_as_listed(desk: Desk, call: Call) -> None:
    for arguments in (call.minimal, call.everything):
        for tool, earlier in call.before:
            await desk.good(tool, **earlier)
        await desk.requests()
        await desk.good(call.tool, **arguments)
        if arguments is call.minimal:
            assert (await desk.sent())[:2] == call.sends
        await desk.control("POST", "reset")
    assert await desk.bad(call.tool, **call.failing)


async def test_model_pricing_is_asked_without_a_key(desk: Desk) -> None:
    data = await desk.good("get_model_pricing", provider="openai", model="gpt-4o")
    assert data["pay_as_you_go"]["request_token"] == {"price": 0.00025}
    (request,) = await desk.requests()
    assert request["key"] is None
    error = await desk.bad("get_model_pricing", provider="openai", model="gpt-0/x")
    assert error["status"] == 404
    assert error["message"].endswith("Model not found")


async def test_list_integrations_filters_and_names_the_next_page(desk: Desk) -> None:
    data = await desk.good("list_integrations", type="organisation", page_size=2)
    assert await desk.sent() == ("GET", ALL, "page_size=2&type=organisation", None)
    assert [found["slug"] for found in data["data"]] == ["openai-prod", "anthropic-prod"]
    assert data["next_page"] == {"current_page": 1, "items_left": 3}
    own = await desk.good("list_integrations", workspace_id="ws-customer-support")
    assert [found["slug"] for found in own["data"]] == ["azure-support"]


@pytest.mark.parametrize(
    ("provider", "configurations"),
    [
        ("openai", {"openai_organization": "org-1", "openai_project": "proj-1"}),
        ("azure-openai", AZURE),
        (
            "azure-ai",
            {"azure_auth_mode": "managed", "azure_foundry_url": "https://f", "azure_api_version": "1"},
        ),
        ("bedrock", BEDROCK),
        ("sagemaker", {**BEDROCK, "amzn_sagemaker_target_model": "m.tar.gz"}),
        ("vertex-ai", {"vertex_auth_type": "basic", "vertex_region": "r", "vertex_project_id": "p"}),
        (
            "vertex-ai",
            {
                "vertex_auth_type": "serviceAccount",
                "vertex_region": "r",
                "vertex_service_account_json": {"a": 1},
            },
        ),
        ("workers-ai", {"workers_ai_account_id": "acc"}),
        ("huggingface", {"huggingface_base_url": "https://hf.example"}),
        ("cortex", {"snowflake_account": "acme-1"}),
        ("openai", {"custom_host": "https://own.example", "custom_headers": {"x-team": "a"}}),
    ],
)
async def test_every_providers_configurations_arrive_as_given(
    desk: Desk, provider: str, configurations: dict[str, Any]
) -> None:
    await desk.good("create_integration", name="A", ai_provider_id=provider, configurations=configurations)
    body = {"name": "A", "ai_provider_id": provider, "configurations": configurations}
    assert (await desk.sent())[3] == body


@pytest.mark.parametrize(
    ("configurations", "problem"),
    [
        ({"aws_region": "eu-west-1"}, "configurations with aws_region also need aws_auth_type"),
        (
            {"aws_auth_type": "accessKey", "aws_region": "r", "aws_access_key_id": "a"},
            "configurations with aws_auth_type accessKey also need aws_secret_access_key",
        ),
        (
            {"azure_resource_name": "a", "azure_auth_mode": "default"},
            "configurations with azure_resource_name also need azure_deployment_config",
        ),
        (
            {"vertex_auth_type": "serviceAccount", "vertex_region": "r"},
            "configurations with vertex_auth_type serviceAccount also need vertex_service_account_json",
        ),
        ({"aws_auth_type": "role"}, "must be one of 'accessKey', 'assumedRole'"),
        ({**AZURE, "azure_deployment_config": [{"alias": "x"}]}, "is required"),
        ({"vertex_service_account_json": "text"}, "must be an object"),
    ],
)
async def test_incomplete_configurations_are_refused_before_anything_is_sent(
    desk: Desk, configurations: dict[str, Any], problem: str
) -> None:
    error = await desk.bad("create_integration", name="A", ai_provider_id="x", configurations=configurations)
    assert problem in error["problems"][0]["problem"]
    assert await desk.requests() == []


async def test_a_mapped_secret_need_not_be_given(desk: Desk) -> None:
    configurations = {"aws_auth_type": "accessKey", "aws_region": "eu-west-1", "aws_access_key_id": "AKIA"}
    mappings = [{"target_field": "configurations.aws_secret_access_key", **MAPPING}]
    made = await desk.good(
        "create_integration",
        name="Bedrock",
        ai_provider_id="bedrock",
        configurations=configurations,
        secret_mappings=mappings,
    )
    assert (await desk.good("get_integration", slug=made["slug"]))["secret_mappings"] == mappings
    twice = [{"target_field": "key", **MAPPING}] * 2
    error = await desk.bad("create_integration", name="A", ai_provider_id="x", secret_mappings=twice)
    assert error["problems"][0]["problem"] == "secret_mappings fill key more than once"


@pytest.mark.parametrize(
    ("flat", "configurations"),
    [
        (
            {"aws_access_key_id": "AKIA", "aws_secret_access_key": "s", "aws_region": "eu-west-1"},
            {
                "aws_auth_type": "accessKey",
                "aws_access_key_id": "AKIA",
                "aws_secret_access_key": "s",
                "aws_region": "eu-west-1",
            },
        ),
        (
            {"vertex_project_id": "p", "vertex_region": "r"},
            {"vertex_auth_type": "basic", "vertex_project_id": "p", "vertex_region": "r"},
        ),
        (
            {"resource_name": "r", "deployment_name": "d", "api_version": "v", "custom_host": "https://h"},
            {
                "azure_auth_mode": "default",
                "azure_resource_name": "r",
                "azure_deployment_config": [{"azure_deployment_name": "d", "azure_api_version": "v"}],
                "custom_host": "https://h",
            },
        ),
    ],
)
async def test_single_settings_become_the_configurations_they_mean(
    desk: Desk, flat: dict[str, str], configurations: dict[str, Any]
) -> None:
    await desk.call("create_integration", {"name": "A", "ai_provider_id": "x", **flat})
    assert (await desk.sent())[3]["configurations"] == configurations
    listed: Any = FORMS["create_integration"]["inputSchema"]
    assert not flat.keys() & listed["properties"].keys()


async def test_an_update_does_not_change_how_an_account_signs_in(desk: Desk) -> None:
    await desk.call("update_integration", {"slug": "azure-support", "resource_name": "elsewhere"})
    assert (await desk.sent())[3] == {"configurations": {"azure_resource_name": "elsewhere"}}


async def test_configurations_come_in_one_way(desk: Desk) -> None:
    error = await desk.bad(
        "create_integration", name="A", ai_provider_id="bedrock", configurations=BEDROCK, aws_region="x"
    )
    assert error["problems"][0]["problem"] == "configurations cannot be combined with aws_region"


@pytest.mark.parametrize(
    "adjustments",
    [
        {"multiplier": {"default": -1}},
        {"multiplier": {"tokens": 1}},
        {"multiplier": {"image": {"hd": 2}}},
        {"x": 1},
    ],
)
async def test_price_factors_are_checked(desk: Desk, adjustments: dict[str, Any]) -> None:
    error = await desk.bad("update_integration", **ANTHROPIC, pricing_adjustments=adjustments)
    assert error["code"] == "invalid_arguments"


async def test_price_factors_can_be_removed(desk: Desk) -> None:
    await desk.good("update_integration", **ANTHROPIC, pricing_adjustments=FACTORS)
    assert (await desk.sent())[3] == {"pricing_adjustments": FACTORS}
    await desk.good("update_integration", **ANTHROPIC, pricing_adjustments=None)
    assert (await desk.sent())[3] == {"pricing_adjustments": None}


async def test_secrets_of_an_integration_are_hidden(desk: Desk) -> None:
    outcome = await desk.call("get_integration", {"slug": "vertex-analytics"})
    assert outcome.data["configurations"]["vertex_region"] == "europe-west4"  # type: ignore[index,call-overload]
    hosted = await desk.call("get_integration", {"slug": "hosted-llama"})
    azure = await desk.call("get_integration", {"slug": "azure-support"})
    for text in (outcome.text, hosted.text, azure.text):
        assert "sandbox-" not in text


async def test_secrets_are_hidden_though_portkey_shows_them() -> None:
    configurations = {
        "aws_region": "eu-west-1",
        "aws_secret_access_key": "PLANTED-1",
        "azure_entra_client_secret": "PLANTED-2",
        "vertex_service_account_json": {"keys": [{"private_key": "PLANTED-3"}]},
        "custom_headers": {"Authorization": "PLANTED-4", "x-api-key": "PLANTED-5"},
    }
    models = [{"slug": "m", "configurations": {"custom_headers": {"authorization": "PLANTED-6"}}}]
    portkey = Scripted(
        {
            "GET /integrations/a": {"configurations": configurations},
            "GET /integrations/b": {"configurations": json.dumps(configurations)},
            "GET /integrations/a/models": {"total": 1, "models": models},
        }
    )
    desk = Desk(portkey)
    texts = [
        (await desk.call(tool, {"slug": slug})).text
        for tool, slug in (
            ("get_integration", "a"),
            ("get_integration", "b"),
            ("list_integration_models", "a"),
        )
    ]
    assert [text for text in texts if "PLANTED" in text] == []
    assert all("eu-west-1" in text for text in texts[:2])


async def test_update_integration_wants_something_to_change(desk: Desk) -> None:
    error = await desk.bad("update_integration", **ANTHROPIC)
    assert error["problems"][0]["problem"].startswith("nothing to change")
    assert await desk.requests() == []


async def test_models_are_switched_priced_and_added(desk: Desk) -> None:
    models = [
        {"slug": "claude-3-opus", "enabled": False},
        {"slug": "tuned", "enabled": True, "is_custom": True, "model_name": "Tuned"},
    ]
    await desk.good("update_integration_models", **ANTHROPIC, models=models, allow_all_models=False)
    path = f"{ALL}/anthropic-prod/models"
    assert await desk.sent() == ("PUT", path, "", {"models": models, "allow_all_models": False})
    listed = await desk.good("list_integration_models", **ANTHROPIC, page_size=3)
    assert listed["next_page"] == {"current_page": 1, "items_left": 1}
    assert [model["enabled"] for model in listed["models"]] == [False, False, False]


@pytest.mark.parametrize(
    ("model", "argument", "problem"),
    [
        ({"slug": "x"}, "models.0.enabled", "is required"),
        ({"slug": "x", "enabled": True, "price": 1}, "models.0.price", "is not a member of this object"),
        (
            {"slug": "x", "enabled": True, "pricing_config": {"type": "static", "pay_as_you_go": {"in": 1}}},
            "models.0.pricing_config.pay_as_you_go.in",
            "is not a member of this object",
        ),
    ],
)
async def test_wrong_models_are_refused_before_anything_is_sent(
    desk: Desk, model: dict[str, Any], argument: str, problem: str
) -> None:
    error = await desk.bad("update_integration_models", **ANTHROPIC, models=[model])
    assert error["problems"] == [{"argument": argument, "problem": problem}]
    assert await desk.requests() == []


async def test_custom_models_are_deleted_by_a_query(desk: Desk) -> None:
    own = [{"slug": slug, "enabled": True, "is_custom": True} for slug in ("a", "b")]
    await desk.good("update_integration_models", **ANTHROPIC, models=own)
    await desk.requests()
    await desk.good("delete_integration_model", **ANTHROPIC, model_slug="a,b")
    assert await desk.sent() == ("DELETE", f"{ALL}/anthropic-prod/models", "slugs=a%2Cb", None)
    error = await desk.bad("delete_integration_model", **ANTHROPIC, model_slug="a")
    assert (
        error["next_step"]
        == "Find the right id with list_integrations and list_integration_models, then call again."
    )


async def test_access_with_limits_of_either_kind(desk: Desk) -> None:
    whole = {"id": "ws-staging", "enabled": True, "usage_limits": [BUDGET], "rate_limits": [THROTTLE]}
    short = {"id": "ws-production", "enabled": True, "credit_limit": 5, "rate_limit_rpm": 60}
    await desk.good("update_integration_workspaces", slug="hosted-llama", workspaces=[whole, short])
    assert (await desk.sent())[3] == {
        "workspaces": [
            whole,
            {
                "id": "ws-production",
                "enabled": True,
                "usage_limits": [{"credit_limit": 5}],
                "rate_limits": [{"type": "requests", "unit": "rpm", "value": 60}],
            },
        ]
    }
    listed = await desk.good("list_integration_workspaces", slug="hosted-llama")
    assert [access["id"] for access in listed["workspaces"]] == ["ws-staging", "ws-production"]
    error = await desk.bad(
        "update_integration_workspaces",
        slug="hosted-llama",
        workspaces=[{**short, "usage_limits": [BUDGET]}],
    )
    assert "cannot be combined with credit_limit" in error["problems"][0]["problem"]


async def test_access_of_all_workspaces(desk: Desk) -> None:
    await desk.good(
        "update_integration_workspaces",
        slug="hosted-llama",
        global_workspace_access={"enabled": True, "usage_limits": [BUDGET], "rate_limits": None},
        override_existing_workspace_access=True,
    )
    assert (await desk.sent())[3] == {
        "global_workspace_access": {"enabled": True, "usage_limits": [BUDGET], "rate_limits": None},
        "override_existing_workspace_access": True,
    }
    shown = await desk.good("get_integration", slug="hosted-llama")
    assert shown["global_workspace_access_settings"]["enabled"] is True


async def test_short_limits_of_all_workspaces(desk: Desk) -> None:
    limits = {"global_credit_limit": 500, "global_alert_threshold": 400, "global_rate_limit_rpm": 10}
    error = await desk.bad("update_integration_workspaces", slug="hosted-llama", workspaces=[], **limits)
    assert error["problems"][0]["problem"].endswith("also need global_workspace_access_enabled")
    await desk.good(
        "update_integration_workspaces", slug="hosted-llama", global_workspace_access_enabled=True, **limits
    )
    assert (await desk.sent())[3] == {
        "global_workspace_access": {
            "enabled": True,
            "usage_limits": [{"credit_limit": 500, "alert_threshold": 400}],
            "rate_limits": [{"type": "requests", "unit": "rpm", "value": 10}],
        }
    }


async def test_a_missing_scope_is_named(desk: Desk) -> None:
    await desk.fault("status=403")
    error = await desk.bad("delete_integration", **ANTHROPIC)
    assert "organisation_integrations.delete" in error["next_step"]


@pytest.mark.parametrize("word", ["provider key", "AI provider", "budget", "throttle", "custom model"])
def test_words_people_search_by(word: str) -> None:
    names = {call.tool for call in CALLS}
    assert any(word in str(FORMS[name]["description"]) for name in names)
