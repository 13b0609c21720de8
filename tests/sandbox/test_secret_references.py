from __future__ import annotations

from typing import Any

import pytest

from app.sandbox.company import workspace_id
from tests.sandbox.client import Api

ALL = "/v1/secret-references"
VAULT = f"{ALL}/vault-staging"
AWS = {"aws_auth_type": "serviceRole"}
NEW = {"name": "New", "manager_type": "aws_sm", "auth_config": AWS, "secret_path": "a/b"}


async def test_list_has_the_documented_members_pages_and_filters(api: Api) -> None:
    listed = (await api.get(ALL)).data
    assert (listed["object"], listed["total"]) == ("list", 3)
    assert set(listed["data"][0]) == {
        *("id", "name", "slug", "manager_type", "status", "created_at", "last_updated_at", "object"),
    }
    assert (await api.get(f"{ALL}?manager_type=azure_kv")).data["total"] == 1
    assert (await api.get(f"{ALL}?search=VAULT")).data["total"] == 1
    assert (await api.get(f"{ALL}?tags=%7B%22environment%22:%22production%22%7D")).data["total"] == 1
    assert "tags must be a JSON object" in (await api.get(f"{ALL}?tags=production")).message
    for number in range(20):
        await api.post(ALL, {**NEW, "name": f"Secret {number}"})
    assert len((await api.get(ALL)).data["data"]) == 20


async def test_credentials_are_masked(api: Api) -> None:
    shown = (await api.get(VAULT)).data
    assert shown["auth_config"] == {
        "vault_auth_type": "approle",
        "vault_addr": "https://vault.brightwater.example",
        "vault_role_id": "portkey",
        "masked_vault_secret_id": "sa********id",
    }
    assert (shown["status"], shown["object"]) == ("ACTIVE", "secret-reference")
    assert "allowed_workspaces" not in shown


async def test_create_shares_with_all_unless_told(api: Api) -> None:
    made = (await api.post(ALL, NEW)).data
    assert set(made) == {"id", "slug", "object"}
    assert (await api.get(f"{ALL}/{made['slug']}")).data["allow_all_workspaces"] is True
    one = {**NEW, "slug": "one", "allowed_workspaces": [workspace_id("ws-staging")]}
    await api.post(ALL, one)
    assert (await api.get(f"{ALL}/one")).data["allow_all_workspaces"] is False


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"auth_config": {}}, "auth_config.aws_auth_type must be one of accessKey, assumedRole, serviceRole"),
        ({"auth_config": {"aws_auth_type": "assumedRole"}}, "auth_config.aws_role_arn is required"),
        ({"auth_config": {**AWS, "vault_token": "x"}}, "auth_config.vault_token is not allowed"),
        ({"auth_config": {**AWS, "aws_region": ""}}, "auth_config.aws_region must be a string"),
        ({"slug": "vault-staging"}, "slug: 'vault-staging' is taken"),
        ({"allowed_workspaces": ["ws-nowhere"]}, "allowed_workspaces: no workspace matches 'ws-nowhere'"),
        ({"allowed_workspaces": []}, "allowed_workspaces must have at least 1 item"),
        (
            {"allowed_workspaces": ["ws-staging"], "allow_all_workspaces": True},
            "allow_all_workspaces cannot be true together with allowed_workspaces",
        ),
    ],
)
async def test_create_says_what_is_wrong(api: Api, change: Any, problem: str) -> None:
    answer = await api.post(ALL, {**NEW, **change})
    assert (answer.status, answer.code) == (400, "AB01")
    assert problem in answer.message


async def test_update_merges_credentials_and_can_change_their_form(api: Api) -> None:
    assert (await api.put(VAULT, {"auth_config": {"vault_namespace": "team"}})).data == {}
    assert (await api.get(VAULT)).data["auth_config"]["vault_namespace"] == "team"
    token = {"vault_auth_type": "token", "vault_token": "sandbox-token"}
    assert (await api.put(VAULT, {"auth_config": token})).status == 200
    assert (await api.get(VAULT)).data["auth_config"] == {
        "vault_auth_type": "token",
        "vault_addr": "https://vault.brightwater.example",
        "vault_namespace": "team",
        "masked_vault_token": "sa********en",
    }
    assert (await api.put(VAULT, {"auth_config": AWS})).status == 400
    assert (await api.put(VAULT, {})).status == 400


async def test_update_replaces_who_may_use_it(api: Api) -> None:
    await api.put(VAULT, {"allow_all_workspaces": True, "description": None})
    assert (await api.get(VAULT)).data["allow_all_workspaces"] is True
    await api.put(VAULT, {"allowed_workspaces": ["ws-production"]})
    assert (await api.get(VAULT)).data["allow_all_workspaces"] is False


async def test_delete_refuses_while_it_is_used(api: Api) -> None:
    refused = await api.delete(f"{ALL}/aws-openai-prod")
    assert (refused.status, refused.code) == (400, "AB01")
    assert "in use by integration openai-prod" in refused.message
    assert (await api.delete(VAULT)).data == {}
    assert (await api.get(VAULT)).status == 404
