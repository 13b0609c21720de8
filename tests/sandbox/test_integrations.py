from __future__ import annotations

from typing import Any

import pytest

from app.sandbox.ids import seed_id
from app.sandbox.keys import WORKSPACE_KEY
from tests.sandbox.client import Api

ALL = "/v1/integrations"
AZURE = f"{ALL}/azure-support"
ANTHROPIC = f"{ALL}/anthropic-prod"
NEW = {"name": "Bedrock", "ai_provider_id": "bedrock"}
ROLE = {"aws_auth_type": "assumedRole", "aws_region": "eu-west-1", "aws_role_arn": "arn:aws:iam::1:role/a"}


async def test_the_integrations_of_the_virtual_keys_are_there(api: Api) -> None:
    for key in (await api.get("/v1/virtual-keys")).data["data"]:
        found = await api.get(f"{ALL}/{key['integration_id']}")
        assert (found.status, found.data["ai_provider_id"]) == (200, key["provider"])
        assert found.data["id"] == seed_id("integration", key["slug"])


async def test_list_has_the_documented_members_and_filters(api: Api) -> None:
    listed = (await api.get(ALL)).data
    assert (listed["object"], listed["total"]) == ("list", 6)
    assert listed["data"][0].keys() >= {
        *("id", "organisation_id", "ai_provider_id", "name", "status", "created_at", "last_updated_at"),
        *("slug", "description", "object"),
    }
    assert not {"key", "configurations"} & listed["data"][0].keys()
    assert (await api.get(f"{ALL}?type=workspace")).data["total"] == 1
    assert (await api.get(f"{ALL}?type=organisation&workspace_id=ws-staging")).data["total"] == 2
    assert (await api.get(f"{ALL}?type=mine")).status == 400


async def test_named_secrets_are_masked_and_free_ones_are_not(api: Api) -> None:
    shown = (await api.get(AZURE)).data
    assert shown["configurations"]["masked_azure_entra_client_secret"] == "sa********et"
    assert "azure_entra_client_secret" not in shown["configurations"]
    assert (await api.get(ANTHROPIC)).data["masked_key"] == "sa********ey"
    vertex = (await api.get(f"{ALL}/vertex-analytics")).data["configurations"]
    assert vertex["vertex_service_account_json"]["private_key"] == "sandbox-vertex-private-key"


async def test_an_integration_of_a_workspace_gets_a_provider(api: Api) -> None:
    body = {**NEW, "configurations": ROLE, "workspace_id": "ws-staging"}
    made = (await api.post(ALL, {**body, "default_provider_slug": "staging-bedrock"})).data
    provider = (await api.get("/v1/providers/staging-bedrock")).data
    assert provider["integration_id"] == made["id"]
    taken = await api.post(ALL, {**body, "default_provider_slug": "staging-bedrock"})
    assert (taken.status, (await api.get(f"{ALL}?type=workspace")).data["total"]) == (400, 2)
    before = (await api.get("/v1/providers")).data["total"]
    await api.post(ALL, {**body, "create_default_provider": False})
    assert (await api.get("/v1/providers")).data["total"] == before


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ({"name": "A"}, "ai_provider_id is required"),
        (
            {**NEW, "configurations": {"aws_region": "r"}},
            "configurations.aws_auth_type is required for bedrock",
        ),
        (
            {**NEW, "configurations": {**ROLE, "aws_auth_type": "accessKey"}},
            "configurations.aws_access_key_id is required when aws_auth_type is accessKey",
        ),
        (
            {**NEW, "configurations": {**ROLE, "vertex_region": "r"}},
            "configurations.vertex_region is not allowed",
        ),
        (
            {**NEW, "secret_mappings": [{"target_field": "key", "secret_reference_id": "none"}]},
            "secret_mappings: no secret reference matches 'none'",
        ),
        ({**NEW, "workspace_id": "ws-nowhere"}, "workspace_id: no workspace matches"),
        ({**NEW, "pricing_adjustments": {"multiplier": {"default": -1}}}, "must be at least 0"),
    ],
)
async def test_create_says_what_is_wrong(api: Api, body: Any, problem: str) -> None:
    answer = await api.post(ALL, body)
    assert (answer.status, answer.code) == (400, "AB01")
    assert problem in answer.message


async def test_update_merges_configurations_and_replaces_mappings(api: Api) -> None:
    assert (await api.put(AZURE, {"configurations": {"azure_resource_name": "other"}})).data == {}
    shown = (await api.get(AZURE)).data["configurations"]
    assert (shown["azure_resource_name"], shown["azure_auth_mode"]) == ("other", "entra")
    await api.put(f"{ALL}/openai-prod", {"secret_mappings": [], "key": "sandbox-key-9"})
    assert (await api.get(f"{ALL}/openai-prod")).data["secret_mappings"] == []
    assert (await api.delete("/v1/secret-references/aws-openai-prod")).status == 200


async def test_delete_takes_the_providers_along(api: Api) -> None:
    assert (await api.delete(ANTHROPIC)).data == {}
    assert (await api.get(ANTHROPIC)).status == 404
    assert (await api.get("/v1/virtual-keys/anthropic-prod-9b02c6")).status == 404


async def test_a_workspace_key_sees_what_it_may_use_and_changes_its_own(api: Api) -> None:
    support = api.as_key(WORKSPACE_KEY)
    assert [found["slug"] for found in (await support.get(ALL)).data["data"]] == ["azure-support"]
    assert (await support.get(ANTHROPIC)).status == 403
    access = {"workspaces": [{"id": "ws-customer-support", "enabled": True}]}
    await api.put(f"{ANTHROPIC}/workspaces", access)
    assert (await support.get(ANTHROPIC)).status == 200
    assert (await support.put(ANTHROPIC, {"name": "Mine"})).status == 403
    assert (await support.put(AZURE, {"name": "Mine"})).status == 200


async def test_models_follow_the_provider_until_set(api: Api) -> None:
    listed = (await api.get(f"{ANTHROPIC}/models")).data
    assert listed["total"] == 3
    assert all(model["enabled"] for model in listed["models"])
    own = {"slug": "mine", "enabled": True, "is_custom": True, "configurations": {"custom_host": "https://a"}}
    change = {"models": [own, {"slug": "claude-3-opus", "enabled": False}], "allow_all_models": False}
    assert (await api.put(f"{ANTHROPIC}/models", change)).data == {}
    shown = (await api.get(f"{ANTHROPIC}/models?page_size=2&current_page=1")).data
    assert (shown["total"], shown["allow_all_models"]) == (4, False)
    assert [(model["slug"], model["enabled"]) for model in shown["models"]] == [
        ("claude-3-opus", False),
        ("mine", True),
    ]
    unknown = await api.put(f"{ANTHROPIC}/models", {"models": [{"slug": "x", "enabled": True}]})
    assert "set is_custom to add it" in unknown.message
    assert (await api.delete(f"{ANTHROPIC}/models?slugs=mine,claude-3-opus")).status == 404
    assert (await api.get(f"{ANTHROPIC}/models")).data["total"] == 4
    assert (await api.delete(f"{ANTHROPIC}/models?slugs=mine")).data == {}
    assert (await api.delete(f"{ANTHROPIC}/models")).status == 400


async def test_access_is_set_limited_and_taken_away(api: Api) -> None:
    budget = [{"type": "cost", "credit_limit": 10}]
    staging = {"id": "ws-staging", "enabled": True, "usage_limits": budget}
    access = {"workspaces": [staging], "default_provider_slug": "claude-staging"}
    assert (await api.put(f"{ANTHROPIC}/workspaces", access)).data == {}
    listed = (await api.get(f"{ANTHROPIC}/workspaces")).data
    assert [found["id"] for found in listed["workspaces"]] == ["ws-production", "ws-staging"]
    assert listed["workspaces"][1]["usage_limits"] == budget
    assert (await api.get("/v1/providers/claude-staging")).status == 200
    off = {"workspaces": [{"id": "ws-staging", "enabled": False, "reset_usage": True}]}
    await api.put(f"{ANTHROPIC}/workspaces", off)
    second = (await api.get(f"{ANTHROPIC}/workspaces")).data["workspaces"][1]
    assert (second["enabled"], second["usage_limits"]) == (False, budget)
    assert second["last_reset_at"] is not None
    assert (await api.get(ANTHROPIC)).data["workspace_count"] == 1


async def test_global_access_can_override(api: Api) -> None:
    change = {"global_workspace_access": {"enabled": True}, "override_existing_workspace_access": True}
    await api.put(f"{ANTHROPIC}/workspaces", change)
    listed = (await api.get(f"{ANTHROPIC}/workspaces")).data
    assert (listed["total"], listed["global_workspace_access"]["enabled"]) == (0, True)
    assert (await api.get(f"{ALL}?workspace_id=ws-customer-support")).data["total"] == 2
    assert (await api.put(f"{AZURE}/workspaces", change)).status == 400
    wrong = await api.put(f"{ANTHROPIC}/workspaces", {"workspaces": [{"id": "x", "enabled": True}]})
    assert "workspaces[0].id: no workspace matches 'x'" in wrong.message


async def test_prices_need_no_key(api: Api) -> None:
    nobody = api.as_key("")
    found = await nobody.get("/model-configs/pricing/anthropic/claude-3-5-sonnet")
    assert found.data["pay_as_you_go"]["response_token"] == {"price": 0.0015}
    assert found.data["currency"] == "USD"
    unknown = await nobody.get("/model-configs/pricing/anthropic/gpt-4o")
    assert (unknown.status, unknown.data) == (404, {"error": "Model not found"})
