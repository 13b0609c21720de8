from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from app.sandbox.application import create_sandbox
from app.sandbox.ids import seed_id
from app.sandbox.keys import WORKSPACE_KEY
from tests.sandbox.client import Api

ALL = "/v1/providers"
OPENAI = f"{ALL}/openai-prod-4d1e7a"
STAGING = f"{ALL}/openai-staging-71fa3e"
NEW = {"name": "OpenAI reports", "integration_id": seed_id("integration", "openai-prod-4d1e7a")}


async def test_providers_are_the_virtual_keys(api: Api) -> None:
    answer = (await api.get(ALL)).data
    assert (answer["object"], answer["total"]) == ("list", 4)
    assert set(answer["data"][0]) == {
        *("name", "integration_id", "note", "status", "usage_limits", "reset_usage", "created_at", "slug"),
        *("rate_limits", "expires_at", "object"),
    }
    keys = (await api.get("/v1/virtual-keys")).data["data"]
    assert [one["slug"] for one in answer["data"]] == [one["slug"] for one in keys]
    await api.put("/v1/virtual-keys/openai-prod-4d1e7a", {"name": "Main"})
    assert (await api.get(OPENAI)).data["name"] == "Main"


async def test_a_workspace_narrows(api: Api) -> None:
    assert (await api.get(f"{ALL}?workspace_id=ws-production")).data["total"] == 2
    assert (await api.get(f"{OPENAI}?workspace_id=ws-production")).status == 200
    for method in ("GET", "PUT", "DELETE"):
        elsewhere = await api.send(method, f"{OPENAI}?workspace_id=ws-staging", {"name": "x"})
        assert elsewhere.status == 404
    assert (await api.get(f"{ALL}?workspace_id=ws-nowhere")).status == 404
    support = api.as_key(WORKSPACE_KEY)
    assert (await support.get(ALL)).data["total"] == 1
    assert (await support.get(f"{ALL}?workspace_id=ws-production")).status == 403
    assert (await support.get(OPENAI)).status == 403


async def test_create_takes_an_integration_into_a_workspace(api: Api) -> None:
    made = (await api.post(ALL, {**NEW, "workspace_id": "ws-staging", "slug": "reports"})).data
    assert made["slug"] == "reports"
    (key,) = [one for one in (await api.get("/v1/virtual-keys")).data["data"] if one["slug"] == "reports"]
    assert (key["id"], key["provider"], key["workspace_name"]) == (made["id"], "openai", "Staging")
    assert (await api.post(ALL, {**NEW, "slug": "reports"})).status == 409
    assert (await api.post(ALL, NEW)).data["slug"].startswith("openai-")


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"integration_id": "none"}, "integration_id: no integration matches 'none'"),
        ({"slug": "No Slug"}, "slug must match"),
        ({"key": "sk-1"}, "key is not allowed"),
        ({"expires_at": "2020-01-01"}, "expires_at must be in the future"),
    ],
)
async def test_create_refuses_bad_bodies(api: Api, change: dict[str, Any], problem: str) -> None:
    answer = await api.post(ALL, {**NEW, **change})
    assert (answer.status, answer.code) == (400, "AB01")
    assert problem in answer.message


async def test_an_update_changes_what_it_names_and_answers_who_it_was(api: Api) -> None:
    before = (await api.get(OPENAI)).data
    change = {"usage_limits": {"alert_threshold": 100}, "rate_limits": [], "note": "Capped."}
    answer = (await api.put(OPENAI, change)).data
    assert answer == {"id": seed_id("virtual_key", "openai-prod-4d1e7a"), "slug": "openai-prod-4d1e7a"}
    limits = {**before["usage_limits"], "alert_threshold": 100}
    assert (await api.get(OPENAI)).data == {**before, **change, "usage_limits": limits}
    assert (await api.put(OPENAI, {})).status == 400


async def test_resetting_usage_wakes_an_exhausted_provider(api: Api) -> None:
    assert (await api.get(STAGING)).data["status"] == "exhausted"
    await api.put(STAGING, {"reset_usage": True})
    assert (await api.get(STAGING)).data["status"] == "active"


async def test_a_provider_expires() -> None:
    now = [datetime(2026, 3, 1, tzinfo=UTC)]
    app = create_sandbox(clock=lambda: now[0])
    api = Api(app)
    await api.put(OPENAI, {"expires_at": "2026-03-02T00:00:00Z"})
    assert (await api.get(OPENAI)).data["status"] == "active"
    now[0] = datetime(2026, 3, 2, tzinfo=UTC)
    assert (await api.get(OPENAI)).data["status"] == "expired"
    await api.put(OPENAI, {"expires_at": None})
    assert (await api.get(OPENAI)).data["status"] == "active"
    app.close()


async def test_a_deleted_provider_is_gone_as_a_virtual_key_too(api: Api) -> None:
    assert (await api.delete(OPENAI)).data == {}
    assert (await api.get("/v1/virtual-keys/openai-prod-4d1e7a")).status == 404


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
async def test_an_unknown_slug_is_404(api: Api, method: str) -> None:
    answer = await api.send(method, f"{ALL}/missing", {"name": "x"})
    assert (answer.status, answer.code) == (404, "AB02")
