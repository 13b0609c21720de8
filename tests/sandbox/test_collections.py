from __future__ import annotations

from typing import Any

import pytest

from app.sandbox.company import workspace_id
from app.sandbox.ids import seed_id
from app.sandbox.keys import WORKSPACE_KEY
from tests.sandbox.client import Api

ALL = "/v1/collections"
CHECKOUT = f"{ALL}/checkout-3f9a1c"


async def _names(api: Api, query: str = "") -> list[str]:
    return [collection["name"] for collection in (await api.get(f"{ALL}{query}")).data["data"]]


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", ["Checkout", "Release tests", "Support replies", "Checkout e-mails"]),
        ("?workspace_id=ws-production", ["Checkout", "Checkout e-mails"]),
        (f"?workspace_id={workspace_id('ws-staging')}", ["Release tests"]),
        ("?workspace_id=nowhere", []),
        ("?search=CHECK", ["Checkout", "Checkout e-mails"]),
        ("?page_size=3&current_page=1", ["Checkout e-mails"]),
    ],
)
async def test_list_filters_and_pages(api: Api, query: str, names: list[str]) -> None:
    assert await _names(api, query) == names


async def test_a_list_says_how_much_each_collection_holds(api: Api) -> None:
    answer = (await api.get(f"{ALL}?workspace_id=ws-production")).data
    assert set(answer) == {"total", "data"}
    checkout, emails = answer["data"]
    assert checkout["collection_details"] == {
        "child_collections_count": 1,
        "prompts_count": 1,
        "child_collections_last_updated_at": emails["last_updated_at"],
        "prompts_last_updated_at": (await api.get("/v1/prompts/pp-upsell-d47b18")).data["last_updated_at"],
    }
    assert emails["collection_details"]["prompts_last_updated_at"] is None


async def test_get_shows_what_is_directly_inside(api: Api) -> None:
    found = (await api.get(CHECKOUT)).data
    assert found == (await api.get(f"{ALL}/{seed_id('collection', 'checkout-3f9a1c')}")).data
    assert (found["is_default"], found["status"], found["parent_collection_id"]) == (False, "active", None)
    (child,) = found["child_collections"]
    assert set(child) == {"id", "name", "last_updated_at", "collection_details"}
    assert child["name"] == "Checkout e-mails"
    assert (await api.get(f"{ALL}/{child['id']}")).data["parent_collection_id"] == found["id"]


async def test_create_at_the_top_and_inside(api: Api) -> None:
    top = (await api.post(ALL, {"name": "Invoices", "workspace_id": "ws-staging"})).data
    assert set(top) == {"id", "slug"}
    assert top["slug"].startswith("invoic-")
    inner = (await api.post(ALL, {"name": "Late", "parent_collection_id": top["slug"]})).data
    found = (await api.get(f"{ALL}/{inner['id']}")).data
    assert (found["parent_collection_id"], found["workspace_id"]) == (top["id"], workspace_id("ws-staging"))
    default = (await api.post(ALL, {"name": "Anywhere"})).data
    assert (await api.get(f"{ALL}/{default['id']}")).data["workspace_id"] == workspace_id("ws-production")


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (..., "name is required"),
        ({"name": "A", "description": "x"}, "description is not allowed"),
        ({"name": "A", "workspace_id": "none"}, "workspace_id: no workspace matches 'none'"),
        ({"name": "A", "parent_collection_id": "none"}, "parent_collection_id: no collection matches 'none'"),
        (
            {"name": "A", "parent_collection_id": "checkout-3f9a1c", "workspace_id": "ws-staging"},
            "parent_collection_id must be a collection of the same workspace",
        ),
    ],
)
async def test_create_refuses_bad_bodies(api: Api, body: Any, problem: str) -> None:
    answer = await api.post(ALL, body)
    assert (answer.status, answer.code) == (400, "AB01")
    assert problem in answer.message
    assert len(await _names(api)) == 4


async def test_update_renames_and_describes(api: Api) -> None:
    assert (await api.put(CHECKOUT, {"name": "Till"})).data == {}
    assert (await api.put(CHECKOUT, {"description": "At the till."})).data == {}
    found = (await api.get(CHECKOUT)).data
    assert (found["name"], found["slug"], found["description"]) == ("Till", "checkout-3f9a1c", "At the till.")
    assert (await api.put(CHECKOUT, {})).status == 400


async def test_only_an_empty_collection_is_deleted(api: Api) -> None:
    refused = await api.delete(CHECKOUT)
    assert (refused.status, refused.code) == (409, "AB07")
    assert "still holds collections (1), prompts (1), partials (1)" in refused.message
    assert (await api.delete(f"{ALL}/release-tests-a40b7e")).status == 409
    empty = (await api.post(ALL, {"name": "Empty"})).data["slug"]
    assert (await api.delete(f"{ALL}/{empty}")).data == {}
    assert (await api.get(f"{ALL}/{empty}")).status == 404


async def test_a_workspace_key_sees_its_own_collections(api: Api) -> None:
    support = api.as_key(WORKSPACE_KEY)
    assert await _names(support) == ["Support replies"]
    assert (await support.get(CHECKOUT)).status == 403
    assert (await support.post(ALL, {"name": "A", "parent_collection_id": "checkout-3f9a1c"})).status == 403
    made = (await support.post(ALL, {"name": "Mine"})).data["id"]
    assert (await api.get(f"{ALL}/{made}")).data["workspace_id"] == workspace_id("ws-customer-support")


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
async def test_an_unknown_collection_is_404(api: Api, method: str) -> None:
    assert (await api.send(method, f"{ALL}/nothing", {"name": "x"})).status == 404
