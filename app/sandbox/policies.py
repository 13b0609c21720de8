"""What usage limits and rate limits have in common: which requests they apply to, and how they are found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from app.sandbox.company import ORGANISATION_ID
from app.sandbox.errors import invalid, not_found
from app.sandbox.fields import Field, items, one_of, record, text
from app.sandbox.filters import Filters
from app.sandbox.json_types import JsonObject, JsonValue
from app.sandbox.lookup import matches_reference, require, visible, workspace_for_new
from app.sandbox.routing import Call

_KEY: Final = text(
    required=True,
    pattern="api_key|organisation_id|workspace_id|virtual_key|provider|config|prompt|model|metadata[.].+",
)
_STATUSES: Final = ("active", "archived")


def _one_or_many(*, required: bool = False) -> Field:
    return one_of(text(), items(text(), at_least=1), expected="a string or a list of them", required=required)


CONDITIONS: Final = record({"key": _KEY, "value": _one_or_many(required=True), "excludes": _one_or_many()})
GROUP: Final = record({"key": _KEY})
NAME: Final = text(pattern="(?s).{1,255}")
SCOPE: Final[dict[str, Field]] = {"workspace_id": text(), "organisation_id": text()}


def list_policies(
    call: Call, kind: str, choices: Mapping[str, Sequence[str]]
) -> tuple[Filters, list[JsonObject]]:
    """Return the checked query of a list and the policies that match it; archived ones only when asked for.

    Args:
        call: The request.
        kind: The kind of policy.
        choices: The filters besides `workspace_id` and `status`, each with the values it may have.

    Raises:
        ApiError: 400 with every problem of the query.
    """
    filters = Filters(call.query, choices={"status": _STATUSES, **choices})
    wanted = {"status": "active"} | {
        name: value for name in ("status", *choices) if (value := filters.one(name)) is not None
    }
    workspace = filters.one("workspace_id")
    return filters, [
        policy
        for policy in visible(call, kind)
        if all(policy[name] == value for name, value in wanted.items())
        and matches_reference(call, "workspace", policy["workspace_id"], workspace)
    ]


def require_policy(call: Call, kind: str, *, status: str = "active") -> JsonObject:
    """Return the policy that the path names.

    Raises:
        ApiError: 404 if there is none with this status, 403 if it belongs to another workspace.
    """
    policy = require(call, kind, call.params["policy"])
    if policy["status"] != status:
        raise not_found(kind.replace("_", " "), call.params["policy"])
    return policy


def asked_status(call: Call) -> str:
    """Return the status a GET of one policy asks for.

    Raises:
        ApiError: 400 if there is no such status.
    """
    return Filters(call.query, choices={"status": _STATUSES}).one("status") or "active"


def new_policy(call: Call, kind: str, body: JsonObject) -> JsonObject:
    """Return the members that every new policy has.

    Raises:
        ApiError: 400 if the workspace or the organisation is not there, 403 if it is not the key's own.
    """
    require_organisation(body.get("organisation_id"))
    workspace = workspace_for_new(call, body.get("workspace_id"))
    return policy_base(call.store.new_id(kind), workspace["id"], call.now)


def policy_base(policy_id: str, workspace: JsonValue, created_at: str) -> JsonObject:
    """Return the members that say what a policy is and where it belongs."""
    return {
        "id": policy_id,
        "status": "active",
        "workspace_id": workspace,
        "organisation_id": ORGANISATION_ID,
        "created_at": created_at,
        "last_updated_at": created_at,
    }


def archive(call: Call, kind: str) -> JsonObject:
    """Archive the policy that the path names, and answer with an empty object as Portkey does."""
    policy = require_policy(call, kind)
    call.store.replace(kind, {**policy, "status": "archived", "last_updated_at": call.now})
    return {}


def require_organisation(given: JsonValue) -> None:
    """Check the id of an organisation, if one is given.

    Raises:
        ApiError: 400 if it is another one than the sandbox's.
    """
    if given not in (None, ORGANISATION_ID):
        raise invalid([f"organisation_id: no organisation has the id {given!r}"])
