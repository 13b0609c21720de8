"""The example company of a fresh sandbox: people, workspaces and what several domains refer to."""

from __future__ import annotations

from typing import Final

from app.sandbox.clock import seed_day
from app.sandbox.ids import seed_id
from app.sandbox.json_types import JsonObject, JsonValue
from app.sandbox.store import Store

ORGANISATION_ID: Final = seed_id("organisation", "brightwater")

# first name, last name, role in the organisation
_USERS: Final = (
    ("Amara", "Okafor", "owner"),
    ("Jonas", "Lindqvist", "admin"),
    ("Priya", "Raman", "member"),
    ("Mateo", "Alvarez", "member"),
    ("Hana", "Sato", "member"),
    ("Lucas", "Meyer", "member"),
)

# slug, name, description, cost limit a month in dollars, requests a minute
_WORKSPACES: Final = (
    ("ws-production", "Production", "Everything customers touch.", 5000, 600),
    ("ws-staging", "Staging", "Release candidates and load tests.", 500, 120),
    ("ws-customer-support", "Customer Support", "The assistant of the support team.", 1200, None),
    ("ws-hackathon", "Hackathon 2025", None, None, None),
)

_MEMBERS: Final = (
    ("ws-production", "amara", "admin"),
    ("ws-production", "jonas", "admin"),
    ("ws-production", "priya", "manager"),
    ("ws-production", "mateo", "member"),
    ("ws-staging", "jonas", "admin"),
    ("ws-staging", "priya", "manager"),
    ("ws-staging", "lucas", "member"),
    ("ws-customer-support", "hana", "manager"),
    ("ws-customer-support", "mateo", "member"),
)

# slug, name, workspace, provider
_VIRTUAL_KEYS: Final = (
    ("openai-prod-4d1e7a", "OpenAI production", "ws-production", "openai"),
    ("anthropic-prod-9b02c6", "Anthropic production", "ws-production", "anthropic"),
    ("openai-staging-71fa3e", "OpenAI staging", "ws-staging", "openai"),
    ("azure-support-c85d20", "Azure OpenAI support", "ws-customer-support", "azure-openai"),
)

_COLLECTIONS: Final = (
    ("checkout-3f9a1c", "Checkout", "ws-production"),
    ("release-tests-a40b7e", "Release tests", "ws-staging"),
    ("support-replies-5be2d8", "Support replies", "ws-customer-support"),
)

_LABELS: Final = (
    ("production", "Live traffic.", "#1A7F37"),
    ("staging", "Being tried before release.", "#BF8700"),
    ("archive", "Kept for reference.", "#6E7781"),
)


def user_id(first_name: str) -> str:
    """Return the id of a seeded user by lower-case first name."""
    return seed_id("user", first_name)


def workspace_id(slug: str) -> str:
    """Return the id of a seeded workspace."""
    return seed_id("workspace", slug)


def seed(store: Store) -> None:
    """Put the company into an empty store."""
    _seed_people(store)
    _seed_workspaces(store)
    _seed_references(store)


def _seed_people(store: Store) -> None:
    for day, (first, last, role) in enumerate(_USERS):
        email = f"{first}.{last}@brightwater.example".lower()
        user: JsonObject = {
            "object": "user",
            "id": user_id(first.lower()),
            "first_name": first,
            "last_name": last,
            "role": role,
            "email": email,
            "created_at": seed_day(day),
            "last_updated_at": seed_day(day),
        }
        store.insert("user", user, {"email": email})


def _seed_workspaces(store: Store) -> None:
    for day, (slug, name, description, cost, requests) in enumerate(_WORKSPACES):
        archived = slug == "ws-hackathon"
        defaults: JsonObject = {"metadata": {"environment": "production"}} if slug == "ws-production" else {}
        workspace: JsonObject = {
            "id": workspace_id(slug),
            "slug": slug,
            "name": name,
            "icon": None,
            "description": description,
            "created_at": seed_day(day),
            "last_updated_at": seed_day(day),
            "defaults": defaults,
            "is_default": 1 if slug == "ws-production" else 0,
            "usage_limits": _usage_limits(cost),
            "rate_limits": [{"type": "requests", "unit": "rpm", "value": requests}] if requests else None,
            "status": "archived" if archived else "active",
            "created_by": user_id("amara"),
        }
        store.insert("workspace", workspace, {} if archived else {"name": name, "slug": slug})
    for day, (slug, first_name, role) in enumerate(_MEMBERS):
        member: JsonObject = {
            "id": seed_id("workspace_user", f"{slug}/{first_name}"),
            "workspace_id": workspace_id(slug),
            "user_id": user_id(first_name),
            "role": role,
            "created_at": seed_day(day),
            "last_updated_at": seed_day(day),
        }
        store.insert("workspace_user", member, {"user": f"{workspace_id(slug)}/{user_id(first_name)}"})


def _usage_limits(cost: int | None) -> JsonValue:
    if cost is None:
        return None
    return [
        {"type": "cost", "credit_limit": cost, "alert_threshold": cost * 8 // 10, "periodic_reset": "monthly"}
    ]


def _seed_references(store: Store) -> None:
    names = {slug: name for slug, name, *_ in _WORKSPACES}
    for slug, name, workspace, provider in _VIRTUAL_KEYS:
        virtual_key: JsonObject = {
            "id": seed_id("virtual_key", slug),
            "slug": slug,
            "name": name,
            "note": "",
            "status": "active",
            "provider": provider,
            "organisation_id": ORGANISATION_ID,
            "workspace_id": workspace_id(workspace),
            "workspace_name": names[workspace],
            "integration_id": seed_id("integration", slug),
            "usage_limits": None,
            "rate_limits": None,
            "model_config": None,
            "reset_usage": None,
            "last_reset_at": None,
            "expires_at": None,
            "tags": None,
            "created_at": seed_day(2),
            "object": "virtual-key",
        }
        store.insert("virtual_key", virtual_key, {"slug": slug})
    for slug, name, workspace in _COLLECTIONS:
        collection: JsonObject = {
            "id": seed_id("collection", slug),
            "slug": slug,
            "name": name,
            "workspace_id": workspace_id(workspace),
            "parent_collection_id": None,
            "is_default": False,
            "status": "active",
            "created_at": seed_day(3),
            "last_updated_at": seed_day(3),
        }
        store.insert("collection", collection, {"slug": slug})
    for name, description, color in _LABELS:
        label: JsonObject = {
            "id": seed_id("label", name),
            "name": name,
            "description": description,
            "color_code": color,
            "organisation_id": ORGANISATION_ID,
            "workspace_id": None,
            "is_universal": True,
            "status": "active",
            "created_at": seed_day(4),
            "last_updated_at": seed_day(4),
        }
        store.insert("label", label, {"name": name})
