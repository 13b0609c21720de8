"""The audit log: `/v1/audit-logs`. Its records are written by `app.sandbox.audit`.

The answer has Portkey's documented form, `records`: no recording of a live answer shows another one.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Final

from app.sandbox.audit import KIND, keep
from app.sandbox.clock import seed_day
from app.sandbox.company import ORGANISATION_ID, user_id, workspace_id
from app.sandbox.errors import invalid
from app.sandbox.filters import Filters
from app.sandbox.ids import seed_id
from app.sandbox.json_types import JsonObject, as_object
from app.sandbox.lookup import matches_reference
from app.sandbox.routing import Call, Route
from app.sandbox.store import Store

_CHOICES: Final = {"method": ("POST", "PUT", "DELETE"), "user_type": ("user", "api_key")}
_EQUAL: Final = (
    "organisation_id",
    "uri",
    "request_id",
    "user_id",
    "response_status_code",
    "resource_type",
    "action",
    "client_ip",
    "country",
)

# day, who, method, path, body, workspace, resource and action, country
_SEED: Final[tuple[tuple[float, str, str, str, JsonObject | None, str, tuple[str, str], str], ...]] = (
    (
        1,
        "amara",
        "POST",
        "/v1/admin/workspaces",
        {"name": "Staging", "slug": "ws-staging"},
        "ws-staging",
        ("workspaces", "create"),
        "NG",
    ),
    (
        2,
        "jonas",
        "POST",
        "/v1/admin/workspaces/ws-customer-support/users",
        {"users": [{"id": user_id("hana"), "role": "manager"}]},
        "ws-customer-support",
        ("workspace_users", "create"),
        "SE",
    ),
    (
        12,
        "hana",
        "PUT",
        "/v1/prompts/pp-ticket-1f5d3a/makeDefault",
        {"version": 2},
        "ws-customer-support",
        ("prompts", "publish"),
        "JP",
    ),
    (
        14,
        "jonas",
        "PUT",
        "/v1/configs/pc-old-ch-07d2b8",
        {"status": "inactive"},
        "ws-production",
        ("configs", "update"),
        "SE",
    ),
    (
        15,
        "priya",
        "DELETE",
        "/v1/prompts/pp-draft-1c9a70",
        None,
        "ws-production",
        ("prompts", "delete"),
        "IN",
    ),
)


def list_audit_logs(call: Call) -> JsonObject:
    """List the changes that match every filter, newest first."""
    filters = Filters(call.query, choices=_CHOICES)
    since, until = _moment(filters, "start_time"), _moment(filters, "end_time")
    wanted = {name: filters.one(name) for name in _EQUAL}
    workspace = filters.one("workspace_id")
    found = [
        record
        for record in (as_object(document["record"]) for document in call.store.find(KIND))
        if all(value in (None, str(record[name])) for name, value in wanted.items())
        and all(str(record[name]) in (filters.many(name) or allowed) for name, allowed in _CHOICES.items())
        and (since is None or since <= datetime.fromisoformat(str(record["timestamp"])))
        and (until is None or datetime.fromisoformat(str(record["timestamp"])) <= until)
        and matches_reference(call, "workspace", record["workspace_id"], workspace)
    ]
    return {"records": [*filters.cut(found[::-1])], "total": len(found), "object": "analytics-graph"}


def seed(store: Store) -> None:
    """Add what the company's people did in their first weeks."""
    for number, (day, who, method, path, body, workspace, (resource, action), country) in enumerate(_SEED):
        record: JsonObject = {
            "timestamp": seed_day(day),
            "method": method,
            "uri": path,
            "request_id": seed_id("request", str(number)),
            "request_body": json.dumps(body) if body else "",
            "query_params": "{}",
            "request_headers": json.dumps({"user-agent": "Portkey app"}),
            "user_id": user_id(who),
            "user_type": "user",
            "organisation_id": ORGANISATION_ID,
            "workspace_id": workspace_id(workspace),
            "response_status_code": 200,
            "resource_type": resource,
            "action": action,
            "client_ip": f"192.0.2.{number + 1}",
            "country": country,
        }
        store.insert(KIND, keep(record, seed_id(KIND, str(number))))


def _moment(filters: Filters, name: str) -> datetime | None:
    given = filters.one(name)
    if given is None:
        return None
    try:
        moment = datetime.fromisoformat(given)
    except ValueError as error:
        raise invalid([f"{name} must be a time in ISO 8601"]) from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


ROUTES: Final = (Route("GET", "/v1/audit-logs", "audit_logs.list", list_audit_logs),)
