"""Finding records on behalf of a caller: by id or slug, and only where its key may look."""

from __future__ import annotations

from app.sandbox.errors import forbidden, invalid, not_found
from app.sandbox.json_types import JsonObject, JsonValue
from app.sandbox.routing import Call

_ELSEWHERE = "This API key belongs to another workspace."


def require(call: Call, kind: str, reference: str) -> JsonObject:
    """Return the record with this id or slug.

    Raises:
        ApiError: 404 if there is none, 403 if it belongs to a workspace the key may not see.
    """
    record = call.store.resolve(kind, reference)
    if record is None:
        raise not_found(kind.replace("_", " "), reference)
    if not may_see(call, record):
        raise forbidden(_ELSEWHERE)
    return record


def may_see(call: Call, record: JsonObject) -> bool:
    """Say whether the key may see a record: any, or those of its own workspace."""
    return call.key.workspace_id in (None, record["workspace_id"])


def visible(call: Call, kind: str) -> list[JsonObject]:
    """Return the records of a kind that the key may see."""
    return [record for record in call.store.find(kind) if may_see(call, record)]


def find_workspace(call: Call, reference: str) -> JsonObject | None:
    """Return the active workspace with this id or slug, or None."""
    active = call.store.find("workspace", status="active")
    return next(
        (workspace for workspace in active if reference in (workspace["id"], workspace["slug"])), None
    )


def require_workspace(call: Call, reference: str) -> JsonObject:
    """Return the active workspace with this id or slug.

    Raises:
        ApiError: 404 if there is none, 403 if it is not the key's own.
    """
    workspace = find_workspace(call, reference)
    if workspace is None:
        raise not_found("workspace", reference)
    if call.key.workspace_id not in (None, workspace["id"]):
        raise forbidden(_ELSEWHERE)
    return workspace


def workspace_for_new(call: Call, given: JsonValue) -> JsonObject:
    """Return the workspace a new record goes into.

    Args:
        call: The request.
        given: The body's `workspace_id`, an id or slug; without it the key's workspace, else the default one.

    Raises:
        ApiError: 400 if there is no such workspace, 403 if it is not the key's own.
    """
    if not given:
        own = call.key.workspace_id
        defaults = (
            [own] if own else [str(found["id"]) for found in call.store.find("workspace", is_default=1)]
        )
        if not defaults:
            raise invalid(["workspace_id is required, as there is no default workspace"])
        return require_workspace(call, defaults[0])
    if find_workspace(call, str(given)) is None:
        raise invalid([f"workspace_id: no workspace matches {given!r}"])
    return require_workspace(call, str(given))


def matches_reference(call: Call, kind: str, record_id: JsonValue, reference: str | None) -> bool:
    """Say whether a list filter, given as id or slug, means the record `record_id`; no filter means all."""
    if reference is None or record_id == reference:
        return True
    record = call.store.resolve(kind, reference)
    return record is not None and record["id"] == record_id
