"""Choosing among what was logged: the filters that analytics and log exports share."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, TypeAlias

from app.sandbox.errors import invalid
from app.sandbox.json_types import JsonObject, JsonValue
from app.sandbox.logged import logged
from app.sandbox.lookup import require_workspace, workspace_for_new
from app.sandbox.routing import Call
from app.sandbox.traffic import LoggedRequest, milliseconds

Test: TypeAlias = Callable[[LoggedRequest], bool]

_RANGES: Final[Mapping[str, Callable[[LoggedRequest], float | None]]] = {
    "total_units": lambda one: one.total_units,
    "cost": lambda one: one.cost,
    "prompt_token": lambda one: one.req_units,
    "completion_token": lambda one: one.res_units,
    "weighted_feedback": lambda one: one.weighted_feedback,
}
_LISTS: Final[Mapping[str, Callable[[LoggedRequest], str]]] = {
    "status_code": lambda one: str(one.status),
    "virtual_keys": lambda one: one.virtual_key,
    "configs": lambda one: one.config,
    "api_key_ids": lambda one: one.api_key_id,
    "ai_org_model": lambda one: f"{one.provider}__{one.model}",
    "ai_model": lambda one: one.model,
    "trace_id": lambda one: one.trace_id,
    "span_id": lambda one: one.span_id,
    "prompt_slug": lambda one: one.prompt,
}
_MAX_WEIGHTED_FEEDBACK: Final = 10


@dataclass(frozen=True, slots=True)
class LogQuery:
    """A checked set of filters.

    Attributes:
        first: The beginning of the period, in milliseconds since 1970.
        last: Its end, or None for now.
        tests: What a request must pass.
    """

    first: int
    last: int | None
    tests: tuple[Test, ...]

    def select(self, call: Call, workspace: str) -> Iterator[LoggedRequest]:
        """Yield the requests of a workspace, by its slug, that match."""
        for one in logged(call, self.first, self.last):
            if one.workspace == workspace and all(test(one) for test in self.tests):
                yield one


def read_query(given: Mapping[str, JsonValue], *, times_required: bool = True, at: str = "") -> LogQuery:
    """Check filters as they come in a query string, or in a body, where numbers and objects are themselves.

    Args:
        given: The filters; others are ignored.
        times_required: Whether both ends of the period must be given.
        at: What stands before a filter's name in a problem.

    Raises:
        ApiError: 400 with every problem.
    """
    problems: list[str] = []
    first = _time(given, "time_of_generation_min", problems, required=times_required)
    last = _time(given, "time_of_generation_max", problems, required=times_required)
    tests = [*_lists(given), *_ranges(given, problems), *_metadata(given, problems)]
    if first is not None and last is not None and first > last:
        problems.append("time_of_generation_min must not be after time_of_generation_max")
    if problems:
        raise invalid([f"{at}{problem}" for problem in problems])
    return LogQuery(first or 0, last, tuple(tests))


def workspace_slug(call: Call) -> str:
    """Return the workspace whose requests a call is about.

    A workspace key sees its own, whatever the query says; an organisation key the one it names, else the
    default one.

    Raises:
        ApiError: 400 or 404 if there is no such workspace.
    """
    named = call.query.get("workspace_slug")
    if call.key.workspace_id or not named:
        return str(workspace_for_new(call, None)["slug"])
    return str(require_workspace(call, named)["slug"])


def parse_time(text: JsonValue) -> datetime | None:
    """Return an ISO 8601 time, in UTC where it names no zone, or None if it is none."""
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _time(given: Mapping[str, JsonValue], name: str, problems: list[str], *, required: bool) -> int | None:
    if not given.get(name):
        if required:
            problems.append(f"{name} is required")
        return None
    moment = parse_time(given[name])
    if moment is None:
        problems.append(f"{name} must be an ISO 8601 time")
        return None
    return milliseconds(moment)


def _lists(given: Mapping[str, JsonValue]) -> Iterator[Test]:
    for name, value_of in _LISTS.items():
        if wanted := {part.strip() for part in str(given.get(name) or "").split(",") if part.strip()}:
            yield _among(value_of, wanted)


def _among(value_of: Callable[[LoggedRequest], str], wanted: set[str]) -> Test:
    return lambda one: value_of(one) in wanted


def _ranges(given: Mapping[str, JsonValue], problems: list[str]) -> Iterator[Test]:
    for name, value_of in _RANGES.items():
        low = _bound(given, f"{name}_min", problems)
        high = _bound(given, f"{name}_max", problems)
        if low is None and high is None:
            continue
        lowest, highest = -math.inf if low is None else low, math.inf if high is None else high
        yield _within(value_of, lowest, highest)


def _within(value_of: Callable[[LoggedRequest], float | None], low: float, high: float) -> Test:
    def test(one: LoggedRequest) -> bool:
        value = value_of(one)
        return value is not None and low <= value <= high

    return test


def _bound(given: Mapping[str, JsonValue], name: str, problems: list[str]) -> float | None:
    value = given.get(name)
    if value is None or value == "":
        return None
    signed = name.startswith("weighted_feedback")
    try:
        number = float(str(value))
    except ValueError:
        number = math.nan
    if signed and not abs(number) <= _MAX_WEIGHTED_FEEDBACK:
        problems.append(f"{name} must be a number from -10 to 10")
    elif not signed and not 0 <= number < math.inf:
        problems.append(f"{name} must be a number of at least 0")
    return number


def _metadata(given: Mapping[str, JsonValue], problems: list[str]) -> Iterator[Test]:
    value = given.get("metadata")
    if value is None or value == "":
        return
    wanted = _object(value)
    if wanted is None:
        problems.append("metadata must be a JSON object")
        return
    pairs = {(name, str(item)) for name, item in wanted.items()}
    yield lambda one: pairs <= one.metadata.items()


def _object(value: JsonValue) -> JsonObject | None:
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            return None
    return value if isinstance(value, dict) else None
