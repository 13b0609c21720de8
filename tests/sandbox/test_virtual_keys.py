from __future__ import annotations

from typing import Any

import pytest

from app.sandbox.company import workspace_id
from app.sandbox.keys import WORKSPACE_KEY
from tests.sandbox.client import Api

ALL = "/v1/virtual-keys"
OPENAI = f"{ALL}/openai-prod-4d1e7a"
AZURE = f"{ALL}/azure-support-c85d20"
SECRET = "sk-proj-0123456789abcdef"
NEW = {"name": "OpenAI batch", "provider": "openai", "key": SECRET}


async def _made(api: Api, **change: Any) -> str:
    answer = await api.post(ALL, {**NEW, **change})
    assert answer.data["success"] is True, answer.data
    return str(answer.data["data"]["slug"])


async def test_list_has_the_recorded_shape(api: Api) -> None:
    answer = (await api.get(ALL)).data
    assert (answer["object"], answer["total"]) == ("list", 4)
    assert set(answer["data"][0]) == {
        *("id", "organisation_id", "name", "note", "status", "usage_limits", "reset_usage", "created_at"),
        *("slug", "workspace_id", "model_config", "rate_limits", "expires_at", "last_reset_at"),
        *("integration_id", "tags", "workspace_name", "provider", "object"),
    }
    assert [key["slug"] for key in (await api.get(f"{ALL}?page_size=1&current_page=3")).data["data"]] == [
        "azure-support-c85d20"
    ]


async def test_get_has_the_recorded_shape(api: Api) -> None:
    shown = (await api.get(OPENAI)).data
    assert set(shown) == {
        *("id", "ai_provider_name", "model_config", "key", "masked_api_key", "slug", "name", "usage_limits"),
        *("status", "note", "created_at", "expires_at", "last_reset_at", "rate_limits", "integration_id"),
        *("tags", "object"),
    }
    assert shown["usage_limits"]["credit_limit"] == 3000
    assert (await api.get(f"{ALL}/{shown['id']}")).data == shown


async def test_the_providers_key_is_never_shown_again(api: Api) -> None:
    slug = await _made(api, awsSecretAccessKey="wJalrXUtnFEMI/K7MDENG")
    await api.put(f"{ALL}/{slug}", {"key": "sk-proj-fedcba9876543210"})
    shown = (await api.get(f"{ALL}/{slug}")).data
    assert (shown["key"], shown["masked_api_key"]) == ("sk*******10", "sk*******10")
    assert shown["model_config"] == {"awsSecretAccessKey": "wJ*******NG"}
    for path in (ALL, f"{ALL}/{slug}", "/v1/providers"):
        answer = str((await api.get(path)).data)
        assert not any(secret in answer for secret in (SECRET, "fedcba", "wJalrXU"))


async def test_create_goes_to_the_default_workspace_unless_told(api: Api) -> None:
    slug = await _made(api)
    assert slug.startswith("openai-")
    elsewhere = await _made(api, workspace_id="ws-staging")
    found = {key["slug"]: key["workspace_id"] for key in (await api.get(ALL)).data["data"]}
    assert (found[slug], found[elsewhere]) == (workspace_id("ws-production"), workspace_id("ws-staging"))


async def test_create_keeps_what_is_given(api: Api) -> None:
    given: dict[str, Any] = {
        "note": "For the night run.",
        "usage_limits": {"type": "cost", "credit_limit": 10, "alert_threshold": 8},
        "rate_limits": {"type": "tokens", "unit": "rph", "value": 5},
        "expires_at": "2031-01-01T00:00:00Z",
        "secret_mappings": [{"target_field": "key", "secret_reference_id": "vault"}],
    }
    deployments = [{"apiVersion": "1", "deploymentName": "gpt", "is_default": True}]
    azure = {"resourceName": "r", "deploymentConfig": deployments}
    slug = await _made(api, **given, **azure)
    shown = (await api.get(f"{ALL}/{slug}")).data
    expected = {**given, "rate_limits": [given["rate_limits"]], "expires_at": "2031-01-01T00:00:00.000Z"}
    assert {name: shown[name] for name in expected} == expected
    assert shown["model_config"] == azure


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"name": ""}, "name must not be empty"),
        ({"apiKey": "x"}, "apiKey is not allowed"),
        ({"deploymentConfig": [{"apiVersion": "1"}]}, "deploymentConfig[0].deploymentName is required"),
        ({"rate_limits": [{"unit": "rpm", "value": 1}]}, "rate_limits[0].type is required"),
        (
            {"secret_mappings": [{"target_field": "url", "secret_reference_id": "v"}]},
            "secret_mappings[0].target_field must match",
        ),
        (
            {"secret_mappings": [{"target_field": "key", "secret_reference_id": "v"}] * 2},
            "secret_mappings must each have another target_field",
        ),
        ({"workspace_id": "none"}, "workspace_id: no workspace matches 'none'"),
    ],
)
async def test_create_refuses_bad_bodies(api: Api, change: dict[str, Any], problem: str) -> None:
    answer = await api.post(ALL, {**NEW, **change})
    assert (answer.status, answer.code) == (400, "AB01")
    assert problem in answer.message


async def test_create_needs_a_key_or_where_to_find_it(api: Api) -> None:
    body = {"name": "X", "provider": "openai"}
    assert "key is required" in (await api.post(ALL, body)).message
    mapped = [{"target_field": "key", "secret_reference_id": "vault"}]
    assert (await api.post(ALL, {**body, "secret_mappings": mapped})).status == 200


async def test_an_update_changes_what_it_names_and_nothing_else(api: Api) -> None:
    before = (await api.get(OPENAI)).data
    assert (await api.put(OPENAI, {"usage_limits": {"credit_limit": 4000}})).data == {}
    after = (await api.get(OPENAI)).data
    assert after == {**before, "usage_limits": {**before["usage_limits"], "credit_limit": 4000}}
    await api.put(AZURE, {"deploymentConfig": [{"apiVersion": "2", "deploymentName": "d"}], "note": ""})
    azure = (await api.get(AZURE)).data
    assert azure["model_config"]["resourceName"] == "brightwater-support"
    assert azure["model_config"]["deploymentConfig"] == [{"apiVersion": "2", "deploymentName": "d"}]


@pytest.mark.parametrize("body", [{}, {"provider": "groq"}, {"usage_limits": {"credit_limit": 0}}])
async def test_update_refuses_bad_bodies(api: Api, body: dict[str, object]) -> None:
    assert (await api.put(OPENAI, body)).status == 400


async def test_a_deleted_virtual_key_is_gone_as_a_provider_too(api: Api) -> None:
    assert (await api.delete(OPENAI)).data == {}
    assert (await api.get(OPENAI)).status == 404
    assert (await api.get("/v1/providers/openai-prod-4d1e7a")).status == 404


async def test_a_workspace_key_stays_in_its_workspace(api: Api) -> None:
    support = api.as_key(WORKSPACE_KEY)
    assert [key["slug"] for key in (await support.get(ALL)).data["data"]] == ["azure-support-c85d20"]
    assert (await support.get(OPENAI)).status == 403
    slug = await _made(support)
    assert slug in {key["slug"] for key in (await support.get(ALL)).data["data"]}


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
async def test_an_unknown_slug_is_404(api: Api, method: str) -> None:
    answer = await api.send(method, f"{ALL}/missing", {"name": "x"})
    assert (answer.status, answer.code) == (404, "AB02")
