"""Logging: single logs, and exports of many as a file.

Portkey does not list logs: `GET /logs` answers 405. Analytics find what to look at, an export has the logs.
"""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from pydantic import Field, WithJsonSchema, model_validator

from app.catalog.inputs import (
    At,
    Folded,
    FreeObject,
    Identifier,
    Inputs,
    Part,
    Time,
    Timestamp,
    Unlisted,
    optional,
    required,
)
from app.catalog.log_filters import MEMBERS, ExportFilters, Texts, check_period
from app.catalog.rules import ExactlyOneOf, SomethingToChange
from app.catalog.tool import Endpoint, Risk, Tool, Workflow
from app.catalog.workflows.logs import insert_log

DOMAIN: Final = "logging"

Headers = dict[str, str]
Status = Annotated[int, Field(ge=100, le=599)]
ExportField = Literal[
    "id",
    "trace_id",
    "created_at",
    "request",
    "response",
    "is_success",
    "ai_org",
    "ai_model",
    "req_units",
    "res_units",
    "total_units",
    "request_url",
    "cost",
    "cost_currency",
    "response_time",
    "response_status_code",
    "mode",
    "config",
    "prompt_slug",
    "metadata",
]


class GetLog(Inputs):
    log_id: Identifier = required("Id.")
    path_format: Literal["v1", "v2"] | None = optional("Storage.")
    created_at: Timestamp | None = optional("Needed for v2.")
    type: Annotated[Literal["hooks"] | None, Unlisted()] = optional("For a log of hooks.")

    @model_validator(mode="after")
    def _v2_is_found_by_time(self) -> GetLog:
        if self.path_format == "v2" and not self.created_at:
            raise ValueError("path_format v2 needs created_at")
        return self


class LoggedRequest(Part):
    url: str
    body: FreeObject
    provider: str | None = None
    method: str | None = None
    headers: Headers | None = None


class LoggedResponse(Part):
    body: FreeObject
    status: Status | None = None
    headers: Headers | None = None
    response_time: float | None = Field(default=None, ge=0)
    streamingMode: bool | None = None  # noqa: N815 - Portkey's own spelling


class Entry(Part):
    request: LoggedRequest
    response: LoggedResponse
    metadata: FreeObject | None = None


class InsertLog(Inputs):
    request_url: Annotated[str | None, At("request.url"), Unlisted()] = optional("URL called.", min_length=1)
    request_body: Annotated[FreeObject | None, At("request.body"), Unlisted()] = optional("Sent.")
    response_body: Annotated[FreeObject | None, At("response.body"), Unlisted()] = optional("Received.")
    request_provider: Annotated[str | None, At("request.provider"), Unlisted()] = optional("Such as openai.")
    request_method: Annotated[str | None, At("request.method"), Unlisted()] = optional("POST when left out.")
    request_headers: Annotated[Headers | None, At("request.headers"), Unlisted()] = optional("Headers sent.")
    response_status: Annotated[Status | None, At("response.status"), Unlisted()] = optional("Default 200.")
    response_headers: Annotated[Headers | None, At("response.headers"), Unlisted()] = optional(
        "Headers that came back."
    )
    response_time: Annotated[float | None, At("response.response_time"), Unlisted()] = optional(
        "Milliseconds.", ge=0
    )
    streaming_mode: Annotated[bool | None, At("response.streamingMode"), Unlisted()] = optional(
        "Whether the answer was streamed."
    )
    # First, so that what is named by itself wins.
    metadata_custom: Annotated[FreeObject | None, At("metadata"), Unlisted()] = optional("Your own.")
    metadata_user: Annotated[str | None, At("metadata.user"), Unlisted()] = optional("User.")
    metadata_organization: Annotated[str | None, At("metadata.organization"), Unlisted()] = optional(
        "Organisation it belongs to."
    )
    # The schema in the API description spells these in snake_case and has no parent; Portkey's text beside it
    # and its SDKs spell them so, all four.
    metadata_trace_id: Annotated[str | None, At("metadata.traceId"), Unlisted()] = optional("Trace id.")
    metadata_span_id: Annotated[str | None, At("metadata.spanId"), Unlisted()] = optional("Span id.")
    metadata_span_name: Annotated[str | None, At("metadata.spanName"), Unlisted()] = optional("Span name.")
    metadata_parent_span_id: Annotated[str | None, At("metadata.parentSpanId"), Unlisted()] = optional(
        "Parent span."
    )
    entries: Annotated[list[Entry] | None, Folded()] = optional(
        "{request: {url, body, provider, method, headers}, response: {body, status, headers, response_time "
        "(ms)}, metadata: {traceId, spanId, ...}} each.",
        min_length=1,
    )

    @model_validator(mode="after")
    def _whole(self) -> InsertLog:
        # The API description requires all three of a log.
        missing = [name for name in ("request_body", "response_body") if getattr(self, name) is None]
        if self.request_url is not None and missing:
            raise ValueError(f"request_url needs {' and '.join(missing)}")
        return self


class ExportWithFilters(Inputs):
    @model_validator(mode="before")
    @classmethod
    def _in_one_place(cls, data: Any) -> Any:  # noqa: ANN401 - whatever a client sent
        filters = data.get("filters") if isinstance(data, dict) else None
        if isinstance(filters, dict) and (twice := sorted(filters.keys() & data.keys())):
            raise ValueError(f"give {', '.join(twice)} in filters or beside it, not in both")
        return data


_FILTERS: Final = f"{MEMBERS} page_size, current_page."


class CreateExport(ExportWithFilters):
    filters: Annotated[ExportFilters | None, Folded()] = optional(_FILTERS)
    time_min: Annotated[Time, At("filters.time_of_generation_min")] = required("ISO or -7d.")
    time_max: Annotated[Time, At("filters.time_of_generation_max")] = required("Or now.")
    requested_fields: Annotated[list[ExportField], At("requested_data")] = required(
        "Of each log.", min_length=1
    )
    workspace_id: str | None = optional("Else the default.")
    description: Annotated[str | None, Unlisted()] = optional("What it is for.")
    ai_model: Annotated[Texts, At("filters.ai_model")] = optional("Models.")
    cost_min: Annotated[float | None, At("filters.cost_min"), Unlisted()] = optional("Cents, at least.", ge=0)
    cost_max: Annotated[float | None, At("filters.cost_max"), Unlisted()] = optional("Cents, at most.", ge=0)
    total_units_min: Annotated[int | None, At("filters.total_units_min"), Unlisted()] = optional(
        "Tokens, at least.", ge=0
    )
    total_units_max: Annotated[int | None, At("filters.total_units_max"), Unlisted()] = optional(
        "Tokens, at most.", ge=0
    )

    @model_validator(mode="after")
    def _a_period(self) -> CreateExport:
        check_period(self.time_min, self.time_max)
        return self


class OneExport(Inputs):
    export_id: Identifier = required("Id.")


class UpdateExport(OneExport, ExportWithFilters):
    filters: Annotated[ExportFilters | None, Folded()] = optional("As in create_log_export.")
    time_of_generation_min: Annotated[Time | None, At("filters.time_of_generation_min")] = optional(
        "ISO or -7d."
    )
    time_of_generation_max: Annotated[Time | None, At("filters.time_of_generation_max")] = optional("Or now.")
    requested_fields: Annotated[
        list[ExportField] | None,
        At("requested_data"),
        WithJsonSchema({"type": "array", "items": {"type": "string"}}),
    ] = optional("As in create_log_export.", min_length=1)
    workspace_id: Annotated[str | None, Unlisted()] = optional("Workspace.")

    @model_validator(mode="after")
    def _a_period(self) -> UpdateExport:
        check_period(self.time_of_generation_min, self.time_of_generation_max)
        return self


class ListExports(Inputs):
    # Clients require it, the API description does not.
    workspace_id: str | None = optional("Id or slug.")


class FieldRestrictions(Inputs):
    workspace_id: str = required("Id or slug.", min_length=1)


_ONE: Final = "/logs/exports/{export_id}"

TOOLS = (
    Tool(
        name="get_log",
        domain=DOMAIN,
        summary="Show one log: request, response, cost, tokens, latency.",
        detail="Ids: log exports. Stored as v2: give path_format v2 and created_at.",
        risk=Risk.READ,
        scopes=("logs.view",),
        inputs=GetLog,
        call=Endpoint("GET", "/logs/{log_id}"),
    ),
    Tool(
        name="get_log_export_field_restrictions",
        domain=DOMAIN,
        summary="Show which fields of logs a workspace may not export.",
        risk=Risk.READ,
        scopes=("logs.export",),
        enterprise=True,
        inputs=FieldRestrictions,
        call=Endpoint("GET", "/logs/exports/field-restrictions"),
        lookup="list_workspaces",
    ),
    Tool(
        name="insert_log",
        domain=DOMAIN,
        summary="Log requests that did not go through Portkey, for logs and spend.",
        risk=Risk.WRITE,
        idempotent=False,
        scopes=("logs.write",),
        inputs=InsertLog,
        rules=(ExactlyOneOf(("request_url", "entries")),),
        call=Workflow(insert_log, ("POST /logs",)),
    ),
    Tool(
        name="create_log_export",
        domain=DOMAIN,
        summary="Define an export of at most 50,000 logs to a JSONL file.",
        detail="Then start_log_export; on success download_log_export.",
        risk=Risk.WRITE,
        idempotent=False,
        scopes=("logs.export",),
        enterprise=True,
        inputs=CreateExport,
        call=Endpoint("POST", "/logs/exports"),
        lookup="list_log_exports",
        form="get_log_export",
    ),
    Tool(
        name="list_log_exports",
        domain=DOMAIN,
        summary="List log exports and their status.",
        risk=Risk.READ,
        scopes=("logs.export",),
        enterprise=True,
        inputs=ListExports,
        call=Endpoint("GET", "/logs/exports"),
        lookup="list_workspaces",
    ),
    Tool(
        name="get_log_export",
        domain=DOMAIN,
        summary="Show a log export and its status.",
        risk=Risk.READ,
        scopes=("logs.export",),
        enterprise=True,
        inputs=OneExport,
        call=Endpoint("GET", _ONE),
        lookup="list_log_exports",
    ),
    Tool(
        name="start_log_export",
        domain=DOMAIN,
        summary="Start a draft log export; get_log_export shows when it is done.",
        risk=Risk.WRITE,
        idempotent=False,
        scopes=("logs.export",),
        enterprise=True,
        inputs=OneExport,
        call=Endpoint("POST", f"{_ONE}/start"),
        lookup="list_log_exports",
    ),
    Tool(
        name="cancel_log_export",
        domain=DOMAIN,
        summary="Stop a log export that is in progress.",
        risk=Risk.DESTRUCTIVE,
        idempotent=True,
        scopes=("logs.export",),
        enterprise=True,
        inputs=OneExport,
        call=Endpoint("POST", f"{_ONE}/cancel"),
        lookup="list_log_exports",
    ),
    Tool(
        name="download_log_export",
        domain=DOMAIN,
        summary="Get a finished log export's URL. Whoever has it can read the logs.",
        risk=Risk.READ,
        scopes=("logs.export",),
        enterprise=True,
        inputs=OneExport,
        call=Endpoint("GET", f"{_ONE}/download"),
        lookup="list_log_exports",
    ),
    # The API description requires filters here. Clients may leave them out, so that is left to Portkey.
    Tool(
        name="update_log_export",
        domain=DOMAIN,
        summary="Change a draft log export. Filters replace those it had; always give them.",
        risk=Risk.DESTRUCTIVE,
        idempotent=True,
        scopes=("logs.export",),
        enterprise=True,
        inputs=UpdateExport,
        rules=(SomethingToChange(),),
        call=Endpoint("PUT", _ONE),
        lookup="list_log_exports",
        form="get_log_export",
    ),
)
