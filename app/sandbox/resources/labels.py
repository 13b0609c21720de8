"""Labels of prompt versions: `/v1/labels`.

A label belongs to the organisation, and can then be used in every workspace, or to one workspace.
"""

from __future__ import annotations

from typing import Final

from app.sandbox.clock import seed_day
from app.sandbox.company import ORGANISATION_ID, workspace_id
from app.sandbox.errors import conflict, forbidden, invalid, not_found
from app.sandbox.fields import Field, note, read_body, text
from app.sandbox.filters import Filters, matches
from app.sandbox.ids import seed_id
from app.sandbox.json_types import JsonObject, JsonValue
from app.sandbox.lookup import find_workspace, require_workspace
from app.sandbox.routing import Call, Route
from app.sandbox.store import Store

_NAME: Final = r"(?!latest$)(?!default$)(?!\d+$)[a-zA-Z0-9_-]*[^@\s]?[a-zA-Z0-9_-]*"
_COLOR: Final = text(pattern=r"#[0-9A-Fa-f]{6}")
_CREATE: Final[dict[str, Field]] = {
    "name": text(required=True, pattern=_NAME),
    "organisation_id": text(),
    "workspace_id": text(),
    "description": note(nullable=False),
    "color_code": _COLOR,
}
_UPDATE: Final[dict[str, Field]] = {
    "name": text(pattern=_NAME),
    "description": note(nullable=False),
    "color_code": _COLOR,
}
_DEFAULT_COLOR: Final = "#6E7781"
# name, description, color, workspace
_SEED: Final = (("canary", "Tried by a tenth of the shoppers.", "#8250DF", "ws-production"),)


def list_labels(call: Call) -> JsonObject:
    """List the labels, or those that can be used in a workspace: its own and the organisation's."""
    filters = Filters(call.query)
    search = filters.one("search")
    found = [
        _show(label)
        for label in call.store.find("label")
        if matches(search, label["name"]) and _fits_query(call, label)
    ]
    return {"total": len(found), "data": [*filters.cut(found)]}


def create_label(call: Call) -> JsonObject:
    """Create a label for the key's workspace or the one named, else for the whole organisation."""
    body = read_body(call.body, _CREATE)
    if body.get("organisation_id", ORGANISATION_ID) != ORGANISATION_ID:
        raise invalid(["organisation_id is not the organisation of this API key"])
    reference = body.get("workspace_id") or call.key.workspace_id
    if reference and find_workspace(call, str(reference)) is None:
        raise invalid([f"workspace_id: no workspace matches {reference!r}"])
    workspace = require_workspace(call, str(reference))["id"] if reference else None
    _require_free(call, body["name"], workspace)
    label_id = call.store.new_id("label")
    label = _label(label_id, body["name"], workspace, call.now)
    label |= {name: body[name] for name in ("description", "color_code") if name in body}
    call.store.insert("label", label)
    return {"id": label_id}


def get_label(call: Call) -> JsonObject:
    """Return one label; `organisation_id` and `workspace_id` must fit it if given."""
    label = _require_label(call)
    if not _fits_query(call, label):
        raise not_found("label", call.params["label"])
    return _show(label)


def update_label(call: Call) -> JsonObject:
    """Change what the body names."""
    label = _require_own(call)
    body = read_body(call.body, _UPDATE, at_least_one=True)
    if body.get("name", label["name"]) != label["name"]:
        _require_free(call, body["name"], label["workspace_id"])
    call.store.replace("label", {**label, **body, "last_updated_at": call.now}, {})
    return {}


def delete_label(call: Call) -> JsonObject:
    """Delete a label; versions that have it lose it."""
    label = _require_own(call)
    for version in call.store.find("prompt_version", label_id=str(label["id"])):
        call.store.replace("prompt_version", {**version, "label_id": None})
    call.store.delete("label", str(label["id"]))
    return {}


def seed(store: Store) -> None:
    """Add a label of one workspace; those of the organisation are part of the company."""
    for name, description, color, workspace in _SEED:
        label = _label(seed_id("label", name), name, workspace_id(workspace), seed_day(8))
        store.insert("label", {**label, "description": description, "color_code": color})


def _label(label_id: str, name: JsonValue, workspace: JsonValue, created_at: str) -> JsonObject:
    return {
        "id": label_id,
        "name": name,
        "description": "",
        "color_code": _DEFAULT_COLOR,
        "organisation_id": ORGANISATION_ID,
        "workspace_id": workspace,
        "is_universal": workspace is None,
        "status": "active",
        "created_at": created_at,
        "last_updated_at": created_at,
    }


def _show(label: JsonObject) -> JsonObject:
    """The label without `workspace_id` when it has none, as Portkey describes that member as a UUID."""
    return {name: value for name, value in label.items() if value is not None}


def _fits_query(call: Call, label: JsonObject) -> bool:
    organisation, reference = call.query.get("organisation_id"), call.query.get("workspace_id")
    if organisation and organisation != label["organisation_id"]:
        return False
    wanted: JsonValue = call.key.workspace_id
    if reference:
        workspace = find_workspace(call, reference)
        if workspace is None or wanted not in (None, workspace["id"]):
            return False
        wanted = workspace["id"]
    return wanted is None or label["workspace_id"] in (None, wanted)


def _require_label(call: Call) -> JsonObject:
    label = call.store.resolve("label", call.params["label"])
    if label is None:
        raise not_found("label", call.params["label"])
    if call.key.workspace_id and label["workspace_id"] not in (None, call.key.workspace_id):
        raise forbidden("This API key belongs to another workspace.")
    return label


def _require_own(call: Call) -> JsonObject:
    label = _require_label(call)
    if call.key.workspace_id and label["workspace_id"] is None:
        raise forbidden("The label belongs to the organisation.")
    return label


def _require_free(call: Call, name: JsonValue, workspace: JsonValue) -> None:
    """A name may be used once among the labels of a workspace and the organisation's."""
    for other in call.store.find("label", name=str(name)):
        if workspace is None or other["workspace_id"] in (None, workspace):
            raise conflict(f"A label named {name!r} already exists.")


_ALL: Final = "/v1/labels"
_ONE: Final = "/v1/labels/{label}"

ROUTES: Final = (
    Route("GET", _ALL, "prompts.list", list_labels),
    Route("POST", _ALL, "prompts.create", create_label),
    Route("GET", _ONE, "prompts.read", get_label),
    Route("PUT", _ONE, "prompts.update", update_label),
    Route("DELETE", _ONE, "prompts.delete", delete_label),
)
