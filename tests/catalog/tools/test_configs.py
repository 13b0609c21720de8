"""The config tools, each against the sandbox: what arrives there and what comes back."""

from __future__ import annotations

from typing import Any

import pytest

from app.catalog.masking import MASK
from tests.catalog.desk import Desk, told

CHECKOUT = "pc-checko-2b7f10"

EVERYTHING: dict[str, Any] = {
    "strategy": {
        "mode": "conditional",
        "conditions": [{"query": {"metadata.plan": {"$eq": "paid"}}, "then": "best"}],
        "default": "cheap",
        "on_status_codes": [429],
        "sticky": {"enabled": True},
    },
    "targets": [
        {
            "name": "best",
            "strategy": {"mode": "loadbalance"},
            "targets": [
                {
                    "provider": "@openai-prod",
                    "weight": 0.75,
                    "override_params": {"model": "gpt-4o", "n": None},
                },
                {"virtual_key": "anthropic-prod-9b02c6", "weight": 0, "forward_headers": ["x-team"]},
            ],
        },
        {
            "name": "cheap",
            "provider": "openai",
            "custom_host": "https://llm.example/v1",
            "request_timeout": 2000,
            "retry": {"attempts": 0},
            "cache": {"mode": "simple"},
        },
    ],
    "cache": {"mode": "semantic", "max_age": 60},
    "retry": {"attempts": 5, "on_status_codes": [503], "use_retry_after_header": False},
    "input_guardrails": ["gr-1", {"default.contains": {"words": ["no"]}, "deny": True}],
    "output_guardrails": [],
    "before_request_hooks": [{"type": "guardrail", "id": "x"}],
    "metadata": {"team": "checkout"},
    "strict_open_ai_compliance": False,
}


async def test_list_configs(desk: Desk) -> None:
    data = await desk.good("list_configs", page_size=1)
    assert await desk.sent() == ("GET", "/v1/configs", "page_size=1", None)
    assert data["data"][0]["slug"] == CHECKOUT
    assert data["next_page"]["current_page"] == 1


async def test_list_configs_refuses_pages_of_more_than_a_hundred(desk: Desk) -> None:
    assert (await desk.bad("list_configs", page_size=101))["problems"][0]["argument"] == "page_size"


async def test_get_config_decodes_the_config(desk: Desk) -> None:
    data = await desk.good("get_config", slug=CHECKOUT)
    assert data["config"]["strategy"] == {"mode": "fallback"}
    assert data["version_id"]


async def test_get_config_of_nothing_leads_to_the_list(desk: Desk) -> None:
    error = await desk.bad("get_config", slug="pc-nothing")
    assert error["next_step"] == "Find the right id with list_configs, then call again."


async def test_create_config_from_the_short_arguments(desk: Desk) -> None:
    data = await desk.good(
        "create_config",
        name="Primary",
        workspace_id="ws-production",
        is_default=False,
        strategy_mode="loadbalance",
        targets=[{"provider": "openai", "weight": 1, "override_params": {"model": "gpt-4o"}}],
        cache_mode="simple",
        cache_max_age=3600,
        retry_attempts=2,
        retry_on_status_codes=[429, "503"],
    )
    assert data["data"]["version_id"]
    assert (await desk.sent())[3] == {
        "name": "Primary",
        "workspace_id": "ws-production",
        "isDefault": 0,
        "config": {
            "strategy": {"mode": "loadbalance"},
            "targets": [{"provider": "openai", "weight": 1, "override_params": {"model": "gpt-4o"}}],
            "cache": {"mode": "simple", "max_age": 3600},
            "retry": {"attempts": 2, "on_status_codes": [429, 503]},
        },
    }


@pytest.mark.parametrize("tool", ["create_config", "update_config"])
async def test_a_whole_config_arrives_as_given(desk: Desk, tool: str) -> None:
    who = {"name": "All", "workspace_id": "ws-production", "is_default": True}
    await desk.good(tool, **(who if tool == "create_config" else {"slug": CHECKOUT}), config=EVERYTHING)
    (request,) = await desk.requests()
    assert request["body"]["config"] == EVERYTHING
    assert request["body"].get("isDefault") == (1 if tool == "create_config" else None)


@pytest.mark.parametrize("tool", ["create_config", "update_config"])
async def test_a_whole_config_and_the_short_arguments_exclude_each_other(desk: Desk, tool: str) -> None:
    who = {"name": "x"} if tool == "create_config" else {"slug": CHECKOUT}
    error = await desk.bad(
        tool, **who, config={"retry": {"attempts": 1}}, cache_mode="simple", retry_attempts=2
    )
    assert error["problems"][0]["problem"] == ("config cannot be combined with cache_mode and retry_attempts")
    assert await desk.requests() == []


async def test_create_config_wants_a_config(desk: Desk) -> None:
    error = await desk.bad("create_config", name="Empty")
    assert error["problems"][0]["problem"].startswith("give at least one of config, strategy_mode, targets")


async def test_a_target_leads_somewhere(desk: Desk) -> None:
    error = await desk.bad("create_config", name="x", targets=[{"virtual_key": "a"}, {"weight": 1}])
    assert error["problems"] == [{"argument": "targets.1", "problem": "needs a provider or a virtual_key"}]


async def test_update_config_renames_and_retires(desk: Desk) -> None:
    await desk.good("update_config", slug=CHECKOUT, name="Checkout, old", status="inactive")
    body = {"name": "Checkout, old", "status": "inactive"}
    assert await desk.sent() == ("PUT", f"/v1/configs/{CHECKOUT}", "", body)


async def test_update_config_wants_something_to_change(desk: Desk) -> None:
    error = await desk.bad("update_config", slug=CHECKOUT)
    assert "nothing to change" in told(error)
    assert await desk.requests() == []


async def test_delete_config(desk: Desk) -> None:
    assert await desk.good("delete_config", slug=CHECKOUT) == {"success": True, "slug": CHECKOUT}
    assert (await desk.bad("delete_config", slug=CHECKOUT))["status"] == 404


async def test_list_config_versions_decodes_each(desk: Desk) -> None:
    data = await desk.good("list_config_versions", slug=CHECKOUT)
    assert [version["config"]["retry"]["attempts"] for version in data["data"]] == [3, 2]
    assert (await desk.bad("list_config_versions", slug="pc-nothing"))["status"] == 404


async def test_a_provider_key_in_a_config_is_hidden_and_not_written_back(desk: Desk) -> None:
    secret = {"targets": [{"provider": "openai", "api_key": "sk-very-secret", "awsSecretAccessKey": "aws"}]}
    await desk.good("update_config", slug=CHECKOUT, config=secret)
    shown = (await desk.good("get_config", slug=CHECKOUT))["config"]
    assert shown["targets"] == [{"provider": "openai", "api_key": MASK, "awsSecretAccessKey": MASK}]
    versions = await desk.good("list_config_versions", slug=CHECKOUT)
    assert versions["data"][0]["config"]["targets"][0]["api_key"] == MASK
    await desk.requests()
    error = await desk.bad("update_config", slug=CHECKOUT, config=shown)
    assert error["problems"][0]["argument"] == "config"
    assert "placeholder of a hidden secret" in error["problems"][0]["problem"]
    assert await desk.requests() == []
