"""One call of every logging tool."""

from __future__ import annotations

from typing import Any, Final

from app.sandbox.clock import timestamp
from app.sandbox.company import workspace_id
from app.sandbox.ids import seed_id
from app.sandbox.logged import moment_of
from tests.catalog.calls import Call
from tests.catalog.calls.tracing import a_log

ALL: Final = "/v1/logs/exports"
DONE, DRAFT, RUNNING = (seed_id("log_export", name) for name in ("overload", "expensive", "everything"))
LOG: Final[dict[str, Any]] = {
    "request_url": "https://llm.example/v1/chat/completions",
    "request_body": {"model": "gpt-4o", "messages": [{"role": "user", "content": "Hello"}]},
    "response_body": {"usage": {"prompt_tokens": 10, "completion_tokens": 5}},
}
WHOLE_LOG: Final[dict[str, Any]] = {
    **LOG,
    "request_provider": "openai",
    "request_method": "post",
    "request_headers": {"x-team": "research"},
    "response_status": 200,
    "response_headers": {"x-cost": "1"},
    "response_time": 812,
    "streaming_mode": False,
    "metadata_custom": {"team": "research"},
    "metadata_user": "amara",
    "metadata_organization": "brightwater",
    "metadata_trace_id": "batch-7",
    "metadata_span_id": "s-2",
    "metadata_span_name": "rerank",
    "metadata_parent_span_id": "s-1",
}
PERIOD: Final = {"time_min": "-7d", "time_max": "now"}
FILTERS: Final[dict[str, Any]] = {
    "ai_org_model": ["openai__gpt-4o"],
    "virtual_keys": ["openai-prod-4d1e7a"],
    "configs": "pc-checko-2b7f10",
    "prompt_slug": "pp-upsell-d47b18",
    "status_code": [200, 503],
    "trace_id": "t-1,t-2",
    "metadata": {"team": "checkout"},
    "prompt_token_min": 0,
    "prompt_token_max": 90_000,
    "completion_token_min": 0,
    "completion_token_max": 10_000,
    "weighted_feedback_min": -10,
    "weighted_feedback_max": 10,
    "workspace_slug": "ws-production",
    "page_size": 100,
    "current_page": 0,
}

CALLS: tuple[Call, ...] = (
    Call(
        tool="get_log",
        minimal={"log_id": lambda _world: a_log().id},
        everything={
            "log_id": lambda _world: a_log().id,
            "path_format": "v2",
            "created_at": lambda _world: timestamp(moment_of(a_log())),
            "type": "hooks",
        },
        failing={"log_id": "none"},
        sends=("GET", f"/v1/logs/{a_log().id}"),
    ),
    Call(
        tool="get_log_export_field_restrictions",
        minimal={"workspace_id": "ws-customer-support"},
        everything={"workspace_id": workspace_id("ws-customer-support")},
        failing={"workspace_id": "none"},
        sends=("GET", f"{ALL}/field-restrictions"),
    ),
    Call(
        tool="insert_log",
        minimal=LOG,
        everything=WHOLE_LOG,
        also=(
            {
                "entries": [
                    {
                        "request": {"url": "https://llm.example/v1", "body": {"model": "gpt-4o"}},
                        "response": {"body": {}, "status": 200},
                        "metadata": {"user": "amara"},
                    }
                ]
            },
        ),
        failing={},
        sends=("POST", "/v1/logs"),
    ),
    Call(
        tool="create_log_export",
        minimal={**PERIOD, "requested_fields": ["id"]},
        everything={
            **PERIOD,
            "requested_fields": ["id", "cost", "metadata"],
            "filters": FILTERS,
            "workspace_id": "ws-production",
            "description": "For the auditors",
            "ai_model": ["gpt-4o", "claude-3-5-sonnet"],
            "cost_min": 0,
            "cost_max": 99.5,
            "total_units_min": 0,
            "total_units_max": 100_000,
        },
        failing={**PERIOD, "requested_fields": ["id"], "workspace_id": "none"},
        sends=("POST", ALL),
    ),
    Call(
        tool="list_log_exports",
        minimal={},
        everything={"workspace_id": "ws-production"},
        failing={"workspace": "ws-production"},
        sends=("GET", ALL),
    ),
    Call(
        tool="get_log_export",
        minimal={"export_id": DONE},
        everything={"export_id": DONE},
        failing={"export_id": "none"},
        sends=("GET", f"{ALL}/{DONE}"),
    ),
    Call(
        tool="start_log_export",
        minimal={"export_id": DRAFT},
        everything={"export_id": DRAFT},
        failing={"export_id": DONE},
        sends=("POST", f"{ALL}/{DRAFT}/start"),
    ),
    Call(
        tool="cancel_log_export",
        minimal={"export_id": RUNNING},
        everything={"export_id": RUNNING},
        failing={"export_id": DRAFT},
        sends=("POST", f"{ALL}/{RUNNING}/cancel"),
    ),
    Call(
        tool="download_log_export",
        minimal={"export_id": DONE},
        everything={"export_id": DONE},
        failing={"export_id": RUNNING},
        sends=("GET", f"{ALL}/{DONE}/download"),
    ),
    Call(
        tool="update_log_export",
        minimal={"export_id": DRAFT, "time_of_generation_max": "now"},
        everything={
            "export_id": DRAFT,
            "filters": {**FILTERS, "ai_model": "gpt-4o"},
            "time_of_generation_min": "-30d",
            "time_of_generation_max": "now",
            "requested_fields": ["id", "response"],
            "workspace_id": "ws-production",
        },
        failing={"export_id": DRAFT},
        sends=("PUT", f"{ALL}/{DRAFT}"),
    ),
)
