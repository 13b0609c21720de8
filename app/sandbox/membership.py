"""Members of workspaces, as the workspace endpoints and the member endpoints both need them."""

from __future__ import annotations

from typing import Final

from app.sandbox.errors import invalid
from app.sandbox.json_types import JsonObject
from app.sandbox.routing import Call
from app.sandbox.store import Store

ROLES: Final = ("admin", "manager", "member")
_MEMBER: Final = (
    "workspaces.read",
    "prompts.read",
    "prompts.list",
    "configs.read",
    "configs.list",
    "logs.view",
)
_MANAGER: Final = (*_MEMBER, "prompts.create", "configs.create", "workspace_users.list")
_ADMIN: Final = (*_MANAGER, "workspaces.update", "workspace_users.create", "workspace_users.delete")
_SCOPES: Final = {"admin": _ADMIN, "manager": _MANAGER, "member": _MEMBER}


def members_of(store: Store, workspace: JsonObject) -> list[JsonObject]:
    """Return the members of a workspace as Portkey shows them, in the order they were added."""
    found = store.find("workspace_user", workspace_id=str(workspace["id"]))
    return [show_member(store, membership) for membership in found]


def show_member(store: Store, membership: JsonObject) -> JsonObject:
    """Return one membership joined with its user."""
    user = store.resolve("user", str(membership["user_id"])) or {}
    return {
        "object": "workspace-user",
        "id": membership["user_id"],
        "first_name": user.get("first_name"),
        "last_name": user.get("last_name"),
        "org_role": user.get("role"),
        "role": membership["role"],
        "created_at": membership["created_at"],
        "last_updated_at": membership["last_updated_at"],
        "status": "active",
        "workspace_id": membership["workspace_id"],
        "email": user.get("email"),
        "scopes": [*_SCOPES[str(membership["role"])]],
        "settings": None,
    }


def add_member(call: Call, workspace: JsonObject, user_id: str, role: str) -> None:
    """Make a user a member.

    Raises:
        ApiError: 400 if there is no such user.
        NotUnique: The user is a member already.
    """
    if call.store.resolve("user", user_id) is None:
        raise invalid([f"users: no user has the id {user_id!r}"])
    membership: JsonObject = {
        "id": call.store.new_id("workspace_user"),
        "workspace_id": workspace["id"],
        "user_id": user_id,
        "role": role,
        "created_at": call.now,
        "last_updated_at": call.now,
    }
    call.store.insert("workspace_user", membership, {"user": f"{workspace['id']}/{user_id}"})
