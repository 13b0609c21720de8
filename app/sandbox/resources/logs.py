"""Single logs: `/v1/logs`. Portkey does not list logs: `GET /v1/logs` is 405."""

from __future__ import annotations

from typing import Final

from app.sandbox.errors import forbidden, invalid, not_found
from app.sandbox.fields import Field, flag, mapping, note, number, read_body, record, text
from app.sandbox.json_types import JsonObject, JsonValue, as_int, as_object
from app.sandbox.log_query import parse_time, workspace_slug
from app.sandbox.log_view import show_log
from app.sandbox.logged import LOG, log_payload, logged
from app.sandbox.logged import insert_log as keep_log
from app.sandbox.routing import Call, Route
from app.sandbox.store import Store
from app.sandbox.traffic import LoggedRequest, milliseconds
from app.sandbox.workloads import cost_of

MAX_AT_ONCE: Final = 100

_HEADERS: Final = mapping(note(nullable=False))
_LOG: Final[dict[str, Field]] = {
    "request": record(
        {
            "url": text(required=True),
            "body": mapping(required=True),
            "method": text(),
            "provider": text(),
            "headers": _HEADERS,
        },
        required=True,
    ),
    "response": record(
        {
            "body": mapping(required=True),
            "status": number(100, 599, whole=True),
            "headers": _HEADERS,
            "time": number(0),
            "response_time": number(0),
            "streamingMode": flag(),
        },
        required=True,
    ),
    "metadata": mapping(),
}
# Portkey's page on inserting logs names them in camelCase, its description of the endpoint in snake_case.
_TRACING: Final = {
    "trace_id": ("traceId", "trace_id"),
    "span_id": ("spanId", "span_id"),
    "span_name": ("spanName", "span_name"),
    "parent_span_id": ("parentSpanId", "parent_span_id"),
}
_PLACES_OF_TRACING: Final = frozenset(name for names in _TRACING.values() for name in names)


def get_log(call: Call) -> JsonObject:
    """Return one log with request, response and figures."""
    _check_path_format(call)
    log_id = call.params["log"]
    found = next((one for one in logged(call) if one.id == log_id), None)
    if found is None:
        raise not_found("log", log_id)
    if call.key.workspace_id and found.workspace != workspace_slug(call):
        raise forbidden("This API key belongs to another workspace.")
    return show_log(found, log_payload(call.store, log_id))


def insert_logs(call: Call) -> JsonObject:
    """Add one log, or a list of them."""
    given = call.body if isinstance(call.body, list) else [call.body]
    if not 1 <= len(given) <= MAX_AT_ONCE:
        raise invalid([f"the body must be one log or a list of 1 to {MAX_AT_ONCE}"])
    known = {one.trace_id for one in logged(call)}
    for body in [read_body(item, _LOG) for item in given]:
        request = _logged(call, body, known)
        known.add(request.trace_id)
        keep_log(call.store, request, body)
    return {"success": True}


def seed(store: Store) -> None:
    """Add nothing: the company's logs are its traffic."""


def _check_path_format(call: Call) -> None:
    problems: list[str] = []
    path_format, created_at = call.query.get("path_format", "v1"), call.query.get("created_at")
    if path_format not in ("v1", "v2"):
        problems.append("path_format must be v1 or v2")
    if path_format == "v2" and not created_at:
        problems.append("created_at is required for path_format v2")
    if created_at and parse_time(created_at) is None:
        problems.append("created_at must be an ISO 8601 time")
    if call.query.get("type", "hooks") != "hooks":
        problems.append("type must be hooks")
    if problems:
        raise invalid(problems)


def _logged(call: Call, body: JsonObject, known_traces: set[str]) -> LoggedRequest:
    request, response = as_object(body["request"]), as_object(body["response"])
    metadata = as_object(body.get("metadata"))
    sent, answered = as_object(request["body"]), as_object(response["body"])
    usage = as_object(answered.get("usage"))
    tokens_in, tokens_out = as_int(usage.get("prompt_tokens")), as_int(usage.get("completion_tokens"))
    log_id = call.store.new_id(LOG)
    model = str(answered.get("model") or sent.get("model") or "")
    trace_id = _tracing(metadata, "trace_id") or log_id
    user = metadata.get("user")
    labels = {name: str(value) for name, value in metadata.items() if name not in _PLACES_OF_TRACING}
    return LoggedRequest(
        id=log_id,
        trace_id=trace_id,
        span_id=_tracing(metadata, "span_id") or log_id,
        parent_span_id=_tracing(metadata, "parent_span_id"),
        root=trace_id not in known_traces,
        at=milliseconds(call.moment),
        workspace=workspace_slug(call),
        api_key_id=call.key.id,
        virtual_key="",
        provider=str(request.get("provider") or ""),
        model=model,
        config="",
        prompt="",
        mode="single",
        metadata={**labels, "_user": str(user)} if user else labels,
        status=as_int(response.get("status", 200)),
        req_units=tokens_in,
        res_units=tokens_out,
        cost=cost_of(model, tokens_in, tokens_out) if tokens_in + tokens_out else 0,
        saved=0,
        latency=as_int(response.get("response_time", response.get("time"))),
        cache="DISABLED",
        retries=0,
        fallback=False,
        feedback=(),
    )


def _tracing(metadata: JsonObject, name: str) -> str:
    values: list[JsonValue] = [metadata.get(spelling) for spelling in _TRACING[name]]
    return next((str(value) for value in values if value), "")


ROUTES: Final = (
    Route("POST", "/v1/logs", "logs.write", insert_logs),
    Route("GET", "/v1/logs/{log}", "logs.view", get_log),
)
