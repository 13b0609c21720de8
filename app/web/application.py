"""The HTTP application: its routes, and the order a request passes through.

    blanks off header values -> request id -> access log -> metrics -> proxy -> security headers
    -> CORS -> unexpected errors -> OAuth metadata -> Origin -> Host -> preflight
    -> rate limit by address -> route
    /mcp: authentication -> rate limit by principal -> single headers -> concurrency -> grants
    -> selection by URL -> tool scopes -> methods -> content type -> body -> MCP

The middleware of /mcp wraps the endpoint itself and not the paths that lead to it, so no spelling of a path
can get around it. A call that all of them would let through takes the lane (`app.web.lane`) past them, to the
checks of its body.
"""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.routing import Route

from app.web import paths
from app.web.access_lines import AccessLines
from app.web.errors import http_exception_response
from app.web.lane.lane import Lane
from app.web.metadata import OAuthMetadata
from app.web.middleware.access_log import AccessLog
from app.web.middleware.authentication import Authentication
from app.web.middleware.body_limit import BodyLimit
from app.web.middleware.concurrency import ConcurrencyLimit
from app.web.middleware.content_type import JsonOnly
from app.web.middleware.cors import Cors
from app.web.middleware.finish_streams import FinishStreams
from app.web.middleware.grants import Granting
from app.web.middleware.host import HostGuard
from app.web.middleware.last_event_id import DropLastEventId
from app.web.middleware.measure import Measure
from app.web.middleware.methods import McpMethods
from app.web.middleware.new_sessions import NewSessions
from app.web.middleware.origin import OriginGuard
from app.web.middleware.preflight import Preflight
from app.web.middleware.proxy import ProxyHeaders
from app.web.middleware.rate_limit_address import AddressRateLimit
from app.web.middleware.rate_limit_principal import PrincipalRateLimit
from app.web.middleware.request_id import RequestId
from app.web.middleware.security_headers import SecurityHeaders
from app.web.middleware.selection import SelectingUrls, UrlSelection
from app.web.middleware.single_headers import SingleHeaders
from app.web.middleware.stream_age import StreamAge
from app.web.middleware.strip_ows import StripOws
from app.web.middleware.tool_scopes import ToolScopes
from app.web.middleware.unexpected_errors import UnexpectedErrors
from app.web.places import Places
from app.web.probes import Probes
from app.web.status_page import StatusPage

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from contextlib import AbstractAsyncContextManager

    from starlette.types import ASGIApp

    from app.web.options import WebOptions
    from app.web.readiness import Readiness

    Lifespan = Callable[[Starlette], AbstractAsyncContextManager[None]]


def create_application(
    *, mcp: ASGIApp, options: WebOptions, readiness: Readiness, lifespan: Lifespan
) -> Starlette:
    """Put the HTTP application together.

    Args:
        mcp: Serves the MCP endpoint. Finds the caller in scope["principal"] (`Principal`), scope["policy"]
            (`Policy`; before the URL narrowed it in scope["granted_policy"], and by what in
            scope["narrowing"]), the key for Portkey in scope["portkey_key"] (`PortkeyKey`, or None for the
            server's own) and, unless anybody might have sent it, scope["user"]
            (`SessionOwner`); the request's id in scope["request_id"].
        options: How to serve.
        readiness: What /ready reports; its upstream check ends with the application.
        lifespan: Entered before the first request and left after the last one.
    """

    @asynccontextmanager
    async def whole_lifespan(application: Starlette) -> AsyncIterator[None]:
        try:
            async with lifespan(application):
                yield
        finally:
            await readiness.aclose()

    lines = AccessLines()
    urls = SelectingUrls(options.domains)
    places = _places(options)
    streams = FinishStreams(StreamAge(mcp, max_age=options.stream_max_age))
    guarded = _guarded(_with_checked_body(streams, options, readiness), options, urls, places)
    calls = _with_checked_body(mcp, options, readiness)

    application = _Application(
        lambda app: Lane(app, mcp=calls, options=options, urls=urls, places=places, lines=lines),
        routes=_routes(guarded, options, readiness),
        middleware=_middleware(options, lines),
        exception_handlers={HTTPException: http_exception_response},
        lifespan=whole_lifespan,
    )
    application.router.redirect_slashes = False
    return application


class _Application(Starlette):
    """Starlette, with something in front of all its middleware, its own too."""

    def __init__(self, in_front: Callable[[ASGIApp], ASGIApp], **options: Any) -> None:  # noqa: ANN401 - Starlette's
        super().__init__(**options)
        self._in_front = in_front

    def build_middleware_stack(self) -> ASGIApp:
        return self._in_front(super().build_middleware_stack())


def _places(options: WebOptions) -> Places:
    return Places(
        in_all=options.max_concurrent_requests, per_principal=options.max_concurrent_requests_per_principal
    )


def _middleware(options: WebOptions, lines: AccessLines) -> list[Middleware]:
    """List the middleware of every route, outermost first."""
    middleware = [
        Middleware(StripOws),
        Middleware(RequestId),
        Middleware(AccessLog, lines=lines),
        *([Middleware(Measure, metrics=options.metrics)] if options.metrics else []),
        Middleware(ProxyHeaders, trusted=options.trusted_proxies),
        Middleware(SecurityHeaders),
        Middleware(Cors, allowed=options.allowed_origins),
        Middleware(UnexpectedErrors),
    ]
    if options.discovery is not None:
        middleware.append(Middleware(OAuthMetadata, discovery=options.discovery, endpoint=options.endpoint))
    middleware.append(Middleware(OriginGuard, allowed=options.allowed_origins))
    if options.allowed_hosts is not None:
        middleware.append(Middleware(HostGuard, allowed=options.allowed_hosts))
    middleware.append(Middleware(Preflight))
    if options.rate_limits is not None:
        limits = options.rate_limits
        middleware.append(Middleware(AddressRateLimit, store=limits.store, limit=limits.limit))
    return middleware


def _with_checked_body(endpoint: ASGIApp, options: WebOptions, readiness: Readiness) -> ASGIApp:
    """Put the checks of what a request asks for in front of the MCP endpoint."""
    if options.event_store_mode == "off":
        endpoint = DropLastEventId(endpoint)
    if options.session_mode == "stateful" and not options.sessions_shared:
        endpoint = NewSessions(endpoint, stopping=lambda: readiness.phase == "draining")
    return BodyLimit(endpoint, max_bytes=options.max_request_bytes, timeout=options.body_timeout)


def _guarded(endpoint: ASGIApp, options: WebOptions, urls: SelectingUrls, places: Places) -> ASGIApp:
    """Wrap the MCP endpoint; the last line is the first to see a request."""
    endpoint = JsonOnly(endpoint)
    endpoint = McpMethods(
        endpoint, session_mode=options.session_mode, resumable=options.event_store_mode != "off"
    )
    if options.risk_of is not None:
        endpoint = ToolScopes(
            endpoint, challenge=options.challenge, risk_of=options.risk_of, on_denied=options.on_denied
        )
    endpoint = UrlSelection(endpoint, urls=urls)
    endpoint = Granting(endpoint, grants=options.grants)
    endpoint = ConcurrencyLimit(endpoint, calls=places, streams=_places(options))
    endpoint = SingleHeaders(endpoint)
    if options.rate_limits is not None:
        limits = options.rate_limits
        endpoint = PrincipalRateLimit(endpoint, store=limits.store, limit=limits.limit)
    return Authentication(endpoint, verifier=options.verifier, challenge=options.challenge)


def _routes(mcp: ASGIApp, options: WebOptions, readiness: Readiness) -> list[Route]:
    probes = Probes(options, readiness)
    page = StatusPage(options, readiness)
    endpoints = {
        paths.HEALTH: probes.health,
        paths.READY: probes.ready,
        paths.AUTH_INFO: probes.auth_info,
        paths.STATUS: page.show,
        paths.STATUS_SCRIPT: page.script,
    }
    open_routes = [
        Route(spelling, endpoint, methods=["GET"])
        for path, endpoint in endpoints.items()
        for spelling in paths.spellings(path)
    ]
    guarded = {paths.MCP: mcp, paths.METRICS: options.metrics_endpoint}
    return [
        *(
            Route(spelling, app)
            for path, app in guarded.items()
            if app is not None
            for spelling in paths.spellings(path)
        ),
        *open_routes,
    ]
