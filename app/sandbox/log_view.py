"""A logged request as `GET /v1/logs/{id}` shows it, and as a line of an export."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from app.sandbox.clock import timestamp
from app.sandbox.company import ORGANISATION_ID
from app.sandbox.json_types import JsonObject, JsonValue, as_object
from app.sandbox.logged import moment_of
from app.sandbox.traffic import LoggedRequest

_URLS: Final = {
    "openai": "https://api.openai.com/v1/chat/completions",
    "anthropic": "https://api.anthropic.com/v1/messages",
    "azure-openai": "https://brightwater.openai.azure.com/openai/deployments/main/chat/completions",
}
_ERRORS: Final = {
    400: "The request is too long for this model.",
    408: "The model did not answer in time.",
    429: "Rate limit reached. Try again later.",
    500: "The provider failed.",
    503: "The provider is overloaded.",
}


def show_log(request: LoggedRequest, payload: JsonObject) -> JsonObject:
    """Return the log object.

    Args:
        request: What was logged.
        payload: Request and response as a caller inserted them; empty for the company's own traffic.
    """
    return {
        "_id": request.id,
        "request": _request(request, as_object(payload.get("request"))),
        "response": _response(request, as_object(payload.get("response"))),
        "organisation_id": ORGANISATION_ID,
        "created_at": _created_at(request),
        "metrics": _metrics(request, payload),
    }


def export_line(request: LoggedRequest, payload: JsonObject, fields: list[JsonValue]) -> JsonObject:
    """Return the members of an export's line that were asked for, in the order of the API description."""
    return {name: show(request, payload) for name, show in EXPORT_FIELDS.items() if name in fields}


def _request(request: LoggedRequest, inserted: JsonObject) -> JsonObject:
    own: JsonObject = {
        "headers": {"content-type": "application/json", "authorization": f"Bearer {request.span_id}"},
        "body": {
            "model": request.model,
            "messages": [{"role": "user", "content": f"One of many: {request.metadata.get('feature')}."}],
        },
    }
    return {
        "url": _url(request, {"request": inserted}),
        "method": str(inserted.get("method") or "POST").upper(),
        **{name: inserted.get(name, {}) if inserted else own[name] for name in ("headers", "body")},
        "portkeyHeaders": {"x-portkey-trace-id": request.trace_id, "x-portkey-span-id": request.span_id},
    }


def _response(request: LoggedRequest, inserted: JsonObject) -> JsonObject:
    answer: JsonObject = {"message": {"role": "assistant", "content": "Done."}, "finish_reason": "stop"}
    usage: JsonObject = {
        "prompt_tokens": request.req_units,
        "completion_tokens": request.res_units,
        "total_tokens": request.total_units,
    }
    error: JsonObject = {"error": {"message": _ERRORS.get(request.status, "The request failed.")}}
    own: JsonObject = {
        "headers": {"content-type": "application/json"},
        "body": {"model": request.model, "choices": [answer], "usage": usage}
        if request.is_success
        else error,
    }
    return {
        "status": request.status,
        **{name: inserted.get(name, {}) if inserted else own[name] for name in ("headers", "body")},
        "responseTime": request.latency,
        "lastUsedOptionJsonPath": f"$.config.targets[{int(request.fallback)}]" if request.config else "",
    }


def _metrics(request: LoggedRequest, payload: JsonObject) -> JsonObject:
    metadata = request.metadata
    return {
        "id": request.id,
        "organisation_id": ORGANISATION_ID,
        "organisation_name": "Brightwater",
        **export_line(request, payload, [*_SHARED]),
        "request_method": "POST",
        "cache_status": request.cache,
        "retry_success_count": request.retries,
        "span_id": request.span_id,
        "span_name": str(metadata.get("feature") or "llm"),
        "parent_span_id": request.parent_span_id,
        "virtual_key": request.virtual_key,
        "last_used_option_index": int(request.fallback),
        "workspace_slug": request.workspace,
        "log_store_file_path_format": "v1",
        "metadata.key": [*metadata],
        "metadata.value": [*metadata.values()],
        "api_key_id": request.api_key_id,
    }


def _url(request: LoggedRequest, payload: JsonObject) -> str:
    inserted = as_object(payload.get("request")).get("url")
    return str(inserted or _URLS.get(request.provider, ""))


def _created_at(request: LoggedRequest) -> str:
    return timestamp(moment_of(request))


EXPORT_FIELDS: Final[Mapping[str, Callable[[LoggedRequest, JsonObject], JsonValue]]] = {
    "id": lambda one, _: one.id,
    "trace_id": lambda one, _: one.trace_id,
    "created_at": lambda one, _: _created_at(one),
    "request": lambda one, payload: _request(one, as_object(payload.get("request"))),
    "response": lambda one, payload: _response(one, as_object(payload.get("response"))),
    "is_success": lambda one, _: one.is_success,
    "ai_org": lambda one, _: one.provider,
    "ai_model": lambda one, _: one.model,
    "req_units": lambda one, _: one.req_units,
    "res_units": lambda one, _: one.res_units,
    "total_units": lambda one, _: one.total_units,
    "request_url": _url,
    "cost": lambda one, _: one.cost / 100,
    "cost_currency": lambda _, __: "USD",
    "response_time": lambda one, _: one.latency,
    "response_status_code": lambda one, _: one.status,
    "mode": lambda one, _: one.mode,
    "config": lambda one, _: one.config,
    "prompt_slug": lambda one, _: one.prompt,
    "metadata": lambda one, _: {**one.metadata},
}
"""What an export may contain, by name."""

_SHARED: Final = tuple(
    name for name in EXPORT_FIELDS if name not in ("id", "request", "response", "metadata")
)
