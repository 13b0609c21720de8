"""Guardrails: `/v1/guardrails`."""

from __future__ import annotations

from typing import Final

from app.sandbox.clock import seed_day
from app.sandbox.company import ORGANISATION_ID, user_id, workspace_id
from app.sandbox.errors import invalid
from app.sandbox.fields import Field, flag, items, mapping, note, number, read_body, record, text
from app.sandbox.filters import Filters
from app.sandbox.guardrail_records import detail, is_default, summary
from app.sandbox.ids import make_slug, seed_id
from app.sandbox.json_types import JsonObject, JsonValue, as_object
from app.sandbox.lookup import matches_reference, require, visible, workspace_for_new
from app.sandbox.policies import require_organisation
from app.sandbox.routing import Call, Route
from app.sandbox.store import Store

_MAX_PAGE_SIZE: Final = 1000
_OUTCOME: Final = record(
    {"feedback": record({"value": number(), "weight": number(), "metadata": note()}, required=True)}
)
_CHECK: Final = record(
    {"id": text(required=True), "name": text(), "is_enabled": flag(), "parameters": mapping()}
)
_ACTIONS: Final = {"deny": flag(), "async": flag(), "on_success": _OUTCOME, "on_fail": _OUTCOME}
_CREATE: Final[dict[str, Field]] = {
    "name": text(required=True),
    "target": text(choices=("llm", "mcp_tools")),
    "checks": items(_CHECK, at_least=1),
    "actions": record(_ACTIONS, extra=True),
    "workspace_id": text(),
    "organisation_id": text(),
}
_UPDATE: Final[dict[str, Field]] = {name: _CREATE[name] for name in ("checks", "actions")} | {"name": text()}
_FEEDBACK: Final[JsonObject] = {
    "on_success": {"feedback": {"value": 5, "weight": 1, "metadata": ""}},
    "on_fail": {"feedback": {"value": -5, "weight": 1, "metadata": ""}},
}

# slug, name, workspace (none: the whole organisation), target, checks, whether it denies, and its MCP servers
_SEED: Final[tuple[tuple[str, str, str | None, str, list[JsonValue], bool, JsonObject], ...]] = (
    (
        "pg-pii-sh-4be1c7",
        "PII shield",
        None,
        "llm",
        [{"id": "portkey.pii", "parameters": {"redact": True, "categories": ["EMAIL_ADDRESS", "SSN"]}}],
        False,
        {},
    ),
    (
        "pg-modera-9d2f60",
        "Moderation",
        None,
        "llm",
        [{"id": "portkey.moderateContent", "parameters": {"categories": ["hate", "violence"]}}],
        True,
        {},
    ),
    (
        "pg-checko-3c8a15",
        "Checkout models",
        "ws-production",
        "llm",
        [{"id": "default.modelWhitelist", "parameters": {"models": ["gpt-4o", "claude-3-5-sonnet"]}}],
        True,
        {},
    ),
    (
        "pg-no-sql-70e2bd",
        "No SQL into tools",
        "ws-production",
        "mcp_tools",
        [{"id": "default.regexMatch", "parameters": {"rule": "(?i)drop table", "not": True}}],
        True,
        {"github-tools": ["input"]},
    ),
)


def list_guardrails(call: Call) -> JsonObject:
    """List the guardrails, of one workspace if asked."""
    filters = Filters(call.query, max_size=_MAX_PAGE_SIZE)
    workspace, organisation = filters.one("workspace_id"), filters.one("organisation_id")
    found = [
        summary(guardrail)
        for guardrail in visible(call, "guardrail")
        if matches_reference(call, "workspace", guardrail["workspace_id"], workspace)
        and organisation in (None, guardrail["organisation_id"])
    ]
    return {"total": len(found), "data": [*filters.cut(found)]}


def get_guardrail(call: Call) -> JsonObject:
    """Return one guardrail with its checks and actions."""
    return detail(call.store, require(call, "guardrail", call.params["guardrail"]))


def create_guardrail(call: Call) -> JsonObject:
    """Create a guardrail: of a workspace, or of the organisation when an organisation key names none."""
    body = read_body(call.body, _CREATE)
    target = body.get("target", "llm")
    if target == "llm" and (missing := [name for name in ("checks", "actions") if name not in body]):
        raise invalid([f"{name} is required" for name in missing])
    require_organisation(body.get("organisation_id"))
    given = body.get("workspace_id")
    workspace = workspace_for_new(call, given)["id"] if given or call.key.workspace_id else None
    guardrail_id = call.store.new_id("guardrail")
    guardrail: JsonObject = {
        **_base(guardrail_id, make_slug("pg", str(body["name"]), guardrail_id), workspace, call.now),
        "name": body["name"],
        "target": target,
        "version_id": call.store.new_id("guardrail_version"),
        "checks": _checks(body.get("checks", [])),
        "actions": _actions({}, body.get("actions")),
        "mcp_servers": {},
    }
    call.store.insert("guardrail", guardrail, {"slug": str(guardrail["slug"])})
    return _receipt(guardrail)


def update_guardrail(call: Call) -> JsonObject:
    """Change what the body names; every update makes a new version."""
    guardrail = require(call, "guardrail", call.params["guardrail"])
    body = read_body(call.body, _UPDATE, at_least_one=True)
    guardrail = {
        **guardrail,
        "name": body.get("name", guardrail["name"]),
        "checks": _checks(body.get("checks", guardrail["checks"])),
        "actions": _actions(as_object(guardrail["actions"]), body.get("actions")),
        "version_id": call.store.new_id("guardrail_version"),
        "updated_by": user_id("jonas"),
        "last_updated_at": call.now,
    }
    call.store.replace("guardrail", guardrail)
    return _receipt(guardrail)


def delete_guardrail(call: Call) -> JsonObject:
    """Delete a guardrail, unless it is one of the organisation's defaults."""
    guardrail = require(call, "guardrail", call.params["guardrail"])
    if is_default(call.store, guardrail):
        raise invalid(["the guardrail is being used in organisation defaults"])
    call.store.delete("guardrail", str(guardrail["id"]))
    return {}


def seed(store: Store) -> None:
    """Add the company's guardrails."""
    for day, (slug, name, workspace, target, checks, deny, servers) in enumerate(_SEED, start=6):
        guardrail_id = seed_id("guardrail", slug)
        guardrail: JsonObject = {
            **_base(guardrail_id, slug, workspace and workspace_id(workspace), seed_day(day)),
            "name": name,
            "target": target,
            "version_id": seed_id("guardrail_version", slug),
            "checks": _checks(checks),
            "actions": {"deny": deny, "async": False, **_FEEDBACK},
            "mcp_servers": {
                seed_id("mcp_server", server): {
                    "id": seed_id("guardrail_mcp_server", f"{slug}/{server}"),
                    "run_on": run_on,
                    "capability_ids": [],
                }
                for server, run_on in servers.items()
            },
        }
        store.insert("guardrail", guardrail, {"slug": slug})


def _base(guardrail_id: str, slug: str, workspace: JsonValue, created_at: str) -> JsonObject:
    return {
        "id": guardrail_id,
        "slug": slug,
        "organisation_id": ORGANISATION_ID,
        "workspace_id": workspace,
        "status": "active",
        "created_at": created_at,
        "last_updated_at": created_at,
        "owner_id": user_id("jonas"),
        "updated_by": None,
    }


def _checks(given: JsonValue) -> JsonValue:
    return [{"is_enabled": True, **as_object(check)} for check in given] if isinstance(given, list) else []


def _actions(before: JsonObject, given: JsonValue) -> JsonObject:
    """Given actions replace those before as a whole."""
    if given is None:
        return before or {"deny": False, "async": False, **_FEEDBACK}
    return {"deny": False, "async": False, **_FEEDBACK, **as_object(given)}


def _receipt(guardrail: JsonObject) -> JsonObject:
    return {name: guardrail[name] for name in ("id", "slug", "version_id")}


_ALL: Final = "/v1/guardrails"
_ONE: Final = "/v1/guardrails/{guardrail}"

ROUTES: Final = (
    Route("GET", _ALL, "guardrails.list", list_guardrails),
    Route("POST", _ALL, "guardrails.create", create_guardrail),
    Route("GET", _ONE, "guardrails.read", get_guardrail),
    Route("PUT", _ONE, "guardrails.update", update_guardrail),
    Route("DELETE", _ONE, "guardrails.delete", delete_guardrail),
)
