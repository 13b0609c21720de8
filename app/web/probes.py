"""GET /health, /ready and /auth/info: what orchestrators and clients ask before they call."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING

import orjson
from starlette.responses import Response

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request

    from app.telemetry.component import ComponentState
    from app.web.options import WebOptions
    from app.web.readiness import Readiness
    from app.web.upstream_check import Verdict


def _json(content: Mapping[str, object], status: int = HTTPStatus.OK) -> Response:
    return Response(
        orjson.dumps(content),
        status_code=status,
        media_type="application/json",
        headers={"Cache-Control": "no-store"},
    )


def _timestamp() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _portkey(verdict: Verdict) -> dict[str, object]:
    timing = {"latency_ms": verdict.latency_ms, "cached": verdict.cached}
    if verdict.reason is None:
        return {"status": "ok", **timing}
    return {"status": "error", "reason": verdict.reason, **timing}


def _component(state: ComponentState) -> dict[str, str]:
    return (
        {"status": state.status} if state.reason is None else {"status": state.status, "reason": state.reason}
    )


class Probes:
    """The three endpoints. Their answers are open to everybody, so they tell modes and counts and no more."""

    def __init__(self, options: WebOptions, readiness: Readiness) -> None:
        self._options = options
        self._readiness = readiness
        self._started = time.monotonic()

    async def health(self, _request: Request) -> Response:
        """Answer 200 for as long as the process can answer at all, draining included."""
        return _json(
            {
                "status": "ok",
                "timestamp": _timestamp(),
                "uptime": round(time.monotonic() - self._started, 3),
                "version": self._options.version,
            }
        )

    async def ready(self, _request: Request) -> Response:
        """Answer 200 when this process wants traffic, else 503 with a one-word reason.

        With an upstream check, Portkey must answer too; the wait for it is bounded by the check's deadline.
        The parts of this process are told of, and those that are required must not have failed.
        """
        report = await self._readiness.report()
        body: dict[str, object] = {
            "status": "ready" if report.lacking is None else "not_ready",
            "sessionMode": self._options.session_mode,
            "eventStoreMode": self._options.event_store_mode,
            "sessions": self._readiness.sessions,
            "timestamp": _timestamp(),
            "components": {name: _component(state) for name, state in report.components.items()},
        }
        if report.portkey is not None:
            body["portkey"] = _portkey(report.portkey)
        elif report.lacking is not None:
            body["reason"] = report.lacking
        else:
            body["check"] = "local"
        return _json(body, HTTPStatus.OK if report.lacking is None else HTTPStatus.SERVICE_UNAVAILABLE)

    async def auth_info(self, _request: Request) -> Response:
        """Describe how to connect. The endpoint is the advertised one, never what the Host header says."""
        options = self._options
        clerk = options.discovery
        return _json(
            {
                "mode": options.auth_mode,
                "sessionMode": options.session_mode,
                "eventStoreMode": options.event_store_mode,
                "mcpEndpoint": options.endpoint,
                "backend": options.backend,
                "clerk": {
                    "issuerConfigured": clerk is not None,
                    "jwksConfigured": clerk is not None,
                    "audienceConfigured": clerk is not None and clerk.audience_configured,
                },
                "tls": {"enabled": options.tls, "protocol": "https" if options.tls else "http"},
            }
        )
