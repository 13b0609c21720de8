from __future__ import annotations

from typing import Any

import pytest

from app.sandbox.company import ORGANISATION_ID, workspace_id
from app.sandbox.ids import seed_id
from app.sandbox.keys import WORKSPACE_KEY
from tests.sandbox.client import Api

ALL = "/v1/labels"
PRODUCTION = f"{ALL}/{seed_id('label', 'production')}"
CANARY = f"{ALL}/{seed_id('label', 'canary')}"


async def _names(api: Api, query: str = "") -> list[str]:
    return [label["name"] for label in (await api.get(f"{ALL}?{query}")).data["data"]]


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", ["production", "staging", "archive", "canary"]),
        ("workspace_id=ws-staging", ["production", "staging", "archive"]),
        ("workspace_id=ws-production", ["production", "staging", "archive", "canary"]),
        ("workspace_id=nowhere", []),
        (f"organisation_id={ORGANISATION_ID}&search=AR", ["archive", "canary"]),
        ("organisation_id=other", []),
        ("page_size=3&current_page=1", ["canary"]),
    ],
)
async def test_list_filters_and_pages(api: Api, query: str, names: list[str]) -> None:
    assert await _names(api, query) == names


async def test_a_label_belongs_to_the_organisation_or_to_a_workspace(api: Api) -> None:
    label = (await api.get(PRODUCTION)).data
    assert set(label) == {
        *("id", "name", "description", "color_code", "organisation_id"),
        *("is_universal", "status", "created_at", "last_updated_at"),
    }
    assert (label["is_universal"], label["organisation_id"]) == (True, ORGANISATION_ID)
    label = (await api.get(CANARY)).data
    assert (label["is_universal"], label["workspace_id"]) == (False, workspace_id("ws-production"))


async def test_get_heeds_where_it_is_asked_to_look(api: Api) -> None:
    assert (await api.get(f"{CANARY}?workspace_id=ws-production")).status == 200
    assert (await api.get(f"{CANARY}?workspace_id=ws-staging")).status == 404
    assert (await api.get(f"{PRODUCTION}?organisation_id={ORGANISATION_ID}")).status == 200
    assert (await api.get(f"{PRODUCTION}?organisation_id=other")).status == 404


async def test_create_for_the_organisation_and_for_a_workspace(api: Api) -> None:
    made = await api.post(ALL, {"name": "beta", "organisation_id": ORGANISATION_ID})
    assert set(made.data) == {"id"}
    label = (await api.get(f"{ALL}/{made.data['id']}")).data
    assert (label["is_universal"], label["description"]) == (True, "")
    body = {"name": "gamma", "workspace_id": "ws-staging", "description": "G", "color_code": "#00ff00"}
    label = (await api.get(f"{ALL}/{(await api.post(ALL, body)).data['id']}")).data
    assert (label["workspace_id"], label["color_code"]) == (workspace_id("ws-staging"), "#00ff00")


@pytest.mark.parametrize("name", ["latest", "default", "42", "with space", "a@b", ""])
async def test_a_name_may_not_be_mistaken_for_a_version(api: Api, name: str) -> None:
    for answer in (await api.post(ALL, {"name": name}), await api.put(PRODUCTION, {"name": name})):
        assert (answer.status, answer.code) == (400, "AB01")


@pytest.mark.parametrize("name", ["latest-2", "default_eu", "v42", "2025-01", "défi"])
async def test_other_names_are_fine(api: Api, name: str) -> None:
    assert (await api.post(ALL, {"name": name})).status == 200


@pytest.mark.parametrize(
    "body",
    [
        {"name": "a", "color_code": "green"},
        {"name": "a", "organisation_id": "other"},
        {"name": "a", "workspace_id": "nowhere"},
        {"name": "a", "status": "active"},
    ],
)
async def test_create_refuses_bad_bodies(api: Api, body: dict[str, Any]) -> None:
    assert (await api.post(ALL, body)).status == 400
    assert "a" not in await _names(api)


async def test_a_name_is_used_once_where_it_can_be_seen(api: Api) -> None:
    assert (await api.post(ALL, {"name": "production", "workspace_id": "ws-staging"})).status == 409
    assert (await api.post(ALL, {"name": "canary"})).status == 409
    assert (await api.post(ALL, {"name": "canary", "workspace_id": "ws-staging"})).status == 200
    assert (await api.put(CANARY, {"name": "staging"})).status == 409
    assert (await api.put(CANARY, {"name": "canary", "description": "Same name."})).status == 200


async def test_a_renamed_label_gives_its_name_free(api: Api) -> None:
    assert (await api.put(PRODUCTION, {"name": "live", "color_code": "#FFFFFF"})).data == {}
    assert (await api.post(ALL, {"name": "production"})).status == 200
    assert (await api.get("/v1/prompts/pp-ticket-1f5d3a@live")).data["prompt_version"] == 2
    assert (await api.put(PRODUCTION, {})).status == 400


async def test_a_deleted_label_leaves_the_versions_that_had_it(api: Api) -> None:
    assert (await api.delete(PRODUCTION)).data == {}
    assert (await api.get(PRODUCTION)).status == 404
    assert (await api.get("/v1/prompts/pp-ticket-1f5d3a@production")).status == 404
    prompt = (await api.get("/v1/prompts/pp-ticket-1f5d3a")).data
    assert (prompt["prompt_version_label_id"], prompt["prompt_version_labels"]) == (None, [])


async def test_a_workspace_key_uses_labels_of_the_organisation_and_changes_its_own(api: Api) -> None:
    support = api.as_key(WORKSPACE_KEY)
    assert await _names(support) == ["production", "staging", "archive"]
    assert await _names(support, "workspace_id=ws-production") == []
    assert (await support.get(PRODUCTION)).status == 200
    assert (await support.get(CANARY)).status == 403
    assert (await support.put(PRODUCTION, {"name": "x"})).status == 403
    assert (await support.delete(PRODUCTION)).status == 403
    assert (await support.post(ALL, {"name": "x", "workspace_id": "ws-staging"})).status == 403
    made = (await support.post(ALL, {"name": "x"})).data["id"]
    assert (await api.get(f"{ALL}/{made}")).data["workspace_id"] == workspace_id("ws-customer-support")
    assert (await support.put(f"{ALL}/{made}", {"name": "y"})).status == 200
    assert (await support.delete(f"{ALL}/{made}")).status == 200


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
async def test_an_unknown_label_is_404(api: Api, method: str) -> None:
    assert (await api.send(method, f"{ALL}/nothing", {"name": "x"})).status == 404
