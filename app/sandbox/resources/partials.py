"""Partials, the pieces of text that prompts share, and their versions: `/v1/prompts/partials`.

The lists come in an envelope: Portkey's description shows bare arrays, its service answers with `data`.
"""

from __future__ import annotations

from typing import Final

from app.sandbox.clock import seed_day
from app.sandbox.company import workspace_id
from app.sandbox.errors import not_found
from app.sandbox.fields import Field, note, number, read_body, text
from app.sandbox.ids import make_slug, seed_id
from app.sandbox.json_types import JsonObject, JsonValue, as_int
from app.sandbox.lookup import matches_reference, require, visible, workspace_for_new
from app.sandbox.routing import Call, Route
from app.sandbox.store import Store

_KIND: Final = "prompt_partial"
_VERSION: Final = "prompt_partial_version"
_CREATE: Final[dict[str, Field]] = {
    "name": text(required=True),
    "string": text(required=True),
    "workspace_id": text(),
    "version_description": note(),
}
_UPDATE: Final[dict[str, Field]] = {
    "name": text(),
    "string": text(),
    "description": note(),
    "version_description": note(),  # what clients call `description` here, as it is called on creation
    "status": text(choices=("active", "archived")),
}
_PUBLISH: Final[dict[str, Field]] = {"version": number(1, whole=True, required=True)}

# slug, name, collection, workspace, published version, texts from the oldest
_SEED: Final = (
    (
        "ppl-tone-3c8f21",
        "Tone of voice",
        "checkout-3f9a1c",
        "ws-production",
        1,
        ("Write briefly and kindly.", "Write briefly, kindly and without exclamation marks."),
    ),
    (
        "ppl-legal-90ab4d",
        "Legal notice",
        "checkout-emails-7c11e2",
        "ws-production",
        2,
        ("Prices include tax.", "Prices include tax. {{country}} law applies."),
    ),
    (
        "ppl-rubric-51e7c8",
        "Grading rubric",
        "release-tests-a40b7e",
        "ws-staging",
        1,
        ("Grade from 1 to 5. Give one reason.",),
    ),
)


def list_partials(call: Call) -> JsonObject:
    """List the partials, of one collection if asked, all at once."""
    collection = call.query.get("collection_id") or None
    found = [
        {**_summary(partial), "object": "partial"}
        for partial in visible(call, _KIND)
        if matches_reference(call, "collection", partial["collection_id"], collection)
    ]
    return {"object": "list", "total": len(found), "data": [*found]}


def create_partial(call: Call) -> JsonObject:
    """Create a partial in the first collection of a workspace; its first version is published at once."""
    body = read_body(call.body, _CREATE)
    workspace = workspace_for_new(call, body.get("workspace_id"))
    collections = call.store.find("collection", workspace_id=str(workspace["id"]))
    partial_id = call.store.new_id(_KIND)
    slug = make_slug("ppl", str(body["name"]), partial_id)
    collection_id = collections[0]["id"] if collections else None
    partial = _partial(partial_id, slug, body["name"], (collection_id, workspace["id"]), call.now)
    version = _version(call.store.new_id(_VERSION), partial, body["string"], call.now)
    version["description"] = body.get("version_description") or ""
    call.store.insert(_KIND, partial, {"slug": slug})
    call.store.insert(_VERSION, version)
    return {"id": partial_id, "slug": slug, "version_id": version["id"]}


def get_partial(call: Call) -> JsonObject:
    """Return a partial with its published version."""
    partial = require(call, _KIND, call.params["partial"])
    (published,) = call.store.find(
        _VERSION, partial_id=str(partial["id"]), number=as_int(partial["default_version"])
    )
    return {
        **_summary(partial),
        "string": published["string"],
        "version": published["number"],
        "version_description": published["description"],
        "prompt_partial_version_id": published["id"],
    }


def update_partial(call: Call) -> JsonObject:
    """Change a partial; a new text makes a version, which stays unpublished."""
    partial = require(call, _KIND, call.params["partial"])
    body = read_body(call.body, _UPDATE, at_least_one=True)
    changes: JsonObject = {name: body[name] for name in ("name", "status") if name in body}
    partial = {**partial, **changes, "last_updated_at": call.now}
    version = _versions(call.store, partial)[-1]
    described = body.get("description", body.get("version_description"))
    if "string" in body:
        version = _version(call.store.new_id(_VERSION), partial, body["string"], call.now)
        call.store.insert(_VERSION, {**version, "description": described or ""})
    elif described is not None:
        call.store.replace(_VERSION, {**version, "description": described})
    call.store.replace(_KIND, partial)
    return {"prompt_partial_version_id": version["id"]}


def delete_partial(call: Call) -> JsonObject:
    """Delete a partial with its versions."""
    partial = require(call, _KIND, call.params["partial"])
    for version in _versions(call.store, partial):
        call.store.delete(_VERSION, str(version["id"]))
    call.store.delete(_KIND, str(partial["id"]))
    return {}


def list_versions(call: Call) -> JsonObject:
    """List the versions of a partial, newest first, all at once."""
    partial = require(call, _KIND, call.params["partial"])
    shown: list[JsonValue] = [
        {
            "prompt_partial_id": partial["id"],
            "prompt_partial_version_id": version["id"],
            "slug": partial["slug"],
            "version": str(version["number"]),
            "string": version["string"],
            "description": version["description"],
            "created_at": version["created_at"],
            "prompt_version_status": (
                "active" if version["number"] == partial["default_version"] else "archived"
            ),
            "object": "partial",
        }
        for version in reversed(_versions(call.store, partial))
    ]
    return {"object": "list", "total": len(shown), "data": shown}


def publish_version(call: Call) -> JsonObject:
    """Make the version with this number the published one."""
    partial = require(call, _KIND, call.params["partial"])
    wanted = as_int(read_body(call.body, _PUBLISH)["version"])
    if all(version["number"] != wanted for version in _versions(call.store, partial)):
        raise not_found("partial version", str(wanted))
    call.store.replace(_KIND, {**partial, "default_version": wanted, "last_updated_at": call.now})
    return {}


def seed(store: Store) -> None:
    """Add the company's partials."""
    for day, (slug, name, collection, workspace, published, texts) in enumerate(_SEED, start=7):
        place = (seed_id("collection", collection), workspace_id(workspace))
        partial = _partial(seed_id(_KIND, slug), slug, name, place, seed_day(day))
        for index, content in enumerate(texts, start=1):
            version_id = seed_id(_VERSION, f"{slug}/{index}")
            version = _version(version_id, partial, content, seed_day(day + index))
            store.insert(_VERSION, {**version, "description": f"Draft {index}"})
        store.insert(_KIND, {**partial, "default_version": published}, {"slug": slug})


def _partial(
    partial_id: str, slug: str, name: JsonValue, place: tuple[JsonValue, JsonValue], created_at: str
) -> JsonObject:
    collection_id, workspace = place
    return {
        "id": partial_id,
        "slug": slug,
        "name": name,
        "collection_id": collection_id,
        "workspace_id": workspace,
        "status": "active",
        "default_version": 1,
        "last_version": 0,
        "created_at": created_at,
        "last_updated_at": created_at,
    }


def _version(version_id: str, partial: JsonObject, content: JsonValue, created_at: str) -> JsonObject:
    """Return a version numbered after the last one; the partial's `last_version` is counted up."""
    partial["last_version"] = as_int(partial["last_version"]) + 1
    return {
        "id": version_id,
        "partial_id": partial["id"],
        "workspace_id": partial["workspace_id"],
        "number": partial["last_version"],
        "string": content,
        "description": "",
        "created_at": created_at,
    }


def _versions(store: Store, partial: JsonObject) -> list[JsonObject]:
    return store.find(_VERSION, partial_id=str(partial["id"]))


def _summary(partial: JsonObject) -> JsonObject:
    shown = ("id", "slug", "name", "collection_id", "created_at", "last_updated_at", "status")
    return {name: partial[name] for name in shown if partial[name] is not None}


_ALL: Final = "/v1/prompts/partials"
_ONE: Final = "/v1/prompts/partials/{partial}"

ROUTES: Final = (
    Route("GET", _ALL, "prompts.list", list_partials),
    Route("POST", _ALL, "prompts.create", create_partial),
    Route("GET", _ONE, "prompts.read", get_partial),
    Route("PUT", _ONE, "prompts.update", update_partial),
    Route("DELETE", _ONE, "prompts.delete", delete_partial),
    Route("GET", f"{_ONE}/versions", "prompts.read", list_versions),
    Route("PUT", f"{_ONE}/makeDefault", "prompts.publish", publish_version),
)
