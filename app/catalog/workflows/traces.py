"""What can be said of one trace.

Portkey has no endpoint for traces: `GET /logs` is refused with 405, and `GET /logs/{id}` reads one log by its
own id. The requests of a trace are known to analytics, which filter by trace id.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from app.catalog.json_value import JsonObject, JsonValue
from app.catalog.moments import in_utc
from app.catalog.tool import Run, WorkflowStopped
from app.portkey.client import ApiRequest
from app.portkey.errors import PortkeyError

if TYPE_CHECKING:
    from app.catalog.tools.tracing import GetTrace

DEFAULT_PERIOD: Final = "-30d"

LOG: Final = "/logs/{id}"
REQUESTS: Final = "/analytics/graphs/requests"
FIGURES: Final = {
    "cost_cents": "/analytics/graphs/cost",
    "tokens": "/analytics/graphs/tokens",
    "latency_ms": "/analytics/graphs/latency",
    "weighted_feedback": "/analytics/graphs/feedbacks/weighted",
}
ERRORS: Final = "/analytics/graphs/errors/status-codes"
MODELS: Final = "/analytics/groups/ai-models"
_NO_SUCH_LOG: Final = (HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED)


async def read_trace(inputs: GetTrace, run: Run) -> JsonValue:
    """Return the log with this id, if there is one, and the figures of the trace.

    Raises:
        PortkeyError: Portkey refused.
        WorkflowStopped: Neither a log nor a trace of the period has this id.
    """
    log = await _read_log(inputs.id, run)
    found = _object(_object(log).get("metrics"))
    trace_id = _text(found.get("trace_id")) or inputs.id
    workspace = inputs.workspace_slug or _text(found.get("workspace_slug"))
    first = inputs.time_of_generation_min or min(in_utc(DEFAULT_PERIOD), _day_of(log))
    last = inputs.time_of_generation_max or in_utc("now")
    query = [("time_of_generation_min", first), ("time_of_generation_max", last), ("trace_id", trace_id)]
    if workspace:
        query.append(("workspace_slug", workspace))
    requests = _summary(await _analytics(REQUESTS, query, run)).get("total")
    if not requests and log is None:
        raise WorkflowStopped(
            f"From {first} to {last} no request of the workspace has the trace id {inputs.id!r}.",
            next_step="Give workspace_slug, or an earlier time_of_generation_min.",
        )
    trace: JsonObject = {"trace_id": trace_id, "from": first, "to": last, "requests": requests}
    for name, path in FIGURES.items():
        trace[name] = _summary(await _analytics(path, query, run))
    trace["errors"] = (await _analytics(ERRORS, query, run)).get("data_points")
    trace["models"] = (await _analytics(MODELS, query, run)).get("data")
    return trace if log is None else {**trace, "log": log}


async def _read_log(log_id: str, run: Run) -> JsonValue:
    try:
        return (await run.call(ApiRequest("GET", LOG, path_params={"id": log_id}))).data
    except PortkeyError as error:
        if error.status in _NO_SUCH_LOG:
            return None
        raise


async def _analytics(path: str, query: list[tuple[str, str]], run: Run) -> JsonObject:
    return _object((await run.call(ApiRequest("GET", path, query=query))).data)


def _summary(graph: JsonObject) -> JsonObject:
    return _object(graph.get("summary"))


def _day_of(log: JsonValue) -> str:
    """The start of the day on which a log was made: the trace may be older than the log."""
    try:
        return in_utc(_text(_object(log).get("created_at"))[:10])
    except ValueError:
        return in_utc("now")


def _object(value: JsonValue) -> JsonObject:
    return value if isinstance(value, dict) else {}


def _text(value: JsonValue) -> str:
    return value if isinstance(value, str) else ""
