"""Metrics and traces, from the settings."""

from __future__ import annotations

import importlib.util
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING

from app import __version__
from app.auth.bearer import BearerVerifier
from app.settings import Check, Problem
from app.web.metrics import MetricsEndpoint, metrics_listener

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from app.portkey.observed import ExchangeObserver
    from app.portkey.transport import Transport
    from app.protocol.auditing import CallObserver
    from app.settings import Settings
    from app.telemetry.metrics.metrics import Metrics
    from app.telemetry.tracing.tracing import Tracing


class Telemetry:
    """What watches one process. Loads nothing that the settings do not ask for.

    Attributes:
        metrics: Counts; None when nobody may read it.
        call_observers: Told of tool calls.
        main_endpoint: Answers at /metrics of the main port; None when it is not there.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._tracing = _tracing(settings)
        self.metrics = _metrics(settings)
        self.call_observers: list[CallObserver] = []
        self._exchange_observers: list[ExchangeObserver] = []
        if self.metrics is not None:
            from app.telemetry.metrics.observing import MeasuredCalls, MeasuredExchanges

            self.call_observers.append(MeasuredCalls(self.metrics))
            self._exchange_observers.append(MeasuredExchanges(self.metrics))
        if self._tracing is not None:
            self.call_observers.append(self._tracing.call)
            self._exchange_observers.append(self._tracing.exchange)
        self._endpoint = None if self.metrics is None else MetricsEndpoint(self.metrics, _verifier(settings))
        self.main_endpoint = None if settings.metrics_port else self._endpoint

    def observed(self, transport: Transport) -> Transport:
        """Return the transport, watched if anybody watches."""
        if not self._exchange_observers:
            return transport
        from app.portkey.observed import ObservedTransport

        return ObservedTransport(transport, self._exchange_observers)

    @asynccontextmanager
    async def run(self) -> AsyncIterator[None]:
        """Watch within this context.

        Raises:
            BindError: The address of the metrics cannot be listened on.
        """
        async with AsyncExitStack() as stack:
            if self._tracing is not None:
                await stack.enter_async_context(self._tracing.run())
            if self.metrics is not None and self._endpoint is not None:
                from app.telemetry.metrics.loop_lag import watched_loop

                await stack.enter_async_context(watched_loop(self.metrics.lag))
                if port := self._settings.metrics_port:
                    listener = metrics_listener(self._endpoint, host=self._settings.metrics_host, port=port)
                    await stack.enter_async_context(listener)
            yield


def check_telemetry(settings: Settings) -> Iterator[Problem]:
    """Yield the problems of what watches this process."""
    if settings.otel_endpoint is not None and not _can_trace():
        yield Problem(
            settings.variable("otel_endpoint"),
            settings.otel_endpoint,
            "Traces need OpenTelemetry, which is not installed. Run pip install 'portkey-admin-mcp[otel]', or"
            " unset the variable.",
        )
    if settings.metrics_port is not None and settings.metrics_port == settings.port:
        yield Problem(
            settings.variable("metrics_port"),
            str(settings.metrics_port),
            "This is the port of the service. Name another one, or unset it and set MCP_METRICS_TOKEN: then"
            " /metrics is on the port of the service.",
        )


TELEMETRY_CHECK = Check(("otel_endpoint", "metrics_port", "port"), check_telemetry)


def _can_trace() -> bool:
    try:
        return importlib.util.find_spec("opentelemetry.exporter.otlp.proto.http") is not None
    except ModuleNotFoundError:
        return False


def _metrics(settings: Settings) -> Metrics | None:
    wanted = settings.metrics_port is not None or settings.metrics_tokens
    if settings.transport != "http" or not wanted:
        return None
    from app.telemetry.metrics.metrics import Metrics

    return Metrics(version=__version__, backend="portkey" if settings.reaches_portkey else "sandbox")


def _tracing(settings: Settings) -> Tracing | None:
    if settings.otel_endpoint is None:
        return None
    from app.telemetry.tracing.tracing import Tracing

    return Tracing(
        settings.otel_endpoint,
        service_name=settings.otel_service_name,
        version=__version__,
        to_portkey=settings.trace_portkey,
    )


def _verifier(settings: Settings) -> BearerVerifier | None:
    if not settings.metrics_tokens:
        return None
    return BearerVerifier(token.get_secret_value() for token in settings.metrics_tokens)
