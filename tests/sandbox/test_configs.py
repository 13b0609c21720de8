from __future__ import annotations

import json
from typing import Any

import pytest

from app.sandbox.company import workspace_id
from app.sandbox.keys import WORKSPACE_KEY
from tests.sandbox.client import Api

ALL = "/v1/configs"
CHECKOUT = f"{ALL}/pc-checko-2b7f10"


async def test_list_is_the_readiness_probe_and_has_the_recorded_shape(api: Api) -> None:
    answer = await api.get(ALL)
    assert (answer.status, answer.data["object"], answer.data["total"]) == (200, "list", 4)
    assert set(answer.data["data"][0]) == {
        *("id", "name", "workspace_id", "slug", "organisation_id", "is_default", "status", "owner_id"),
        *("updated_by", "created_at", "last_updated_at", "object"),
    }


async def test_list_filters_by_workspace_and_pages(api: Api) -> None:
    assert (await api.get(f"{ALL}?workspace_id=ws-production")).data["total"] == 2
    assert (await api.get(f"{ALL}?workspace_id={workspace_id('ws-staging')}")).data["total"] == 1
    paged = (await api.get(f"{ALL}?page_size=3&current_page=1")).data
    assert (paged["total"], len(paged["data"])) == (4, 1)
    assert (await api.get(f"{ALL}?page_size=101")).status == 400


async def test_get_is_flat_with_the_newest_config_as_json_text(api: Api) -> None:
    config = (await api.get(CHECKOUT)).data
    assert json.loads(config["config"])["strategy"] == {"mode": "fallback"}
    assert (config["format"], config["type"], config["object"]) == ("json", "ORG_CONFIG", "config")
    versions = (await api.get(f"{CHECKOUT}/versions")).data
    assert (versions["object"], versions["total"]) == ("list", 2)
    assert versions["data"][0]["version_id"] == config["version_id"]
    assert json.loads(versions["data"][1]["config"])["retry"] == {"attempts": 2}
    assert versions["data"][0]["created_at"] > versions["data"][1]["created_at"]
    assert (await api.get(f"{ALL}/{config['id']}")).data == config


async def test_create_goes_to_the_default_workspace_unless_told(api: Api) -> None:
    created = await api.post(ALL, {"name": "Retry twice", "config": {"retry": {"attempts": 2}}})
    assert created.data["success"] is True
    config = (await api.get(f"{ALL}/{created.data['data']['id']}")).data
    assert config["slug"].startswith("pc-retry-")
    assert config["workspace_id"] == workspace_id("ws-production")
    assert config["version_id"] == created.data["data"]["version_id"]
    elsewhere = await api.post(ALL, {"name": "X", "config": {}, "workspace_id": "ws-staging"})
    found = (await api.get(f"{ALL}/{elsewhere.data['data']['id']}")).data
    assert found["workspace_id"] == workspace_id("ws-staging")


async def test_a_workspace_key_creates_in_its_own_workspace(api: Api) -> None:
    support = api.as_key(WORKSPACE_KEY)
    created = await support.post(ALL, {"name": "Mine", "config": {}})
    found = (await support.get(f"{ALL}/{created.data['data']['id']}")).data
    assert found["workspace_id"] == workspace_id("ws-customer-support")
    assert (await support.post(ALL, {"name": "X", "config": {}, "workspace_id": "ws-staging"})).status == 403


async def test_one_config_of_a_workspace_is_the_default(api: Api) -> None:
    created = await api.post(ALL, {"name": "New default", "config": {}, "isDefault": 1})
    listed = (await api.get(f"{ALL}?workspace_id=ws-production")).data["data"]
    assert [config["id"] for config in listed if config["is_default"]] == [created.data["data"]["id"]]
    assert (await api.get(f"{ALL}/pc-suppor-e61a94")).data["is_default"] == 1


async def test_every_update_makes_a_version(api: Api) -> None:
    before = (await api.get(CHECKOUT)).data
    first = await api.put(CHECKOUT, {"name": "Checkout", "status": "inactive"})
    assert first.data["success"] is True
    after = (await api.get(CHECKOUT)).data
    assert (after["name"], after["status"], after["slug"]) == ("Checkout", "inactive", before["slug"])
    assert after["config"] == before["config"]
    assert after["version_id"] == first.data["data"]["version_id"] != before["version_id"]
    await api.put(CHECKOUT, {"config": {"cache": {"mode": "simple", "max_age": 60}}, "status": "active"})
    replaced = (await api.get(CHECKOUT)).data
    assert json.loads(replaced["config"]) == {"cache": {"mode": "simple", "max_age": 60}}
    assert (await api.get(f"{CHECKOUT}/versions")).data["total"] == 4


async def test_delete_takes_the_versions_along(api: Api) -> None:
    assert (await api.delete(CHECKOUT)).data == {}
    assert (await api.get(CHECKOUT)).status == 404
    assert (await api.get(f"{CHECKOUT}/versions")).status == 404
    assert (await api.get(ALL)).data["total"] == 3


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (..., "config is required; name is required"),
        ({"name": "A", "config": "{}"}, "config must be an object"),
        (
            {"name": "A", "config": {"strategy": {"mode": "random"}}},
            "config.strategy.mode must be one of single",
        ),
        ({"name": "A", "config": {"retry": {"attempts": 9}}}, "config.retry.attempts must be at most 5"),
        (
            {"name": "A", "config": {"cache": {"mode": "fast", "max_age": 0}}},
            "config.cache.max_age must be at least 1",
        ),
        ({"name": "A", "config": {"targets": ["openai"]}}, "config.targets[0] must be an object"),
        ({"name": "A", "config": {}, "isDefault": True}, "isDefault must be 0 or 1"),
        ({"name": "A", "config": {}, "workspace_id": "none"}, "workspace_id: no workspace matches 'none'"),
    ],
)
async def test_create_refuses_bad_bodies(api: Api, body: Any, problem: str) -> None:
    answer = await api.post(ALL, body)
    assert (answer.status, answer.code) == (400, "AB01")
    assert problem in answer.message


@pytest.mark.parametrize("body", [{}, {"status": "archived"}, {"isDefault": 1}, {"config": None}])
async def test_update_refuses_bad_bodies(api: Api, body: dict[str, object]) -> None:
    assert (await api.put(CHECKOUT, body)).status == 400
    assert (await api.get(f"{CHECKOUT}/versions")).data["total"] == 2


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
async def test_an_unknown_slug_is_404(api: Api, method: str) -> None:
    answer = await api.send(method, f"{ALL}/pc-missing", {"name": "x"})
    assert (answer.status, answer.code) == (404, "AB02")
