"""References to secrets in AWS, Azure and HashiCorp vaults: `/v1/secret-references`."""

from __future__ import annotations

from typing import Final

from app.sandbox.clock import seed_day
from app.sandbox.company import ORGANISATION_ID, user_id, workspace_id
from app.sandbox.errors import invalid, not_found
from app.sandbox.fields import Field, flag, items, mapping, note, read_body, text
from app.sandbox.filters import Filters, matches
from app.sandbox.ids import make_slug, seed_id
from app.sandbox.json_types import JsonObject, JsonValue, as_list, as_object
from app.sandbox.lookup import find_workspace
from app.sandbox.routing import Call, Route
from app.sandbox.secret_managers import MANAGER_TYPES, auth_problems, masked_auth, merged_auth
from app.sandbox.store import Store
from app.sandbox.tags import has_tags, read_tags

KIND: Final = "secret_reference"
_USERS_OF_SECRETS: Final = ("integration", "virtual_key", "mcp_integration")

_SHARED: Final[dict[str, Field]] = {
    "description": note(),
    "secret_key": note(),
    "allow_all_workspaces": flag(),
    "allowed_workspaces": items(text(), at_least=1),
    "tags": mapping(note(nullable=False), nullable=True),
}
_CREATE: Final[dict[str, Field]] = {
    "organisation_id": text(),
    "name": text(required=True),
    "slug": text(pattern=r"[a-zA-Z0-9_-]{1,255}"),
    "manager_type": text(required=True, choices=MANAGER_TYPES),
    "auth_config": mapping(required=True),
    "secret_path": text(required=True),
    **_SHARED,
}
_UPDATE: Final[dict[str, Field]] = {
    "name": text(),
    "auth_config": mapping(),
    "secret_path": text(),
    **_SHARED,
}

_VAULT_URL: Final = "https://brightwater.vault.azure.example"
# slug, name, manager, auth_config, path, key in it, workspaces (none: all), tags
_SEED: Final[
    tuple[tuple[str, str, str, JsonObject, str, str | None, tuple[str, ...], dict[str, JsonValue]], ...]
] = (
    (
        "aws-openai-prod",
        "OpenAI key in AWS",
        "aws_sm",
        {
            "aws_auth_type": "assumedRole",
            "aws_role_arn": "arn:aws:iam::111122223333:role/portkey-secrets",
            "aws_region": "eu-central-1",
        },
        "prod/openai",
        "api_key",
        (),
        {"environment": "production"},
    ),
    (
        "kv-azure-support",
        "Azure OpenAI secret",
        "azure_kv",
        {
            "azure_auth_mode": "entra",
            "azure_entra_tenant_id": "brightwater-tenant",
            "azure_entra_client_id": "portkey-reader",
            "azure_entra_client_secret": "sandbox-entra-client-secret",
            "azure_vault_url": _VAULT_URL,
        },
        "support-openai",
        None,
        ("ws-customer-support",),
        {},
    ),
    (
        "vault-staging",
        "Staging keys in Vault",
        "hashicorp_vault",
        {
            "vault_auth_type": "approle",
            "vault_addr": "https://vault.brightwater.example",
            "vault_role_id": "portkey",
            "vault_secret_id": "sandbox-vault-secret-id",
        },
        "kv/staging/llm",
        None,
        ("ws-staging",),
        {"environment": "staging"},
    ),
)


def list_references(call: Call) -> JsonObject:
    """List the references that match, without how Portkey signs in."""
    filters = Filters(call.query, choices={"manager_type": MANAGER_TYPES}, default_size=20)
    managers, search, tags = (
        filters.many("manager_type") or MANAGER_TYPES,
        filters.one("search"),
        read_tags(filters.one("tags")),
    )
    shown = ("id", "name", "slug", "manager_type", "status", "created_at", "last_updated_at", "object")
    return filters.listing(
        [
            {name: reference[name] for name in shown}
            for reference in call.store.find(KIND)
            if reference["manager_type"] in managers
            and matches(search, reference["name"])
            and has_tags(reference, tags)
        ]
    )


def get_reference(call: Call) -> JsonObject:
    """Return one reference; what is secret in its `auth_config` is masked."""
    reference = _require(call)
    shown = {name: value for name, value in reference.items() if name != "allowed_workspaces"}
    return {**shown, "auth_config": masked_auth(reference["auth_config"])}


def create_reference(call: Call) -> JsonObject:
    """Create a reference. It does not look whether the secret is there."""
    body = read_body(call.body, _CREATE)
    reference_id = call.store.new_id(KIND)
    slug = str(body.get("slug") or make_slug("", str(body["name"]), reference_id))
    auth = as_object(body["auth_config"])
    problems = [*auth_problems(str(body["manager_type"]), auth)]
    if call.store.resolve(KIND, slug):
        problems.append(f"slug: {slug!r} is taken")
    allowed = _allowed_workspaces(call, body, problems)
    if problems:
        raise invalid(problems)
    reference = _reference(reference_id, slug, body, call.now) | {
        "allow_all_workspaces": not allowed,
        "allowed_workspaces": allowed,
    }
    call.store.insert(KIND, reference, {"slug": slug})
    return {"id": reference_id, "slug": slug, "object": "secret-reference"}


def update_reference(call: Call) -> JsonObject:
    """Change what the body names; `auth_config` is merged with the stored one."""
    reference = _require(call)
    body = read_body(call.body, _UPDATE, at_least_one=True)
    problems: list[str] = []
    changes = {name: value for name, value in body.items() if name in reference}
    if "auth_config" in body:
        manager = str(reference["manager_type"])
        auth = merged_auth(manager, as_object(reference["auth_config"]), as_object(body["auth_config"]))
        changes["auth_config"] = auth
        problems += auth_problems(manager, auth)
    allowed = _allowed_workspaces(call, body, problems)
    if allowed:
        changes |= {"allow_all_workspaces": False, "allowed_workspaces": allowed}
    elif body.get("allow_all_workspaces"):
        changes["allowed_workspaces"] = []
    if problems:
        raise invalid(problems)
    call.store.replace(KIND, {**reference, **changes, "last_updated_at": call.now})
    return {}


def delete_reference(call: Call) -> JsonObject:
    """Delete a reference that nothing uses."""
    reference = _require(call)
    users = [
        f"{kind.replace('_', ' ')} {user['slug']}"
        for kind in _USERS_OF_SECRETS
        for user in call.store.find(kind)
        if any(
            as_object(used).get("secret_reference_id") in (reference["id"], reference["slug"])
            for used in as_list(user.get("secret_mappings"))
        )
    ]
    if users:
        raise invalid([f"the secret reference is in use by {', '.join(users)}"])
    call.store.delete(KIND, str(reference["id"]))
    return {}


def seed(store: Store) -> None:
    """Add the company's references."""
    for day, (slug, name, manager, auth, path, key, workspaces, tags) in enumerate(_SEED, start=8):
        body: JsonObject = {
            "name": name,
            "manager_type": manager,
            "auth_config": auth,
            "secret_path": path,
            "secret_key": key,
            "tags": tags,
        }
        reference = _reference(seed_id(KIND, slug), slug, body, seed_day(day)) | {
            "allow_all_workspaces": not workspaces,
            "allowed_workspaces": [workspace_id(workspace) for workspace in workspaces],
        }
        store.insert(KIND, reference, {"slug": slug})


def _require(call: Call) -> JsonObject:
    reference = call.store.resolve(KIND, call.params["reference"])
    if reference is None:
        raise not_found("secret reference", call.params["reference"])
    return reference


def _reference(reference_id: str, slug: str, body: JsonObject, now: str) -> JsonObject:
    return {
        "id": reference_id,
        "organisation_id": ORGANISATION_ID,
        "name": body["name"],
        "slug": slug,
        "description": body.get("description"),
        "manager_type": body["manager_type"],
        "secret_path": body["secret_path"],
        "secret_key": body.get("secret_key"),
        "tags": body.get("tags"),
        "status": "ACTIVE",
        "created_by": user_id("jonas"),
        "created_at": now,
        "last_updated_at": now,
        "auth_config": body["auth_config"],
        "object": "secret-reference",
    }


def _allowed_workspaces(call: Call, body: JsonObject, problems: list[str]) -> list[JsonValue]:
    given = [str(reference) for reference in as_list(body.get("allowed_workspaces"))]
    if given and body.get("allow_all_workspaces"):
        problems.append("allow_all_workspaces cannot be true together with allowed_workspaces")
    found = [(reference, find_workspace(call, reference)) for reference in given]
    problems += [f"allowed_workspaces: no workspace matches {name!r}" for name, known in found if not known]
    return [known["id"] for _, known in found if known]


_ALL: Final = "/v1/secret-references"
_ONE: Final = "/v1/secret-references/{reference}"

ROUTES: Final = (
    Route("GET", _ALL, "secret_references.list", list_references),
    Route("POST", _ALL, "secret_references.create", create_reference),
    Route("GET", _ONE, "secret_references.read", get_reference),
    Route("PUT", _ONE, "secret_references.update", update_reference),
    Route("DELETE", _ONE, "secret_references.delete", delete_reference),
)
