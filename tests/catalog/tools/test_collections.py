"""The collection tools, each against the sandbox: what arrives there and what comes back."""

from __future__ import annotations

import pytest

from app.sandbox.ids import seed_id
from tests.catalog.desk import Desk, told

ALL = "/v1/collections"
CHECKOUT = "checkout-3f9a1c"


async def test_list_collections(desk: Desk) -> None:
    data = await desk.good("list_collections", workspace_id="ws-production", search="check", page_size=1)
    query = "page_size=1&workspace_id=ws-production&search=check"
    assert await desk.sent() == ("GET", ALL, query, None)
    assert data["data"][0]["collection_details"]["prompts_count"] == 1
    assert data["next_page"] == {"current_page": 1, "items_left": 1}
    assert (await desk.good("list_collections"))["total"] == 4
    assert (await desk.bad("list_collections", page_size=0))["code"] == "invalid_arguments"


async def test_create_collection_inside_another_one(desk: Desk) -> None:
    body = {"name": "Reminders", "workspace_id": "ws-production", "parent_collection_id": CHECKOUT}
    made = await desk.good("create_collection", **body)
    assert await desk.sent() == ("POST", ALL, "", body)
    shown = await desk.good("get_collection", collection_id=CHECKOUT)
    assert [child["name"] for child in shown["child_collections"]] == ["Checkout e-mails", "Reminders"]
    inner = await desk.good("get_collection", collection_id=made["slug"])
    assert inner["parent_collection_id"] == seed_id("collection", CHECKOUT)


async def test_create_collection_with_a_name_alone(desk: Desk) -> None:
    await desk.good("create_collection", name="Invoices")
    assert (await desk.sent())[3] == {"name": "Invoices"}
    assert (await desk.bad("create_collection", name="x", parent_collection_id="nothing"))["status"] == 400
    assert (await desk.bad("create_collection"))["problems"] == [
        {"argument": "name", "problem": "is required"}
    ]


async def test_update_collection_sends_what_is_given(desk: Desk) -> None:
    assert await desk.good("update_collection", collection_id=CHECKOUT, name="Till") == {
        "success": True,
        "collection_id": CHECKOUT,
    }
    assert await desk.sent() == ("PUT", f"{ALL}/{CHECKOUT}", "", {"name": "Till"})
    await desk.good("update_collection", collection_id=CHECKOUT, description="")
    assert (await desk.sent())[3] == {"description": ""}
    error = await desk.bad("update_collection", collection_id=CHECKOUT)
    assert "nothing to change: give at least one of name or description" in told(error)
    assert await desk.requests() == []


async def test_delete_collection_wants_it_empty(desk: Desk) -> None:
    error = await desk.bad("delete_collection", collection_id=CHECKOUT)
    assert "still holds collections (1), prompts (1), partials (1)" in error["message"]
    made = await desk.good("create_collection", name="Empty")
    await desk.requests()
    assert await desk.good("delete_collection", collection_id=made["slug"]) == {
        "success": True,
        "collection_id": made["slug"],
    }
    assert await desk.sent() == ("DELETE", f"{ALL}/{made['slug']}", "", None)


@pytest.mark.parametrize("tool", ["get_collection", "update_collection", "delete_collection"])
async def test_an_unknown_collection_leads_to_the_list(desk: Desk, tool: str) -> None:
    change = {"name": "x"} if tool == "update_collection" else {}
    error = await desk.bad(tool, collection_id="nothing", **change)
    assert error["next_step"] == "Find the right id with list_collections, then call again."
