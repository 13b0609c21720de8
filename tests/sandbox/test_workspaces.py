from __future__ import annotations

from typing import Any

import pytest

from app.sandbox.company import user_id
from app.sandbox.keys import WORKSPACE_KEY
from tests.sandbox.client import Api

ALL = "/v1/admin/workspaces"


async def _names(api: Api, query: str = "") -> list[str]:
    return [workspace["name"] for workspace in (await api.get(f"{ALL}{query}")).data["data"]]


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", ["Production", "Staging", "Customer Support"]),
        ("?name=tion", ["Production"]),
        ("?name=PROD", []),
        ("?exact_name=Staging", ["Staging"]),
        ("?exact_name=Stag", []),
        ("?status=archived", ["Hackathon 2025"]),
        ("?status=active,archived", ["Production", "Staging", "Customer Support", "Hackathon 2025"]),
        ("?page_size=2", ["Production", "Staging"]),
        ("?page_size=2&current_page=1", ["Customer Support"]),
        ("?page_size=2&current_page=2", []),
    ],
)
async def test_list_filters_and_pages(api: Api, query: str, names: list[str]) -> None:
    assert await _names(api, query) == names


async def test_the_total_counts_all_matches(api: Api) -> None:
    assert (await api.get(f"{ALL}?page_size=1&current_page=9")).data == {
        "object": "list",
        "total": 3,
        "data": [],
    }


async def test_list_refuses_unknown_statuses(api: Api) -> None:
    answer = await api.get(f"{ALL}?status=gone&page_size=500")
    assert answer.status == 400
    assert "page_size" in answer.message
    assert "status must be one of active, archived" in answer.message


async def test_list_and_get_have_the_recorded_members(api: Api) -> None:
    listed = (await api.get(ALL)).data["data"][0]
    assert set(listed) == {
        *(
            "id",
            "slug",
            "name",
            "icon",
            "description",
            "created_at",
            "last_updated_at",
            "defaults",
            "is_default",
        ),
        *("scim_source_id", "usage_limits", "rate_limits", "security_settings", "status", "object"),
    }
    by_id, by_slug = await api.get(f"{ALL}/{listed['id']}"), await api.get(f"{ALL}/ws-production")
    assert by_id.data == by_slug.data
    assert set(by_id.data) == {
        *(
            "id",
            "name",
            "description",
            "created_at",
            "last_updated_at",
            "is_default",
            "defaults",
            "slug",
            "icon",
        ),
        *("usage_limits", "rate_limits", "security_settings", "settings", "organisation_id", "last_reset_at"),
        *("created_by", "creation_source", "users", "object"),
    }
    assert [user["first_name"] for user in by_id.data["users"]] == ["Amara", "Jonas", "Priya", "Mateo"]


async def test_create_makes_a_slug_and_members(api: Api) -> None:
    body = {
        "name": "Data Science",
        "description": "Notebooks",
        "defaults": {"metadata": {"team": "data"}},
        "users": [user_id("lucas")],
        "usage_limits": [
            {"type": "cost", "credit_limit": 100, "alert_threshold": 80, "periodic_reset": "weekly"}
        ],
        "rate_limits": [{"type": "requests", "unit": "rpm", "value": 10}],
    }
    created = await api.post(ALL, body)
    assert created.status == 200
    assert created.data["slug"].startswith("ws-data-s-")
    assert created.data["defaults"] == {"metadata": {"team": "data"}, "is_default": 0, "object": "workspace"}
    found = (await api.get(f"{ALL}/{created.data['slug']}")).data
    assert (found["usage_limits"], found["rate_limits"]) == (body["usage_limits"], body["rate_limits"])
    assert found["created_at"] == found["last_updated_at"] == "2026-03-01T12:00:01.000Z"
    assert [(user["first_name"], user["role"]) for user in found["users"]] == [("Lucas", "member")]
    assert found["creation_source"] == "api"


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (..., "name is required"),
        ({"name": "A", "slug": "Not a slug"}, "slug must match"),
        ({"name": "A", "defaults": {"is_default": True}}, "defaults.is_default must be 0 or 1"),
        ({"name": "A", "defaults": {"metadata": {"a": 1}}}, "defaults.metadata.a must be a string"),
        ({"name": "A", "users": ["nobody"]}, "no user has the id 'nobody'"),
        (
            {"name": "A", "usage_limits": [{"credit_limit": 0}]},
            "usage_limits[0].credit_limit must be at least 1",
        ),
        ({"name": "A", "usage_limits": [{"credit_limit": 5, "alert_threshold": 5}]}, "below credit_limit"),
        ({"name": "A", "rate_limits": [{"type": "calls"}]}, "rate_limits[0].unit is required"),
        ({"name": "A", "title": "B"}, "title is not allowed"),
    ],
)
async def test_create_refuses_bad_bodies_and_leaves_nothing(api: Api, body: Any, problem: str) -> None:
    answer = await api.post(ALL, body)
    assert (answer.status, answer.code) == (400, "AB01")
    assert problem in answer.message
    assert len(await _names(api)) == 3


@pytest.mark.parametrize("body", [{"name": "Staging"}, {"name": "New", "slug": "ws-staging"}])
async def test_names_and_slugs_are_unique(api: Api, body: dict[str, str]) -> None:
    answer = await api.post(ALL, body)
    assert (answer.status, answer.code) == (409, "AB07")
    renamed = await api.put(f"{ALL}/ws-production", body)
    assert renamed.status == 409
    assert (await api.get(f"{ALL}/ws-production")).data["name"] == "Production"


async def test_the_name_of_an_archived_workspace_is_free(api: Api) -> None:
    created = await api.post(ALL, {"name": "Hackathon 2025", "slug": "ws-hackathon"})
    assert created.status == 200
    assert (await api.get(f"{ALL}/ws-hackathon")).data["id"] == created.data["id"]


async def test_update_changes_what_it_names(api: Api) -> None:
    change = {
        "description": None,
        "defaults": {
            "metadata": {"a": "b"},
            "input_guardrails": ["g"],
            "user_api_key_config": "pc-stagin-8c3d55",
        },
    }
    assert (await api.put(f"{ALL}/ws-staging", change)).data == {}
    found = (await api.get(f"{ALL}/ws-staging")).data
    assert (found["name"], found["description"]) == ("Staging", None)
    assert found["defaults"]["user_api_key_config"] == "pc-stagin-8c3d55"
    assert found["last_updated_at"] > found["created_at"]
    await api.put(f"{ALL}/ws-staging", {"defaults": {"user_api_key_config": None}, "name": "Pre-production"})
    found = (await api.get(f"{ALL}/ws-staging")).data
    assert found["defaults"] == {
        "metadata": {"a": "b"},
        "input_guardrails": ["g"],
        "user_api_key_config": None,
        "is_default": 0,
        "object": "workspace",
    }
    assert await _names(api, "?exact_name=Pre-production") == ["Pre-production"]


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ({}, "give at least one of name, slug, description"),
        ({"users": []}, "users is not allowed"),
        ({"defaults": {"user_api_key_config": "pc-checko-2b7f10"}}, "no config of this workspace matches"),
        ({"defaults": {"user_api_key_config": "missing"}}, "no config of this workspace matches 'missing'"),
    ],
)
async def test_update_refuses_bad_bodies(api: Api, body: dict[str, object], problem: str) -> None:
    answer = await api.put(f"{ALL}/ws-staging", body)
    assert answer.status == 400
    assert problem in answer.message


async def test_there_is_one_default_workspace(api: Api) -> None:
    await api.put(f"{ALL}/ws-staging", {"defaults": {"is_default": 1}})
    listed = (await api.get(ALL)).data["data"]
    assert [workspace["slug"] for workspace in listed if workspace["is_default"]] == ["ws-staging"]
    config = (await api.post("/v1/configs", {"name": "C", "config": {}})).data["data"]["id"]
    assert (await api.get(f"/v1/configs/{config}")).data["workspace_id"] == listed[1]["id"]
    await api.put(f"{ALL}/ws-staging", {"defaults": {"is_default": 0}})
    answer = await api.post("/v1/configs", {"name": "C", "config": {}})
    assert answer.status == 400
    assert "workspace_id is required" in answer.message


@pytest.mark.parametrize(
    ("body", "problem"),
    [(..., "name is required"), ({"name": "staging"}, "name must be the name of the workspace")],
)
async def test_delete_needs_the_name(api: Api, body: Any, problem: str) -> None:
    answer = await api.delete(f"{ALL}/ws-staging", body)
    assert (answer.status, answer.code) == (400, "AB01")
    assert problem in answer.message


async def test_delete_refuses_while_something_is_left_unless_forced(api: Api) -> None:
    refused = await api.delete(
        f"{ALL}/ws-customer-support", {"name": "Customer Support", "force_delete": False}
    )
    assert (refused.status, refused.code) == (409, "AB07")
    for held in ("collection (1)", "config (1)", "prompt (2)", "prompt version (4)"):
        assert held in refused.message
    done = await api.delete(f"{ALL}/ws-customer-support", {"name": "Customer Support", "force_delete": True})
    assert (done.status, done.data) == (200, None)
    assert (await api.get(f"{ALL}/ws-customer-support")).status == 404
    assert (await api.get("/v1/prompts/pp-ticket-1f5d3a")).status == 404
    assert (await api.get(f"{ALL}/ws-customer-support/users")).status == 404
    assert "Customer Support" in await _names(api, "?status=archived")
    assert (await api.as_key(WORKSPACE_KEY).get("/v1/prompts")).data["total"] == 0


async def test_an_empty_workspace_goes_without_force(api: Api) -> None:
    await api.post(ALL, {"name": "Short", "slug": "short", "users": [user_id("hana")]})
    answer = await api.delete(f"{ALL}/short", {"name": "Short"})
    assert (answer.status, answer.data, answer.headers["content-length"]) == (200, None, "0")


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
@pytest.mark.parametrize("reference", ["missing", "ws-hackathon"])
async def test_unknown_and_archived_workspaces_are_404(api: Api, method: str, reference: str) -> None:
    answer = await api.send(method, f"{ALL}/{reference}", {"name": "x"})
    assert (answer.status, answer.code) == (404, "AB02")
