"""Collections, the folders of prompts and partials: `/v1/collections`."""

from __future__ import annotations

from typing import Final

from app.sandbox.clock import seed_day
from app.sandbox.company import workspace_id
from app.sandbox.errors import conflict, invalid
from app.sandbox.fields import Field, note, read_body, text
from app.sandbox.filters import Filters, matches
from app.sandbox.ids import make_slug, seed_id
from app.sandbox.json_types import JsonObject, JsonValue
from app.sandbox.lookup import matches_reference, require, visible, workspace_for_new
from app.sandbox.routing import Call, Route
from app.sandbox.store import Store

_CREATE: Final[dict[str, Field]] = {
    "name": text(required=True),
    "workspace_id": text(),
    "parent_collection_id": text(),
}
_UPDATE: Final[dict[str, Field]] = {
    "name": text(),
    "description": note(),  # not documented by Portkey, sent by clients
}
_HELD: Final = {"prompts": "prompt", "partials": "prompt_partial"}
# slug, name, slug of the collection above it, workspace
_SEED: Final = (("checkout-emails-7c11e2", "Checkout e-mails", "checkout-3f9a1c", "ws-production"),)


def list_collections(call: Call) -> JsonObject:
    """List the collections, of one workspace if asked, with how much each holds."""
    filters = Filters(call.query)
    workspace, search = filters.one("workspace_id"), filters.one("search")
    found = [
        collection
        for collection in visible(call, "collection")
        if matches(search, collection["name"])
        and matches_reference(call, "workspace", collection["workspace_id"], workspace)
    ]
    shown = [
        {**collection, "collection_details": _details(call.store, collection)}
        for collection in filters.cut(found)
    ]
    return {"total": len(found), "data": [*shown]}


def create_collection(call: Call) -> JsonObject:
    """Create a collection at the top of a workspace or inside another one."""
    body = read_body(call.body, _CREATE)
    parent_id: JsonValue = None
    workspace_reference = body.get("workspace_id")
    if "parent_collection_id" in body:
        parent = call.store.resolve("collection", str(body["parent_collection_id"]))
        if parent is None:
            reference = body["parent_collection_id"]
            raise invalid([f"parent_collection_id: no collection matches {reference!r}"])
        parent_id = parent["id"]
        workspace_reference = workspace_reference or parent["workspace_id"]
        if not matches_reference(call, "workspace", parent["workspace_id"], str(workspace_reference)):
            raise invalid(["parent_collection_id must be a collection of the same workspace"])
    workspace = workspace_for_new(call, workspace_reference)
    collection_id = call.store.new_id("collection")
    slug = make_slug("", str(body["name"]), collection_id)
    collection = _collection(collection_id, slug, body["name"], parent_id, workspace["id"], call.now)
    call.store.insert("collection", collection, {"slug": slug})
    return {"id": collection_id, "slug": slug}


def get_collection(call: Call) -> JsonObject:
    """Return one collection with those directly inside it."""
    collection = require(call, "collection", call.params["collection"])
    children: list[JsonValue] = [
        {
            "id": child["id"],
            "name": child["name"],
            "last_updated_at": child["last_updated_at"],
            "collection_details": _details(call.store, child),
        }
        for child in _children(call.store, collection)
    ]
    return {**collection, "child_collections": children}


def update_collection(call: Call) -> JsonObject:
    """Rename a collection or describe it."""
    collection = require(call, "collection", call.params["collection"])
    body = read_body(call.body, _UPDATE, at_least_one=True)
    call.store.replace("collection", {**collection, **body, "last_updated_at": call.now})
    return {}


def delete_collection(call: Call) -> JsonObject:
    """Delete an empty collection."""
    collection = require(call, "collection", call.params["collection"])
    held = {
        "collections": len(_children(call.store, collection)),
        **{
            noun: len(call.store.find(kind, collection_id=str(collection["id"])))
            for noun, kind in _HELD.items()
        },
    }
    if left := ", ".join(f"{noun} ({count})" for noun, count in held.items() if count):
        raise conflict(f"The collection still holds {left}. Move or delete them first.")
    call.store.delete("collection", str(collection["id"]))
    return {}


def seed(store: Store) -> None:
    """Add a collection inside one of the company's."""
    for slug, name, parent, workspace in _SEED:
        parent_id, created_at = seed_id("collection", parent), seed_day(6)
        collection = _collection(
            seed_id("collection", slug), slug, name, parent_id, workspace_id(workspace), created_at
        )
        store.insert("collection", collection, {"slug": slug})


def _collection(
    collection_id: str,
    slug: str,
    name: JsonValue,
    parent_id: JsonValue,
    workspace: JsonValue,
    created_at: str,
) -> JsonObject:
    return {
        "id": collection_id,
        "slug": slug,
        "name": name,
        "workspace_id": workspace,
        "parent_collection_id": parent_id,
        "is_default": False,
        "status": "active",
        "created_at": created_at,
        "last_updated_at": created_at,
    }


def _children(store: Store, collection: JsonObject) -> list[JsonObject]:
    return store.find("collection", parent_collection_id=str(collection["id"]))


def _details(store: Store, collection: JsonObject) -> JsonObject:
    children = _children(store, collection)
    prompts = store.find("prompt", collection_id=str(collection["id"]))
    return {
        "child_collections_count": len(children),
        "prompts_count": len(prompts),
        "child_collections_last_updated_at": _latest(children),
        "prompts_last_updated_at": _latest(prompts),
    }


def _latest(records: list[JsonObject]) -> str | None:
    return max((str(record["last_updated_at"]) for record in records), default=None)


_ALL: Final = "/v1/collections"
_ONE: Final = "/v1/collections/{collection}"

ROUTES: Final = (
    Route("GET", _ALL, "prompts.list", list_collections),
    Route("POST", _ALL, "prompts.create", create_collection),
    Route("GET", _ONE, "prompts.read", get_collection),
    Route("PUT", _ONE, "prompts.update", update_collection),
    Route("DELETE", _ONE, "prompts.delete", delete_collection),
)
