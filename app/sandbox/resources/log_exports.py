"""Exports of logs as JSON Lines: `/v1/logs/exports`.

A started export is in progress for one look at it and then done, so that nobody need wait for a clock.
"""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from itertools import islice
from typing import Final

from app.sandbox.clock import seed_day
from app.sandbox.company import ORGANISATION_ID, user_id, workspace_id
from app.sandbox.errors import conflict, forbidden, invalid
from app.sandbox.fields import Field, items, mapping, note, number, read_body, record, text
from app.sandbox.filters import Filters
from app.sandbox.ids import seed_id
from app.sandbox.json_types import JsonObject, JsonValue, as_int, as_list, as_object
from app.sandbox.keys import PUBLIC
from app.sandbox.log_query import LogQuery, read_query
from app.sandbox.log_view import EXPORT_FIELDS, export_line
from app.sandbox.logged import log_payload
from app.sandbox.lookup import matches_reference, require, require_workspace, visible, workspace_for_new
from app.sandbox.routing import Call, Route
from app.sandbox.store import Store
from app.sandbox.traffic import LoggedRequest

KIND: Final = "log_export"
MAX_LINES: Final = 50_000

_TEXTS: Final = ("ai_model", "status_code", "ai_org_model", "virtual_keys", "trace_id", "configs")
_NUMBERS: Final = ("total_units", "cost", "prompt_token", "completion_token", "weighted_feedback")
_FILTERS: Final = record(
    {
        "time_of_generation_min": text(),
        "time_of_generation_max": text(),
        **{name: text() for name in (*_TEXTS, "workspace_slug", "prompt_slug")},
        **{f"{name}_{end}": number() for name in _NUMBERS for end in ("min", "max")},
        "metadata": mapping(),
        "page_size": number(1, MAX_LINES, whole=True),
        "current_page": number(0, whole=True),
    },
    required=True,
)
_FIELDS: Final = items(text(choices=tuple(EXPORT_FIELDS)), at_least=1, required=True)
_CREATE: Final[dict[str, Field]] = {
    "workspace_id": text(),
    "description": note(),
    "filters": _FILTERS,
    "requested_data": _FIELDS,
}
_UPDATE: Final[dict[str, Field]] = {
    "workspace_id": text(),
    "filters": _FILTERS,
    "requested_data": items(text(choices=tuple(EXPORT_FIELDS)), at_least=1),
}
# The fields that the organisation keeps a workspace from exporting, by its slug.
_RESTRICTED: Final = {"ws-customer-support": ("request", "response")}

# name, status, description, requested fields, filters
_SEED: Final[tuple[tuple[str, str, str, tuple[str, ...], JsonObject], ...]] = (
    (
        "overload",
        "success",
        "When the providers were overloaded",
        ("id", "trace_id", "created_at", "ai_model", "response_status_code"),
        {"status_code": "429,503"},
    ),
    ("expensive", "draft", "Requests of 10 cents and more", ("id", "cost", "metadata"), {"cost_min": 10}),
    ("everything", "in_progress", "Everything, for the auditors", tuple(EXPORT_FIELDS), {}),
)


def list_exports(call: Call) -> JsonObject:
    """List the exports, of one workspace if asked."""
    workspace = call.query.get("workspace_id") or None
    found = [
        _show(export)
        for export in visible(call, KIND)
        if matches_reference(call, "workspace", export["workspace_id"], workspace)
    ]
    return {"object": "list", "total": len(found), "data": [*found]}


def create_export(call: Call) -> JsonObject:
    """Create an export as a draft."""
    body = read_body(call.body, _CREATE)
    named = body.get("workspace_id") or as_object(body["filters"]).get("workspace_slug")
    workspace = workspace_for_new(call, named)
    export: JsonObject = {
        **_export(call.store.new_id(KIND), workspace["id"], call.now),
        "description": body.get("description") or "",
        "filters": body["filters"],
        "requested_data": body["requested_data"],
    }
    answer = _changed(call, export)
    call.store.insert(KIND, export)
    return answer


def get_export(call: Call) -> JsonObject:
    """Return an export; one that was in progress before is done the next time."""
    export = require(call, KIND, call.params["export"])
    _advance(call, export)
    return _show(export)


def update_export(call: Call) -> JsonObject:
    """Change what a draft will contain; the filters given replace those there were."""
    export = require(call, KIND, call.params["export"])
    body = read_body(call.body, _UPDATE)
    _expect(export, "draft", "be changed")
    if "workspace_id" in body:
        body["workspace_id"] = workspace_for_new(call, body["workspace_id"])["id"]
    export = {**export, **body, "last_updated_at": call.now}
    answer = _changed(call, export)
    call.store.replace(KIND, export)
    return answer


def start_export(call: Call) -> JsonObject:
    """Start a draft."""
    export = require(call, KIND, call.params["export"])
    _expect(export, "draft", "be started")
    call.store.replace(KIND, {**export, "status": "in_progress", "last_updated_at": call.now})
    return {"message": "Export started", "object": "export"}


def cancel_export(call: Call) -> JsonObject:
    """Stop an export that is in progress."""
    export = require(call, KIND, call.params["export"])
    _expect(export, "in_progress", "be cancelled")
    call.store.replace(KIND, {**export, "status": "stopped", "last_updated_at": call.now})
    return {"message": "Export cancelled", "object": "export"}


def download_export(call: Call) -> JsonObject:
    """Return the URL of a finished export's file. It needs no key."""
    export = require(call, KIND, call.params["export"])
    _expect(export, "success", "be downloaded")
    path = f"exports/{export['id']}/logs.jsonl?signature={_signature(export)}"
    return {"signed_url": call.origin.base_url + path}


def download_file(call: Call) -> JsonObject:
    """Return the lines of a finished export to whoever has its signed URL."""
    export = call.store.resolve(KIND, call.params["export"])
    if export is None or call.query.get("signature") != _signature(export):
        raise forbidden("The signature of this URL is not valid.")
    fields = as_list(export["requested_data"])
    lines: list[JsonValue] = [
        export_line(one, log_payload(call.store, one.id), fields) for one in _lines(call, export)
    ]
    return {"data": lines}


def field_restrictions(call: Call) -> JsonObject:
    """Return the fields that the organisation keeps a workspace from exporting."""
    reference = Filters(call.query).one("workspace_id")
    if reference is None:
        raise invalid(["workspace_id is required"])
    workspace = require_workspace(call, reference)
    restricted = _RESTRICTED.get(str(workspace["slug"]), ())
    return {"workspace_id": workspace["id"], "restricted_fields": [*restricted]}


def seed(store: Store) -> None:
    """Add exports of the production workspace: one finished, one not started, one running."""
    for day, (name, status, description, fields, filters) in enumerate(_SEED, start=38):
        export: JsonObject = {
            **_export(seed_id(KIND, name), workspace_id("ws-production"), seed_day(day)),
            "status": status,
            "description": description,
            "filters": filters,
            "requested_data": [*fields],
        }
        store.insert(KIND, export)


def _export(export_id: str, workspace: JsonValue, created_at: str) -> JsonObject:
    return {
        "id": export_id,
        "organisation_id": ORGANISATION_ID,
        "workspace_id": workspace,
        "status": "draft",
        "created_at": created_at,
        "last_updated_at": created_at,
        "created_by": user_id("jonas"),
        "seen_in_progress": False,
    }


def _show(export: JsonObject) -> JsonObject:
    shown = {name: value for name, value in export.items() if name != "seen_in_progress"}
    return {**shown, "object": "export"}


def _changed(call: Call, export: JsonObject) -> JsonObject:
    """Check what an export is to contain, and return Portkey's answer."""
    slug = _slug(call, export)
    if kept := [name for name in as_list(export["requested_data"]) if name in _RESTRICTED.get(slug, ())]:
        names = ", ".join(str(name) for name in kept)
        raise forbidden(f"The workspace may not export {names}.")
    return {"id": export["id"], "total": sum(1 for _ in _lines(call, export)), "object": "export"}


def _advance(call: Call, export: JsonObject) -> None:
    """Let time pass for an export in progress. `export` becomes what the caller sees of it now."""
    if export["status"] != "in_progress":
        return
    if export["seen_in_progress"]:
        export |= {"status": "success", "last_updated_at": call.now}
    export["seen_in_progress"] = True
    call.store.replace(KIND, export)


def _expect(export: JsonObject, status: str, what: str) -> None:
    if export["status"] != status:
        raise conflict(f"The export is {export['status']}: only one that is {status} can {what}.")


def _lines(call: Call, export: JsonObject) -> Iterator[LoggedRequest]:
    filters = as_object(export["filters"])
    query: LogQuery = read_query(filters, times_required=False, at="filters.")
    size = as_int(filters.get("page_size", MAX_LINES))
    skipped = size * as_int(filters.get("current_page"))
    return islice(query.select(call, _slug(call, export)), skipped, skipped + size)


def _slug(call: Call, export: JsonObject) -> str:
    workspace = call.store.resolve("workspace", str(export["workspace_id"])) or {}
    return str(workspace.get("slug"))


def _signature(export: JsonObject) -> str:
    return sha256(f"{export['id']}/{export['created_at']}".encode()).hexdigest()[:32]


_ALL: Final = "/v1/logs/exports"
_ONE: Final = "/v1/logs/exports/{export}"
# Portkey documents `logs.export` for all of this. Whoever may view each log may also see exports of them.
_SEE: Final = "logs.export or logs.view"

ROUTES: Final = (
    Route("GET", f"{_ALL}/field-restrictions", _SEE, field_restrictions),
    Route("GET", _ALL, _SEE, list_exports),
    Route("POST", _ALL, "logs.export", create_export),
    Route("GET", _ONE, _SEE, get_export),
    Route("PUT", _ONE, "logs.export", update_export),
    Route("POST", f"{_ONE}/start", "logs.export", start_export),
    Route("POST", f"{_ONE}/cancel", "logs.export", cancel_export),
    Route("GET", f"{_ONE}/download", _SEE, download_export),
    Route("GET", "/exports/{export}/logs.jsonl", PUBLIC, download_file, json_lines=True),
)
