"""Invitations to the organisation: `/v1/admin/users/invites`.

An invitation is good for seven days from when it was last sent. Nobody accepts one here.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from app.sandbox.clock import seed_day, timestamp
from app.sandbox.company import user_id, workspace_id
from app.sandbox.errors import conflict, invalid, not_found
from app.sandbox.fields import Field, items, mapping, note, read_body, record, text
from app.sandbox.filters import Filters
from app.sandbox.ids import seed_id
from app.sandbox.json_types import JsonObject, JsonValue, as_list, as_object
from app.sandbox.lookup import find_workspace
from app.sandbox.membership import ROLES
from app.sandbox.routing import Call, Route
from app.sandbox.store import Store

VALIDITY: Final = timedelta(days=7)
_KIND: Final = "user_invite"
_ORGANISATION_ROLES: Final = ("admin", "member")
_STATUSES: Final = ("pending", "cancelled", "accepted", "expired")
_CREATE: Final[dict[str, Field]] = {
    "email": text(required=True, pattern=r"[^@\s]+@[^@\s]+"),
    "role": text(choices=_ORGANISATION_ROLES, required=True),
    "workspaces": items(
        record({"id": text(required=True), "role": text(choices=ROLES, required=True)}), required=True
    ),
    # From here on Portkey documents `workspace_api_key_details.scopes` alone.
    "first_name": text(),
    "last_name": text(),
    "workspace_api_key_details": record(
        {
            "scopes": items(text(), required=True),
            "name": text(),
            "expiry": text(),
            "metadata": mapping(note(nullable=False)),
        }
    ),
}

# name, role, status, workspaces, day it ends. The pending one ends so late that it is always pending.
_SEED: Final = (
    ("priya.raman", "member", "accepted", (("ws-production", "manager"), ("ws-staging", "manager")), 8),
    ("tom.bright", "admin", "expired", (), 9),
    ("eve.fisher", "member", "cancelled", (("ws-staging", "member"),), 10),
    ("nora.haas", "member", "pending", (("ws-customer-support", "member"),), 3650),
)


def list_invites(call: Call) -> JsonObject:
    """List the invitations with this role, email or status."""
    choices = {"role": _ORGANISATION_ROLES, "status": _STATUSES}
    filters = Filters(call.query, choices=choices, page="currentPage", size="pageSize")
    roles, statuses = filters.many("role") or _ORGANISATION_ROLES, filters.many("status") or _STATUSES
    email = filters.one("email")
    found = [
        invite
        for invite in (_show(call, stored) for stored in call.store.find(_KIND))
        if invite["role"] in roles and invite["status"] in statuses and email in (None, invite["email"])
    ]
    return filters.listing(found)


def create_invite(call: Call) -> JsonObject:
    """Invite somebody to the organisation and to some of its workspaces."""
    body = read_body(call.body, _CREATE)
    problems: list[str] = []
    workspaces = list(_workspaces(call, as_list(body["workspaces"]), problems))
    if problems:
        raise invalid(problems)
    email = str(body["email"])
    if call.store.find("user", email=email):
        raise conflict(f"{email} is a user of this organisation already.")
    if any(_status(call, other) == "pending" for other in call.store.find(_KIND, email=email)):
        raise conflict(f"{email} has a pending invite already. Resend or delete that one.")
    invite_id = call.store.new_id(_KIND)
    invite: JsonObject = {
        "object": "invite",
        "id": invite_id,
        "email": email,
        "role": body["role"],
        "created_at": call.now,
        "expires_at": timestamp(call.moment + VALIDITY),
        "status": "pending",
        "invited_by": user_id("jonas"),
        "workspaces": [*workspaces],
    }
    call.store.insert(_KIND, invite)
    return {"id": invite_id, "invite_link": _link(invite)}


def get_invite(call: Call) -> JsonObject:
    """Return one invitation."""
    return _show(call, _require_invite(call))


def delete_invite(call: Call) -> JsonObject:
    """Cancel an invitation; it stays in the list as cancelled."""
    invite = _require_invite(call)
    if invite["status"] == "accepted":
        raise conflict("The invite was accepted already. Delete the user instead.")
    call.store.replace(_KIND, {**invite, "status": "cancelled"})
    return {}


def resend_invite(call: Call) -> JsonObject:
    """Send an invitation again, which gives it its full time anew."""
    invite = _require_invite(call)
    if invite["status"] in ("accepted", "cancelled"):
        raise conflict(f"The invite is {invite['status']} and cannot be sent again. Invite anew.")
    expires_at = timestamp(call.moment + VALIDITY)
    call.store.replace(_KIND, {**invite, "status": "pending", "expires_at": expires_at})
    return {"inviteLink": _link(invite)}


def seed(store: Store) -> None:
    """Add an invitation in each status."""
    for day, (name, role, status, workspaces, end) in enumerate(_SEED, start=1):
        invite: JsonObject = {
            "object": "invite",
            "id": seed_id(_KIND, name),
            "email": f"{name}@brightwater.example",
            "role": role,
            "created_at": seed_day(day),
            "expires_at": seed_day(end),
            **({"accepted_at": seed_day(day + 1)} if status == "accepted" else {}),
            "status": status,
            "invited_by": user_id("jonas"),
            "workspaces": [
                {"workspace_id": workspace_id(slug), "role": workspace_role}
                for slug, workspace_role in workspaces
            ],
        }
        store.insert(_KIND, invite)


def _require_invite(call: Call) -> JsonObject:
    invite = call.store.resolve(_KIND, call.params["invite"])
    if invite is None:
        raise not_found("invite", call.params["invite"])
    return invite


def _workspaces(call: Call, given: list[JsonValue], problems: list[str]) -> Iterator[JsonObject]:
    for index, item in enumerate(given):
        reference = str(as_object(item)["id"])
        workspace = find_workspace(call, reference)
        if workspace is None:
            problems.append(f"workspaces[{index}].id: no workspace matches {reference!r}")
        else:
            yield {"workspace_id": workspace["id"], "role": as_object(item)["role"]}


def _status(call: Call, invite: JsonObject) -> str:
    over = invite["status"] == "pending" and str(invite["expires_at"]) <= call.now
    return "expired" if over else str(invite["status"])


def _show(call: Call, invite: JsonObject) -> JsonObject:
    return {**invite, "status": _status(call, invite)}


def _link(invite: JsonObject) -> str:
    return f"https://app.portkey.ai/invite/{invite['id']}"


_ALL: Final = "/v1/admin/users/invites"
_ONE: Final = "/v1/admin/users/invites/{invite}"

ROUTES: Final = (
    Route("GET", _ALL, "organisation_users.list", list_invites),
    Route("POST", _ALL, "organisation_users.create", create_invite),
    Route("GET", _ONE, "organisation_users.read", get_invite),
    Route("DELETE", _ONE, "organisation_users.delete", delete_invite),
    Route("POST", f"{_ONE}/resend", "organisation_users.create", resend_invite),
)
