"""MCP integrations, the MCP servers that an organisation or a workspace knows of: `/v1/mcp-integrations`."""

from __future__ import annotations

from typing import Final

from app.sandbox.clock import seed_day
from app.sandbox.company import ORGANISATION_ID, user_id, workspace_id
from app.sandbox.errors import forbidden, invalid
from app.sandbox.fields import Field, items, mapping, note, read_body, record, text
from app.sandbox.filters import Filters, matches
from app.sandbox.ids import make_slug, seed_id
from app.sandbox.json_types import JsonObject, JsonValue, as_list, as_object
from app.sandbox.lookup import require_workspace, workspace_for_new
from app.sandbox.mcp_records import (
    integration_scope,
    may_use,
    page_of,
    require_integration,
    require_own_integration,
    synced,
    workspaces_with_a_say,
)
from app.sandbox.mcp_upstreams import GITHUB_URL, LINEAR_URL, REFUND_DESK_URL, WAREHOUSE_URL
from app.sandbox.routing import Call, Route
from app.sandbox.store import Store

_TYPES: Final = ("workspace", "organisation", "all")
_URL: Final = r"https?://[^\s/]+(/\S*)?"
_SLUG: Final = r"[a-zA-Z0-9_-]+"
# The last is documented in answers only.
_AUTH_TYPES: Final = ("oauth_auto", "headers", "none", "oauth_client_credentials")
_TRANSPORTS: Final = ("http", "sse")
_SETTINGS: Final[dict[str, Field]] = {
    "description": note(),
    "configurations": record(
        {"custom_headers": mapping(), "passthrough_header": mapping()}, extra=True, nullable=True
    ),
    "secret_mappings": items(
        record(
            {
                "target_field": text(required=True, pattern=r"configurations\.\S+"),
                "secret_reference_id": text(required=True),
                "secret_key": text(nullable=True),
                "value_format": text(choices=("string", "json"), nullable=True),
            }
        )
    ),
}
_CREATE: Final[dict[str, Field]] = {
    "name": text(required=True),
    "url": text(required=True, pattern=_URL),
    "auth_type": text(required=True, choices=_AUTH_TYPES),
    "transport": text(required=True, choices=_TRANSPORTS),
    "slug": text(pattern=_SLUG),
    "organisation_id": text(),
    "workspace_id": text(),
    **_SETTINGS,
}
_UPDATE: Final[dict[str, Field]] = {
    "name": text(),
    "url": text(pattern=_URL),
    "auth_type": text(choices=_AUTH_TYPES),
    "transport": text(choices=_TRANSPORTS),
    **_SETTINGS,
}

# slug, workspace, settings
_SEED: Final[tuple[tuple[str, str | None, JsonObject], ...]] = (
    (
        "github",
        None,
        {
            "name": "GitHub",
            "description": "Code, issues and pull requests.",
            "url": GITHUB_URL,
            "auth_type": "oauth_auto",
            "transport": "http",
            "configurations": {
                "client_id": "brightwater-gateway",
                "client_secret": "sandbox-github-client-secret",
            },
        },
    ),
    (
        "linear",
        None,
        {
            "name": "Linear",
            "description": "Plans and bugs.",
            "url": LINEAR_URL,
            "auth_type": "oauth_auto",
            "transport": "http",
            "global_workspace_access": {"enabled": True},
        },
    ),
    (
        "refund-desk",
        "ws-customer-support",
        {
            "name": "Refund desk",
            "description": "Orders and refunds. Pays money out.",
            "url": REFUND_DESK_URL,
            "auth_type": "headers",
            "transport": "http",
            "configurations": {
                "custom_headers": {
                    "Authorization": "Bearer sandbox-refund-desk-token",
                    "X-Brightwater-Signature": "sandbox-refund-desk-signature",
                },
                "passthrough_header": {"x-request-id": {"type": "string"}},
            },
        },
    ),
    (
        "warehouse",
        "ws-staging",
        {"name": "Warehouse", "url": WAREHOUSE_URL, "auth_type": "none", "transport": "sse"},
    ),
)
_SHARED: Final = {"github": {"ws-production": True, "ws-staging": True, "ws-customer-support": False}}
_BLOCKED: Final = {"github": ("delete_file",)}


def list_integrations(call: Call) -> JsonObject:
    """List the integrations a workspace may use, or all."""
    filters = Filters(call.query, choices={"type": _TYPES}, max_size=1000)
    _check_organisation(filters.one("organisation_id"))
    kind, search, workspace = (filters.one(name) for name in ("type", "search", "workspace_id"))
    scope = str(require_workspace(call, workspace)["id"]) if workspace else call.key.workspace_id
    found = [
        _list_item(call, integration)
        for integration in call.store.find("mcp_integration")
        if kind in (None, "all", integration["type"])
        and may_use(integration, scope)
        and matches(search, *(integration[name] for name in ("name", "slug", "url", "description")))
    ]
    return page_of(filters, found)


def get_integration(call: Call) -> JsonObject:
    """Return one integration; its configurations are shown in full, as Portkey does."""
    integration = require_integration(call, call.params["integration"])
    return {**_base(integration), "global_workspace_access": integration["global_workspace_access"]}


def create_integration(call: Call) -> JsonObject:
    """Register an MCP server for the organisation or, when one is named or the key has one, a workspace."""
    body = read_body(call.body, _CREATE)
    given = body.get("organisation_id")
    _check_organisation(str(given) if given else None)
    _check_mappings(call, body)
    workspace: JsonValue = None
    if body.get("workspace_id") or call.key.workspace_id:
        workspace = workspace_for_new(call, body.get("workspace_id"))["id"]
    integration_id = call.store.new_id("mcp_integration")
    slug = body.get("slug") or make_slug("", str(body["name"]), integration_id)
    integration = _integration(integration_id, str(slug), workspace, call.now)
    integration |= {name: body[name] for name in _UPDATE if name in body}
    call.store.insert("mcp_integration", synced(integration, call.now), {"slug": str(slug)})
    return {"id": integration_id, "slug": slug}


def update_integration(call: Call) -> JsonObject:
    """Change what the body names; another URL is another MCP server, and is synced anew."""
    integration = require_own_integration(call, call.params["integration"])
    body = read_body(call.body, _UPDATE, at_least_one=True)
    _check_mappings(call, body)
    changed: JsonObject = {**integration, **body, "last_updated_at": call.now}
    if changed["url"] != integration["url"]:
        changed = synced(changed, call.now)
    call.store.replace("mcp_integration", changed)
    return {}


def delete_integration(call: Call) -> JsonObject:
    """Delete an integration with the MCP servers made from it."""
    integration_id = str(require_own_integration(call, call.params["integration"])["id"])
    for server in call.store.find("mcp_server", mcp_integration_id=integration_id):
        call.store.delete("mcp_server", str(server["id"]))
    call.store.delete("mcp_integration", integration_id)
    return {}


def get_metadata(call: Call) -> JsonObject:
    """Return what the MCP server said of itself when it was last synced."""
    return as_object(require_integration(call, call.params["integration"])["metadata"])


def seed(store: Store) -> None:
    """Add the company's MCP integrations."""
    for day, (slug, workspace, settings) in enumerate(_SEED, 6):
        now = seed_day(day)
        owner = workspace_id(workspace) if workspace else None
        integration = _integration(seed_id("mcp_integration", slug), slug, owner, now) | settings
        integration["workspaces"] = {
            workspace_id(user): {"enabled": enabled, "created_at": now, "last_updated_at": now}
            for user, enabled in _SHARED.get(slug, {}).items()
        }
        integration = synced(integration, now)
        for item in map(as_object, as_list(integration["capabilities"])):
            item["enabled"] = item["name"] not in _BLOCKED.get(slug, ())
        store.insert("mcp_integration", integration, {"slug": slug})


def _integration(integration_id: str, slug: str, workspace: JsonValue, created_at: str) -> JsonObject:
    return {
        "id": integration_id,
        "slug": slug,
        "description": None,
        "owner_id": user_id("jonas"),
        "workspace_id": workspace,
        "type": "workspace" if workspace else "organisation",
        "status": "active",
        "configurations": {},
        "secret_mappings": [],
        "global_workspace_access": None,
        "workspaces": {},
        "capabilities": [],
        "created_at": created_at,
        "last_updated_at": created_at,
    }


def _check_organisation(given: str | None) -> None:
    if given not in (None, ORGANISATION_ID):
        raise forbidden("This API key belongs to another organisation.")


def _check_mappings(call: Call, body: JsonObject) -> None:
    mappings = [as_object(item) for item in as_list(body.get("secret_mappings"))]
    problems: list[str] = []
    if len({str(item["target_field"]) for item in mappings}) < len(mappings):
        problems.append("secret_mappings: each target_field must be unique")
    for item in mappings:
        reference = str(item["secret_reference_id"])
        if call.store.resolve("secret_reference", reference) is None:
            problems.append(f"secret_mappings: no secret reference matches {reference!r}")
    if problems:
        raise invalid(problems)


def _base(integration: JsonObject) -> JsonObject:
    names = ("id", "name", "description", "owner_id", "status", "created_at", "last_updated_at")
    more = (
        "configurations",
        "workspace_id",
        "slug",
        "url",
        "auth_type",
        "transport",
        "type",
        "secret_mappings",
    )
    return {name: integration[name] for name in (*names, *more)}


def _list_item(call: Call, integration: JsonObject) -> JsonObject:
    allowed = [setting for _, setting in workspaces_with_a_say(call, integration) if setting["enabled"]]
    count = len(allowed) if integration["type"] == "organisation" else None
    return {**_base(integration), "workspaces_count": count}


_ALL: Final = "/v1/mcp-integrations"
_ONE: Final = "/v1/mcp-integrations/{integration}"

ROUTES: Final = (
    Route("GET", _ALL, integration_scope("list"), list_integrations),
    Route("POST", _ALL, integration_scope("create"), create_integration),
    Route("GET", _ONE, integration_scope("read"), get_integration),
    Route("PUT", _ONE, integration_scope("update"), update_integration),
    Route("DELETE", _ONE, integration_scope("delete"), delete_integration),
    Route("GET", f"{_ONE}/metadata", integration_scope("read"), get_metadata),
)
