"""Registered self-hosted gateways: `/v2/deployments`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from starlette.datastructures import QueryParams

from app.sandbox.clock import seed_day
from app.sandbox.company import ORGANISATION_ID, user_id
from app.sandbox.errors import invalid, not_found
from app.sandbox.fields import Field, flag, items, mapping, note, read_body, record, switch, text
from app.sandbox.filters import Filters, matches
from app.sandbox.ids import make_slug, seed_id
from app.sandbox.json_types import JsonObject, as_list, as_object
from app.sandbox.lookup import find_workspace
from app.sandbox.routing import Call, Route
from app.sandbox.secret_managers import masked
from app.sandbox.store import Store
from app.sandbox.tags import has_tags, read_tags

KIND: Final = "deployment"
TYPES: Final = ("production", "non_production")
STATUSES: Final = ("active", "archived")

_TAGS: Final = mapping(note(nullable=False), nullable=True)
_AUTH: Final[dict[str, Field]] = {
    "gateway_base_url": text(pattern=r"https?://\S+"),
    "mcp_gateway_base_url": text(pattern=r"https?://\S+"),
    "is_dataservice_hosted": switch(),
    "is_playground_proxy_allowed": switch(),
    "workspaces_allowed": items(text()),
    "jwt_subs_allowed": items(text()),
    "jwt_sub_workspace_mapping": mapping(text()),
    "allow_all_workspaces": flag(),
}
_CREATE: Final[dict[str, Field]] = {
    "name": text(required=True),
    "organisation_id": text(),
    "slug": text(pattern=r"\S{1,50}"),
    "type": text(choices=TYPES),
    "deployment_config": mapping(),
    "is_default": flag(),
    "tags": _TAGS,
    "auth_settings": record(_AUTH),
}
_UPDATE: Final[dict[str, Field]] = {
    "name": text(),
    "type": text(choices=TYPES),
    "status": text(choices=STATUSES),
    "deployment_config": mapping(nullable=True),
    "is_default": flag(),
    "rotate_auth": flag(),
    "override_existing": flag(),
    "tags": _TAGS,
    "auth_settings": record(
        {**_AUTH, "remove_workspaces_allowed": items(text()), "remove_subs_allowed": items(text())}
    ),
}
_LISTS: Final = (
    ("workspaces_allowed", "remove_workspaces_allowed"),
    ("jwt_subs_allowed", "remove_subs_allowed"),
)
_ROW: Final = (
    *("id", "name", "slug", "type", "status", "is_default", "tags", "connection_status", "created_at"),
    *("last_updated_at", "last_synced_at", "last_resynced_at", "created_by", "object"),
)

# slug, name, type, status, default, workspaces (none: all), tags
_SEED: Final[tuple[tuple[str, str, str, str, int, tuple[str, ...], JsonObject], ...]] = (
    ("dp-frankf-5a0c1d", "Frankfurt", "production", "active", 1, (), {"region": "eu-central-1"}),
    ("dp-stagin-b83e27", "Staging", "non_production", "active", 0, ("ws-staging",), {}),
    ("dp-lab-0f94c2", "Lab", "non_production", "archived", 0, ("ws-staging",), {}),
)


def list_deployments(call: Call) -> JsonObject:
    """List the deployments that match, archived ones too."""
    filters = Filters(call.query, choices={"status": STATUSES, "type": TYPES})
    statuses, types = filters.many("status") or STATUSES, filters.many("type") or TYPES
    search, workspaces, tags = filters.one("search"), _workspaces(call.query), read_tags(filters.one("tags"))
    return filters.listing(
        [
            {name: deployment[name] for name in _ROW}
            for deployment in call.store.find(KIND)
            if deployment["status"] in statuses
            and deployment["type"] in types
            and matches(search, deployment["name"], deployment["slug"])
            and (not workspaces or any(_serves(deployment, workspace) for workspace in workspaces))
            and has_tags(deployment, tags)
        ]
    )


def get_deployment(call: Call) -> JsonObject:
    """Return one deployment; its credentials are masked. `self` is the default one."""
    deployment = _require(call)
    slugs = [str(slug) for slug in as_list(as_object(deployment["auth_settings"])["workspaces_allowed"])]
    serving = [workspace for slug in slugs if (workspace := find_workspace(call, slug))]
    credentials = as_object(deployment["credentials"])
    return {
        **{name: deployment[name] for name in (*_ROW, "deployment_config", "auth_settings")},
        "organisation_id": ORGANISATION_ID,
        "client_auth": masked(deployment["client_auth"]),
        "credentials": {**credentials, "password": masked(credentials["password"])},
        "workspaces": [{"id": workspace["id"], "slug": workspace["slug"]} for workspace in serving],
    }


def register_deployment(call: Call) -> JsonObject:
    """Register a deployment. Its credentials are shown in this answer only."""
    body = read_body(call.body, _CREATE)
    deployment_id = call.store.new_id(KIND)
    slug = str(body.get("slug") or make_slug("dp", str(body["name"]), deployment_id))
    if call.store.resolve(KIND, slug):
        raise invalid([f"slug: {slug!r} is taken"])
    deployment = _deployment(deployment_id, slug, str(body["name"]), call.now) | {
        "type": body.get("type", "production"),
        "tags": body.get("tags"),
        "deployment_config": body.get("deployment_config"),
        "is_default": int(bool(body.get("is_default"))),
    }
    deployment["auth_settings"] = _settings(call, deployment, as_object(body.get("auth_settings")))
    _only_default(call, deployment)
    call.store.insert(KIND, deployment, {"slug": slug})
    return {
        "id": deployment_id,
        "client_auth": deployment["client_auth"],
        "credentials": deployment["credentials"],
        "organisation_id": ORGANISATION_ID,
        "object": "deployment",
    }


def update_deployment(call: Call) -> JsonObject:
    """Change what the body names. Lists grow by what is given, unless `override_existing` replaces them."""
    deployment = _require(call)
    body = read_body(call.body, _UPDATE, at_least_one=True)
    own = ("name", "type", "status", "tags")
    changes: JsonObject = {name: body[name] for name in own if name in body}
    override = bool(body.get("override_existing"))
    if "deployment_config" in body:
        old = {} if override else as_object(deployment["deployment_config"])
        given = body["deployment_config"]
        changes["deployment_config"] = None if given is None else {**old, **as_object(given)}
    if "is_default" in body:
        changes["is_default"] = int(bool(body["is_default"]))
    given_settings = as_object(body.get("auth_settings"))
    changes["auth_settings"] = _settings(call, deployment, given_settings, override=override)
    answer: JsonObject = {"success": True}
    if body.get("rotate_auth"):
        changes["client_auth"] = answer["client_auth"] = f"client-auth-{call.store.new_id('client_auth')}"
    deployment = {**deployment, **changes, "last_updated_at": call.now}
    _only_default(call, deployment)
    call.store.replace(KIND, deployment)
    return answer


def archive_deployment(call: Call) -> None:
    """Archive a deployment; it stays in the list."""
    deployment = _require(call)
    call.store.replace(
        KIND, {**deployment, "status": "archived", "is_default": 0, "last_updated_at": call.now}
    )


def seed(store: Store) -> None:
    """Add the company's gateways."""
    for day, (slug, name, type_, status, is_default, workspaces, tags) in enumerate(_SEED, start=6):
        deployment = _deployment(seed_id(KIND, slug), slug, name, seed_day(day)) | {
            "type": type_,
            "status": status,
            "is_default": is_default,
            "tags": tags,
            "deployment_config": {"log_store": "s3"},
            "connection_status": "connected" if status == "active" else "disconnected",
            "last_synced_at": seed_day(day + 1),
        }
        deployment["auth_settings"] = {
            **as_object(deployment["auth_settings"]),
            "gateway_base_url": f"https://{name.lower()}.gateway.brightwater.example",
            "workspaces_allowed": [*workspaces],
            "allow_all_workspaces": int(not workspaces),
        }
        store.insert(KIND, deployment, {"slug": slug})


def _require(call: Call) -> JsonObject:
    reference = call.params["deployment"]
    found = (
        next(iter(call.store.find(KIND, is_default=1)), None)
        if reference == "self"
        else call.store.resolve(KIND, reference)
    )
    if found is None:
        raise not_found("deployment", reference)
    return found


def _deployment(deployment_id: str, slug: str, name: str, now: str) -> JsonObject:
    return {
        "id": deployment_id,
        "name": name,
        "slug": slug,
        "status": "active",
        "connection_status": "pending",
        "created_at": now,
        "last_updated_at": now,
        "last_synced_at": None,
        "last_resynced_at": None,
        "created_by": user_id("jonas"),
        "object": "deployment",
        "auth_settings": {
            "workspaces_allowed": [],
            "allow_all_workspaces": 1,
            "jwt_subs_allowed": [],
            "jwt_sub_workspace_mapping": {},
            "is_dataservice_hosted": 0,
            "is_playground_proxy_allowed": 0,
            "disable_portkey_gateway": 0,
        },
        "client_auth": f"client-auth-{deployment_id}",
        "credentials": {"username": f"gateway-{slug}", "password": f"registry-{deployment_id}"},
    }


def _settings(call: Call, deployment: JsonObject, given: JsonObject, *, override: bool = False) -> JsonObject:
    """Return the stored settings with the given ones in them."""
    settings = as_object(deployment["auth_settings"])
    lists: JsonObject = {}
    for name, removed in _LISTS:
        kept = [] if override and name in given else as_list(settings[name])
        added = [item for item in as_list(given.get(name)) if item not in kept]
        lists[name] = [item for item in (*kept, *added) if item not in as_list(given.get(removed))]
    unknown = [slug for slug in as_list(given.get(_LISTS[0][0])) if not find_workspace(call, str(slug))]
    if unknown:
        raise invalid([f"{_LISTS[0][0]}: no workspace matches {slug!r}" for slug in unknown])
    if given.get("allow_all_workspaces"):
        lists["workspaces_allowed"] = []
    plain = {name: value for name, value in given.items() if not name.startswith("remove_")}
    return {**settings, **plain, **lists, "allow_all_workspaces": int(not lists["workspaces_allowed"])}


def _only_default(call: Call, deployment: JsonObject) -> None:
    for other in call.store.find(KIND, is_default=1) if deployment["is_default"] else ():
        if other["id"] != deployment["id"]:
            call.store.replace(KIND, {**other, "is_default": 0})


def _serves(deployment: JsonObject, workspace: str) -> bool:
    settings = as_object(deployment["auth_settings"])
    return bool(settings["allow_all_workspaces"]) or workspace in as_list(settings["workspaces_allowed"])


def _workspaces(query: Mapping[str, str]) -> list[str]:
    """Return the slugs to filter by; the parameter may be repeated."""
    return query.getlist("workspace_slug") if isinstance(query, QueryParams) else []


_ALL: Final = "/v2/deployments"
_ONE: Final = "/v2/deployments/{deployment}"

ROUTES: Final = (
    Route("GET", _ALL, "deployments.list", list_deployments),
    Route("POST", _ALL, "deployments.create", register_deployment),
    Route("GET", _ONE, "deployments.read", get_deployment),
    Route("PUT", _ONE, "deployments.update", update_deployment),
    Route("DELETE", _ONE, "deployments.delete", archive_deployment),
)
