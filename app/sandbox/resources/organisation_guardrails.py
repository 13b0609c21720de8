"""Guardrails of the whole organisation: its defaults, and the workspaces excluded from them.

`/v2/admin/organisation/defaults` and `/v1/workspace-exclusions/{input,output}-guardrails`.
"""

from __future__ import annotations

from functools import partial
from typing import Final

from app.sandbox.company import workspace_id
from app.sandbox.errors import invalid
from app.sandbox.fields import Field, flag, items, read_body, record, text
from app.sandbox.guardrail_records import SIDES, organisation_settings, save_organisation_settings
from app.sandbox.ids import seed_id
from app.sandbox.json_types import JsonObject, JsonValue, as_list, as_object
from app.sandbox.lookup import find_workspace
from app.sandbox.policies import require_organisation
from app.sandbox.routing import Call, Route
from app.sandbox.store import Store

_DEFAULTS: Final[dict[str, Field]] = {f"{side}_guardrails": items(text()) for side in SIDES}
_EXCLUSIONS: Final[dict[str, Field]] = {
    "organisation_id": text(required=True),
    "workspaces": items(
        record({"workspace_id": text(required=True), "excluded": flag(required=True)}),
        at_least=1,
        required=True,
    ),
    "override_existing": flag(),
}


def get_defaults(call: Call) -> JsonObject:
    """Return the guardrails that run on every request of the organisation."""
    defaults = as_object(organisation_settings(call.store)["guardrails"])
    shown: JsonObject = {
        f"{side}_guardrails": [_name(call.store, str(guardrail)) for guardrail in as_list(defaults[side])]
        for side in SIDES
    }
    return {"object": "organisation_defaults", **shown}


def update_defaults(call: Call) -> JsonObject:
    """Replace the lists that the body names."""
    body = read_body(call.body, _DEFAULTS, at_least_one=True)
    settings = organisation_settings(call.store)
    given: JsonObject = {
        side: [_organisation_guardrail(call.store, str(name)) for name in as_list(body[f"{side}_guardrails"])]
        for side in SIDES
        if f"{side}_guardrails" in body
    }
    changed: JsonObject = {**as_object(settings["guardrails"]), **given}
    save_organisation_settings(call.store, {**settings, "guardrails": changed})
    return {}


def list_exclusions(side: str, call: Call) -> JsonObject:
    """List the workspaces on which the organisation's guardrails of one side do not run."""
    organisation = call.query.get("organisation_id")
    if not organisation:
        raise invalid(["organisation_id is required"])
    require_organisation(organisation)
    excluded = as_object(organisation_settings(call.store)["excluded"])
    found: list[JsonValue] = [
        {"workspace_id": workspace["id"], "name": workspace["name"], "excluded": True}
        for name in as_list(excluded[side])
        if (workspace := find_workspace(call, str(name)))
    ]
    return {"object": "list", "total": len(found), "data": found}


def update_exclusions(side: str, call: Call) -> JsonObject:
    """Exclude workspaces or take them back; with `override_existing` only those given stay excluded."""
    body = read_body(call.body, _EXCLUSIONS)
    require_organisation(body["organisation_id"])
    settings = organisation_settings(call.store)
    everything = as_object(settings["excluded"])
    excluded = [] if body.get("override_existing") else as_list(everything[side])
    for entry in map(as_object, as_list(body["workspaces"])):
        workspace = find_workspace(call, str(entry["workspace_id"]))
        if workspace is None:
            raise invalid([f"workspaces: no workspace matches {entry['workspace_id']!r}"])
        excluded = [other for other in excluded if other != workspace["id"]]
        if entry["excluded"]:
            excluded.append(workspace["id"])
    save_organisation_settings(call.store, {**settings, "excluded": {**everything, side: excluded}})
    return {}


def seed(store: Store) -> None:
    """Make one guardrail a default, and exclude a workspace from it."""
    settings = organisation_settings(store)
    guardrails: JsonObject = {"input": [seed_id("guardrail", "pg-pii-sh-4be1c7")], "output": []}
    excluded: JsonObject = {"input": [workspace_id("ws-staging")], "output": []}
    save_organisation_settings(store, {**settings, "guardrails": guardrails, "excluded": excluded})


def _name(store: Store, guardrail_id: str) -> JsonObject:
    guardrail = store.resolve("guardrail", guardrail_id) or {}
    return {"id": guardrail_id, "slug": guardrail.get("slug")}


def _organisation_guardrail(store: Store, reference: str) -> JsonValue:
    guardrail = store.resolve("guardrail", reference)
    if guardrail is None:
        raise invalid([f"no guardrail matches {reference!r}"])
    if guardrail["workspace_id"] is not None:
        raise invalid(["workspace-scoped guardrails cannot be set as organisation defaults"])
    return guardrail["id"]


_DEFAULTS_PATH: Final = "/v2/admin/organisation/defaults"

ROUTES: Final = (
    Route("GET", _DEFAULTS_PATH, "organisation_settings.read", get_defaults),
    Route("PUT", _DEFAULTS_PATH, "organisation_settings.update", update_defaults),
    *(
        Route(method, f"/v1/workspace-exclusions/{side}-guardrails", scope, partial(handler, side))
        for side in SIDES
        for method, scope, handler in (
            ("GET", "organisation_exclusions.list", list_exclusions),
            ("PUT", "organisation_exclusions.update", update_exclusions),
        )
    ),
)
