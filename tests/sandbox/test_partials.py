from __future__ import annotations

from typing import Any

import pytest

from app.sandbox.company import workspace_id
from app.sandbox.ids import seed_id
from app.sandbox.keys import WORKSPACE_KEY
from tests.sandbox.client import Api

ALL = "/v1/prompts/partials"
TONE = f"{ALL}/ppl-tone-3c8f21"


async def _names(api: Api, query: str = "") -> list[str]:
    return [partial["name"] for partial in (await api.get(f"{ALL}{query}")).data["data"]]


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", ["Tone of voice", "Legal notice", "Grading rubric"]),
        ("?collection_id=checkout-3f9a1c", ["Tone of voice"]),
        (f"?collection_id={seed_id('collection', 'checkout-emails-7c11e2')}", ["Legal notice"]),
        ("?collection_id=nothing", []),
        ("?page_size=1", ["Tone of voice", "Legal notice", "Grading rubric"]),
    ],
)
async def test_the_list_is_whole_and_in_an_envelope(api: Api, query: str, names: list[str]) -> None:
    assert await _names(api, query) == names


async def test_a_partial_is_not_taken_for_a_prompt(api: Api) -> None:
    assert set((await api.get(ALL)).data["data"][0]) == {
        *("id", "slug", "name", "collection_id", "created_at", "last_updated_at", "status", "object"),
    }
    assert (await api.get("/v1/prompts")).data["total"] == 3


async def test_get_shows_the_published_version(api: Api) -> None:
    partial = (await api.get(TONE)).data
    assert partial == (await api.get(f"{ALL}/{partial['id']}")).data
    assert set(partial) == {
        *("id", "slug", "name", "collection_id", "string", "version", "version_description"),
        *("prompt_partial_version_id", "created_at", "last_updated_at", "status"),
    }
    assert (partial["string"], partial["version"]) == ("Write briefly and kindly.", 1)


async def test_create_publishes_its_first_version(api: Api) -> None:
    body = {"name": "Sign-off", "string": "Kind regards", "version_description": "First"}
    made = (await api.post(ALL, {**body, "workspace_id": "ws-staging"})).data
    assert set(made) == {"id", "slug", "version_id"}
    partial = (await api.get(f"{ALL}/{made['slug']}")).data
    assert (partial["string"], partial["version_description"]) == ("Kind regards", "First")
    assert partial["prompt_partial_version_id"] == made["version_id"]
    assert partial["collection_id"] == seed_id("collection", "release-tests-a40b7e")


async def test_a_workspace_without_collections_has_partials_too(api: Api) -> None:
    await api.post("/v1/admin/workspaces", {"name": "New", "slug": "new"})
    made = (await api.post(ALL, {"name": "A", "string": "B", "workspace_id": "new"})).data
    assert "collection_id" not in (await api.get(f"{ALL}/{made['id']}")).data


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (..., "name is required; string is required"),
        ({"name": "A", "string": ""}, "string must not be empty"),
        ({"name": "A", "string": "B", "description": "C"}, "description is not allowed"),
        ({"name": "A", "string": "B", "workspace_id": "none"}, "workspace_id: no workspace matches 'none'"),
    ],
)
async def test_create_refuses_bad_bodies(api: Api, body: Any, problem: str) -> None:
    answer = await api.post(ALL, body)
    assert (answer.status, answer.code) == (400, "AB01")
    assert problem in answer.message


@pytest.mark.parametrize("member", ["description", "version_description"])
async def test_new_text_makes_a_version_that_is_published_later(api: Api, member: str) -> None:
    answer = await api.put(TONE, {"string": "Be brief.", member: "Shorter"})
    versions = (await api.get(f"{TONE}/versions")).data["data"]
    assert [version["version"] for version in versions] == ["3", "2", "1"]
    assert versions[0] == {
        "prompt_partial_id": (await api.get(TONE)).data["id"],
        "prompt_partial_version_id": answer.data["prompt_partial_version_id"],
        "slug": "ppl-tone-3c8f21",
        "version": "3",
        "string": "Be brief.",
        "description": "Shorter",
        "created_at": "2026-03-01T12:00:01.000Z",
        "prompt_version_status": "archived",
        "object": "partial",
    }
    assert versions[2]["prompt_version_status"] == "active"
    assert (await api.get(TONE)).data["version"] == 1
    assert (await api.put(f"{TONE}/makeDefault", {"version": 3})).data == {}
    partial = (await api.get(TONE)).data
    assert (partial["version"], partial["string"]) == (3, "Be brief.")


async def test_name_status_and_description_need_no_new_version(api: Api) -> None:
    answer = await api.put(TONE, {"name": "Tone", "status": "archived", "description": "Second"})
    versions = (await api.get(f"{TONE}/versions")).data["data"]
    assert [version["description"] for version in versions] == ["Second", "Draft 1"]
    assert versions[0]["prompt_partial_version_id"] == answer.data["prompt_partial_version_id"]
    partial = (await api.get(TONE)).data
    assert (partial["name"], partial["status"]) == ("Tone", "archived")


@pytest.mark.parametrize("body", [{}, {"status": "gone"}, {"collection_id": "x"}, {"string": None}])
async def test_update_refuses_bad_bodies(api: Api, body: dict[str, Any]) -> None:
    assert (await api.put(TONE, body)).status == 400


@pytest.mark.parametrize(("version", "status"), [(2, 200), (9, 404), (0, 400), ("2", 400), (1.5, 400)])
async def test_publish_takes_the_number_of_a_version(api: Api, version: Any, status: int) -> None:
    assert (await api.put(f"{TONE}/makeDefault", {"version": version})).status == status


async def test_delete_takes_the_versions_along(api: Api) -> None:
    assert (await api.delete(TONE)).data == {}
    assert (await api.get(TONE)).status == 404
    assert (await api.get(f"{TONE}/versions")).status == 404


async def test_a_partial_goes_with_its_workspace(api: Api) -> None:
    body = {"name": "Production"}
    refused = await api.delete("/v1/admin/workspaces/ws-production", body)
    assert "prompt partial (2), prompt partial version (4)" in refused.message
    await api.delete("/v1/admin/workspaces/ws-production", {**body, "force_delete": True})
    assert await _names(api) == ["Grading rubric"]


async def test_a_workspace_key_sees_its_own_partials(api: Api) -> None:
    support = api.as_key(WORKSPACE_KEY)
    assert await _names(support) == []
    assert (await support.get(TONE)).status == 403
    made = (await support.post(ALL, {"name": "A", "string": "B"})).data["id"]
    listed = (await support.get(ALL)).data["data"]
    assert [partial["id"] for partial in listed] == [made]
    assert (await api.get("/v1/collections?workspace_id=ws-customer-support")).data["data"][0][
        "id"
    ] == listed[0]["collection_id"]
    assert workspace_id("ws-customer-support") not in listed[0].values()


@pytest.mark.parametrize(
    ("method", "end"),
    [("GET", ""), ("PUT", ""), ("DELETE", ""), ("GET", "/versions"), ("PUT", "/makeDefault")],
)
async def test_an_unknown_partial_is_404(api: Api, method: str, end: str) -> None:
    body = {"version": 1} if end == "/makeDefault" else {"name": "x"}
    assert (await api.send(method, f"{ALL}/nothing{end}", body)).status == 404
