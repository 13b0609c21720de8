"""Calls of the tools for collections."""

from __future__ import annotations

from tests.catalog.calls import Call

ALL = "/v1/collections"
CHECKOUT = {"collection_id": "checkout-3f9a1c"}
EMPTY = {"collection_id": "support-replies-5be2d8"}
NOTHING = {"collection_id": "nothing"}
WITHOUT_PROMPTS = tuple(
    ("delete_prompt", {"prompt_id": slug}) for slug in ("pp-ticket-1f5d3a", "pp-refund-62c9e0")
)

CALLS = (
    Call(
        tool="list_collections",
        minimal={},
        everything={"workspace_id": "ws-production", "search": "check", "page_size": 1, "current_page": 1},
        failing={"current_page": -1},
        sends=("GET", ALL),
    ),
    Call(
        tool="create_collection",
        minimal={"name": "Invoices"},
        everything={
            "name": "Reminders",
            "workspace_id": "ws-production",
            "parent_collection_id": "checkout-3f9a1c",
        },
        failing={"name": "Invoices", "workspace_id": "nowhere"},
        sends=("POST", ALL),
    ),
    Call(
        tool="get_collection",
        minimal=CHECKOUT,
        everything=CHECKOUT,
        failing=NOTHING,
        sends=("GET", f"{ALL}/checkout-3f9a1c"),
    ),
    Call(
        tool="update_collection",
        minimal={**CHECKOUT, "name": "Till"},
        everything={**CHECKOUT, "name": "Till", "description": ""},
        failing=CHECKOUT,
        sends=("PUT", f"{ALL}/checkout-3f9a1c"),
    ),
    Call(
        tool="delete_collection",
        before=WITHOUT_PROMPTS,
        minimal=EMPTY,
        everything=EMPTY,
        failing=CHECKOUT,
        sends=("DELETE", f"{ALL}/support-replies-5be2d8"),
    ),
)
