"""The audit log: what is written for each change, whichever domain it belongs to."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Final

from app.sandbox.company import ORGANISATION_ID
from app.sandbox.ids import counted_id
from app.sandbox.json_types import JsonObject, as_object
from app.sandbox.lookup import find_workspace
from app.sandbox.routing import Call, Route

KIND: Final = "audit_record"
MAX_RECORDS: Final = 500
MAX_BODY_CHARACTERS: Final = 16 * 1024

_READING: Final = frozenset({"list", "read", "view", "render"})
_RUNNING: Final = "completions.write"


def audited(route: Route) -> Route:
    """Return the route with a handler that also writes the audit record of each successful change.

    The record is part of the transaction: there is one exactly when the change was made.
    """
    if not _changes(route):
        return route

    def handler(call: Call) -> JsonObject | None:
        # A deletion leaves nothing behind to tell the workspace from.
        before = _workspace_before(call)
        answer = route.handler(call)
        _write(call, route, before or _workspace_of_new(call, answer))
        return answer

    return replace(route, handler=handler)


def keep(record: JsonObject, record_id: str) -> JsonObject:
    """Return the stored form of a record: nested, as what has a `workspace_id` goes with its workspace."""
    return {"id": record_id, "record": record}


def _changes(route: Route) -> bool:
    return (
        route.method != "GET" and route.scope != _RUNNING and _resource_and_action(route)[1] not in _READING
    )


def _resource_and_action(route: Route) -> tuple[str, str]:
    first, *others = route.scope.split(" or ")
    resource, _, action = first.rpartition(".")
    # Where scopes of several kinds of resource fit, the path says what all of them are.
    return (route.path.split("/")[2].replace("-", "_") if others else resource), action


def _workspace_before(call: Call) -> str | None:
    if call.key.workspace_id:
        return call.key.workspace_id
    named = [*call.params.values(), as_object(call.body).get("workspace_id")]
    for reference in named:
        if isinstance(reference, str) and (workspace_id := _workspace(call, reference)):
            return workspace_id
    return None


def _workspace_of_new(call: Call, answer: JsonObject | None) -> str | None:
    made = as_object(answer)
    new_id = made.get("id") or as_object(made.get("data")).get("id")
    return _workspace(call, new_id) if isinstance(new_id, str) else None


def _workspace(call: Call, reference: str) -> str | None:
    workspace = find_workspace(call, reference)
    return str(workspace["id"]) if workspace else call.store.workspace_of(reference)


def _write(call: Call, route: Route, workspace_id: str | None) -> None:
    resource, action = _resource_and_action(route)
    body = "" if call.body is None else json.dumps(call.body, ensure_ascii=False)
    record: JsonObject = {
        "timestamp": call.now,
        "method": route.method,
        "uri": call.origin.path,
        "request_id": call.origin.request_id,
        "request_body": body if len(body) <= MAX_BODY_CHARACTERS else "",
        "query_params": json.dumps(dict(call.query)),
        "request_headers": json.dumps({**call.origin.headers, "x-portkey-api-key": "********"}),
        "user_id": call.key.id,
        "user_type": "api_key",
        "organisation_id": ORGANISATION_ID,
        "workspace_id": workspace_id or "",
        "response_status_code": 200,
        "resource_type": resource,
        "action": action,
        "client_ip": call.origin.client_ip,
        "country": "",
    }
    number = call.store.count_up(KIND)
    call.store.insert(KIND, keep(record, counted_id(KIND, number)))
    call.store.delete(KIND, counted_id(KIND, number - MAX_RECORDS))
