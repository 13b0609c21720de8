"""What a usage limit has counted: the company's requests that it applies to, since it last started anew."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from functools import lru_cache
from typing import Final

from app.sandbox.company import ORGANISATION_ID, workspace_id
from app.sandbox.ids import seed_id
from app.sandbox.json_types import JsonObject, JsonValue, as_int, as_list, as_object
from app.sandbox.traffic import LoggedRequest, milliseconds, stream

_ANY: Final = "*"
_METADATA: Final = "metadata."
_CENTS: Final = 100


@dataclass(frozen=True, slots=True)
class Entity:
    """One group of a usage limit: `value_key` names it, such as `metadata._user:hana`."""

    id: str
    value_key: str
    current_usage: float


def entities(limit: JsonObject, moment: datetime) -> list[Entity]:
    """Return the groups that a usage limit counts, each with its dollars or tokens.

    A group is there once it made a request, also if it made none since its usage started anew.
    """
    start = milliseconds(_period_start(limit, moment))
    resets = as_object(limit["resets"])
    sums: dict[str, int] = {}
    for request in filter(_applies(limit), stream(moment)):
        value_key = _value_key(limit, request)
        if value_key:
            counts = request.at >= start and request.at > as_int(resets.get(value_key))
            amount = request.cost if limit["type"] == "cost" else request.total_units
            sums[value_key] = sums.get(value_key, 0) + (amount if counts else 0)
    return [
        Entity(
            seed_id("usage_limit_entity", f"{limit['id']}/{value_key}"),
            value_key,
            amount / _CENTS if limit["type"] == "cost" else amount,
        )
        for value_key, amount in sorted(sums.items())
    ]


def reset(limit: JsonObject, entity: Entity, moment: datetime, now: str) -> JsonObject:
    """Return the limit with one group set back to zero: what came until now no longer counts."""
    changed: JsonObject = {**as_object(limit["resets"]), entity.value_key: milliseconds(moment)}
    return {**limit, "resets": changed, "last_reset_at": now}


def is_exhausted(limit: JsonObject, entity: Entity) -> bool:
    """Say whether a group has used up the limit."""
    return entity.current_usage >= _number(limit["credit_limit"])


def is_alerted(limit: JsonObject, entity: Entity) -> bool:
    """Say whether a group has reached the amount at which Portkey warns."""
    threshold = limit["alert_threshold"]
    return threshold is not None and entity.current_usage >= _number(threshold)


def _period_start(limit: JsonObject, moment: datetime) -> datetime:
    """When the period began that `moment` is in: a month, a week from Monday, some days, or ever."""
    today = moment.astimezone(UTC).date()
    match limit["periodic_reset"]:
        case "monthly":
            first = today.replace(day=1)
        case "weekly":
            first = today - timedelta(days=today.weekday())
        case _ if days := as_int(limit["periodic_reset_days"]):
            first = today - timedelta(days=today.toordinal() % days)
        case _:
            return datetime.fromtimestamp(0, UTC)
    return datetime.combine(first, time(), UTC)


def _applies(limit: JsonObject) -> Callable[[LoggedRequest], bool]:
    """A test for the requests of the limit's workspace for which all of its conditions hold."""
    conditions = [
        (str(condition["key"]), _texts(condition["value"]), _texts(condition.get("excludes")))
        for condition in map(as_object, as_list(limit["conditions"]))
    ]
    workspace = limit["workspace_id"]

    def applies(request: LoggedRequest) -> bool:
        return _workspace_id(request.workspace) == workspace and all(
            _holds(_names(request, key), wanted, excluded) for key, wanted, excluded in conditions
        )

    return applies


def _holds(names: tuple[str, ...], wanted: list[JsonValue], excluded: list[JsonValue]) -> bool:
    if not names or any(name in excluded for name in names):
        return False
    return _ANY in wanted or any(name in wanted for name in names)


def _value_key(limit: JsonObject, request: LoggedRequest) -> str | None:
    """The group that a limit counts this request in, or None when the request has no such thing."""
    parts = []
    for group in as_list(limit["group_by"]):
        key = str(as_object(group)["key"])
        names = _names(request, key)
        if not names:
            return None
        parts.append(f"{key}:{names[0]}")
    return "|".join(parts)


def _names(request: LoggedRequest, key: str) -> tuple[str, ...]:
    """What a condition may call this property of a request; the first is what groups are named by."""
    match key:
        case "organisation_id":
            return (ORGANISATION_ID,)
        case "workspace_id":
            return (_workspace_id(request.workspace), request.workspace)
        case "api_key":
            return (request.api_key_id,)
        case "virtual_key" | "provider" | "config" | "prompt" | "model":
            value: str = getattr(request, key)
        case _:
            value = request.metadata.get(key.removeprefix(_METADATA), "")
    return (value,) if value else ()


@lru_cache
def _workspace_id(slug: str) -> str:
    return workspace_id(slug)


def _texts(value: JsonValue) -> list[JsonValue]:
    return value if isinstance(value, list) else [value]


def _number(value: JsonValue) -> float:
    return value if isinstance(value, int | float) else 0
