"""The secret reference tools, each against the sandbox: what arrives there and what comes back."""

from __future__ import annotations

from typing import Any

import pytest

from tests.catalog.calls import Call
from tests.catalog.calls.secret_references import ALL, ASSUMED_ROLE, AZURE_DEFAULT, CALLS, STAGING
from tests.catalog.desk import Desk
from tests.catalog.scripted import Scripted

VAULT = {"vault_addr": "https://vault.example"}
URL = {"azure_vault_url": "https://v.vault.azure.example"}
FORMS = [
    (
        "aws_sm",
        {
            "aws_auth_type": "accessKey",
            "aws_access_key_id": "AKIA",
            "aws_secret_access_key": "s",
            "aws_region": "r",
        },
    ),
    ("aws_sm", ASSUMED_ROLE),
    ("aws_sm", {"aws_auth_type": "serviceRole"}),
    (
        "azure_kv",
        {
            **URL,
            "azure_auth_mode": "entra",
            "azure_entra_tenant_id": "t",
            "azure_entra_client_id": "c",
            "azure_entra_client_secret": "s",
        },
    ),
    ("azure_kv", {**URL, "azure_auth_mode": "managed", "azure_managed_client_id": "m"}),
    ("azure_kv", AZURE_DEFAULT),
    ("hashicorp_vault", {**VAULT, "vault_auth_type": "token", "vault_token": "t", "vault_namespace": "n"}),
    (
        "hashicorp_vault",
        {**VAULT, "vault_auth_type": "approle", "vault_role_id": "r", "vault_secret_id": "s"},
    ),
    ("hashicorp_vault", {**VAULT, "vault_auth_type": "kubernetes", "vault_role": "r"}),
]
NEW = {"name": "A", "secret_path": "p"}


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.tool)
async def test_every_tool_succeeds_and_fails_as_listed(desk: Desk, call: Call) -> None:
    await desk.good(call.tool, **call.minimal)
    assert (await desk.sent())[:2] == call.sends
    await desk.control("POST", "reset")
    await desk.good(call.tool, **call.everything)
    await desk.control("POST", "reset")
    assert await desk.bad(call.tool, **call.failing)


@pytest.mark.parametrize(("manager", "auth"), FORMS)
async def test_every_form_of_signing_in_arrives_as_given(
    desk: Desk, manager: str, auth: dict[str, str]
) -> None:
    made = await desk.good("create_secret_reference", **NEW, manager_type=manager, auth_config=auth)
    assert set(made) == {"id", "slug", "object"}
    body = {**NEW, "manager_type": manager, "auth_config": auth}
    assert await desk.sent() == ("POST", ALL, "", body)


@pytest.mark.parametrize(
    ("manager", "auth", "problem"),
    [
        ("aws_sm", {"aws_region": "r"}, "auth_config needs aws_auth_type, one of accessKey, assumedRole"),
        ("aws_sm", AZURE_DEFAULT, "auth_config needs aws_auth_type"),
        (
            "hashicorp_vault",
            {**VAULT, "vault_auth_type": "approle", "vault_token": "t"},
            "needs vault_secret_id; auth_config with vault_auth_type approle takes no vault_token",
        ),
        ("azure_kv", {**AZURE_DEFAULT, "vault_tokn": "t"}, "is not a member of this object"),
        ("azure_kv", {"azure_auth_mode": "default", "azure_vault_url": "v"}, "does not have the form"),
    ],
)
async def test_other_forms_are_refused_before_anything_is_sent(
    desk: Desk, manager: str, auth: dict[str, str], problem: str
) -> None:
    error = await desk.bad("create_secret_reference", **NEW, manager_type=manager, auth_config=auth)
    assert problem in error["problems"][0]["problem"]
    assert await desk.requests() == []


@pytest.mark.parametrize("tool", ["create_secret_reference", "update_secret_reference"])
async def test_a_reference_is_shared_in_one_way(desk: Desk, tool: str) -> None:
    given: dict[str, Any] = (
        {"id": "vault-staging"}
        if tool == "update_secret_reference"
        else {**NEW, "manager_type": "azure_kv", "auth_config": AZURE_DEFAULT}
    )
    error = await desk.bad(tool, **given, allow_all_workspaces=True, allowed_workspaces=["ws-staging"])
    assert "cannot be true together" in error["problems"][0]["problem"]
    assert await desk.requests() == []


async def test_tags_are_searched_as_json(desk: Desk) -> None:
    data = await desk.good("list_secret_references", tags={"environment": "staging"}, page_size=1)
    query = "page_size=1&tags=%7B%22environment%22%3A%22staging%22%7D"
    assert await desk.sent() == ("GET", ALL, query, None)
    assert [found["slug"] for found in data["data"]] == ["vault-staging"]


async def test_credentials_are_never_shown(desk: Desk) -> None:
    for slug in ("vault-staging", "kv-azure-support"):
        outcome = await desk.call("get_secret_reference", {"id": slug})
        assert "sandbox-" not in outcome.text
    data = await desk.good("get_secret_reference", id="aws-openai-prod")
    assert data["auth_config"]["aws_region"] == "eu-central-1"
    assert data["secret_key"] == "api_key"


async def test_credentials_are_hidden_though_portkey_shows_them() -> None:
    secrets = ("aws_secret_access_key", "azure_entra_client_secret")
    auth = {"aws_region": "r", **dict.fromkeys(secrets, "PLANTED")}
    desk = Desk(Scripted({"GET /secret-references/a": {"id": "a", "auth_config": auth}}))
    outcome = await desk.call("get_secret_reference", {"id": "a"})
    assert "PLANTED" not in outcome.text


async def test_an_update_merges_credentials_and_clears_with_null(desk: Desk) -> None:
    given = {"auth_config": {"vault_secret_id": "sandbox-next"}, "description": "", "tags": None}
    await desk.good("update_secret_reference", **STAGING, **given)
    sent = {**given, "description": None}
    assert await desk.sent() == ("PUT", f"{ALL}/vault-staging", "", sent)


@pytest.mark.parametrize(
    ("auth", "problem"),
    [
        ({}, "auth_config is empty: give the members to change"),
        ({"vault_token": "t", "aws_region": "r"}, "auth_config mixes the members of several secret managers"),
        ({"token": "t"}, "is not a member of this object"),
    ],
)
async def test_wrong_changes_of_credentials_are_refused(
    desk: Desk, auth: dict[str, str], problem: str
) -> None:
    error = await desk.bad("update_secret_reference", **STAGING, auth_config=auth)
    assert error["problems"][0]["problem"] == problem
    assert await desk.requests() == []


async def test_a_reference_in_use_stays(desk: Desk) -> None:
    error = await desk.bad("delete_secret_reference", id="aws-openai-prod")
    assert error["status"] == 400
    assert "in use by integration openai-prod" in error["message"]
