"""Spans of tool calls and of the requests to Portkey below them, sent to an OTLP collector.

Names and attributes follow OpenTelemetry's semantic conventions for MCP and HTTP. No argument, no answer and
no name that a client made up is in a span.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, MutableMapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final, Protocol

import structlog
from opentelemetry import context as contexts
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Span, SpanKind, Status, StatusCode, format_span_id, format_trace_id
from opentelemetry.trace import set_span_in_context as with_span
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

if TYPE_CHECKING:
    from app.telemetry.audit.record import AuditOutcome

FLUSH_SECONDS: Final = 3.0
_EXPORT_SECONDS: Final = 5.0
_METHOD: Final = "tools/call"
_FAILED: Final = frozenset({"failed", "unknown_outcome", "crashed"})
_FIRST_SERVER_ERROR: Final = 400


class _Call(Protocol):
    """A tool call, as far as a span tells of it."""

    @property
    def tool(self) -> str: ...
    @property
    def risk(self) -> str | None: ...
    @property
    def outcome(self) -> AuditOutcome | None: ...
    @property
    def code(self) -> str | None: ...
    @property
    def protocol(self) -> str | None: ...
    @property
    def carrier(self) -> Mapping[str, str] | None: ...


class Tracing:
    """The traces of one process.

    Sampling, headers, certificates and limits are set by the standard variables (`OTEL_TRACES_SAMPLER`,
    `OTEL_EXPORTER_OTLP_HEADERS`, ...). A span that cannot be sent is dropped, and no call waits for it.

    Args:
        endpoint: Base URL of the collector, which takes OTLP over HTTP.
        service_name: What this service is called.
        version: Its version.
        to_portkey: Whether requests to Portkey carry `traceparent`.
    """

    def __init__(self, endpoint: str, *, service_name: str, version: str, to_portkey: bool) -> None:
        self._provider = TracerProvider(
            resource=Resource.create({"service.name": service_name, "service.version": version}),
            shutdown_on_exit=False,
        )
        exporter = OTLPSpanExporter(endpoint=f"{endpoint}/v1/traces", timeout=_EXPORT_SECONDS)
        self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer = self._provider.get_tracer("portkey-admin-mcp", version)
        self._propagator = TraceContextTextMapPropagator()
        self._to_portkey = to_portkey

    def call(self, call: _Call) -> Callable[[], None]:
        """Begin the span of a tool call, as a child of what the client sent; return what ends it."""
        parent = self._propagator.extract(call.carrier or {}, context=contexts.Context())
        known = call.risk is not None
        span = self._tracer.start_span(
            f"{_METHOD} {call.tool}" if known else _METHOD, context=parent, kind=SpanKind.SERVER
        )
        span.set_attribute("mcp.method.name", _METHOD)
        if known:
            span.set_attributes({"gen_ai.tool.name": call.tool, "portkey_admin_mcp.risk": str(call.risk)})
        if call.protocol is not None:
            span.set_attribute("mcp.protocol.version", call.protocol)
        entered = contexts.attach(with_span(span, parent))
        bound = structlog.contextvars.bind_contextvars(**_ids(span))

        def ended() -> None:
            outcome = call.outcome or "crashed"
            span.set_attribute("portkey_admin_mcp.outcome", outcome)
            if outcome in _FAILED:
                span.set_attribute("error.type", outcome)
                span.set_status(Status(StatusCode.ERROR))
            span.end()
            structlog.contextvars.reset_contextvars(**bound)
            contexts.detach(entered)

        return ended

    def exchange(
        self, method: str, template: str, headers: MutableMapping[str, str]
    ) -> Callable[[int | None, str | None], None]:
        """Begin the span of an attempt at a request to Portkey; return what ends it."""
        span = self._tracer.start_span(f"{method} {template}", kind=SpanKind.CLIENT)
        span.set_attributes({"http.request.method": method, "url.template": template})
        if self._to_portkey:
            self._propagator.inject(headers, context=with_span(span))

        def ended(status: int | None, failure: str | None) -> None:
            if status is not None:
                span.set_attribute("http.response.status_code", status)
            error = failure or (str(status) if status is None or status >= _FIRST_SERVER_ERROR else None)
            if error is not None:
                span.set_attribute("error.type", error)
                span.set_status(Status(StatusCode.ERROR))
            span.end()

        return ended

    @asynccontextmanager
    async def run(self) -> AsyncIterator[None]:
        """Trace within this context; at its end, what waits is sent, for `FLUSH_SECONDS` at most."""
        try:
            yield
        finally:
            # Sending blocks, in a thread: whoever stops must not wait for a collector that is away.
            ending = asyncio.create_task(asyncio.to_thread(self._provider.shutdown))
            await asyncio.wait({ending}, timeout=FLUSH_SECONDS)


def _ids(span: Span) -> dict[str, str]:
    where = span.get_span_context()
    return {"trace_id": format_trace_id(where.trace_id), "span_id": format_span_id(where.span_id)}
