"""The composition root: from settings to a service. The only place that builds things."""

from __future__ import annotations

import gc
from contextlib import asynccontextmanager, nullcontext
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from app import __version__
from app.auth.grants import Grant
from app.auth.principal import ANONYMOUS, STDIO
from app.catalog import index, snapshot
from app.catalog.toolbox import Toolbox
from app.portkey.client import ApiRequest
from app.portkey.errors import PortkeyError
from app.protocol.core import Core, build_core
from app.protocol.late import LateHandler
from app.protocol.short.path import short_path
from app.settings import Settings
from app.telemetry.redaction import Redactor
from app.web.allow_list import AllowList
from app.web.application import create_application
from app.web.base_url import advertised_base_url
from app.web.options import WebOptions
from app.web.rate_limits.limits import RateLimits
from app.web.readiness import Readiness
from app.web.trusted_proxies import TrustedProxies
from app.web.upstream_check import ProbeFailedError, Reason, UpstreamCheck
from app.wiring.audit import build_audit
from app.wiring.backend import Backend, build_backend
from app.wiring.front_door import (
    build_rate_limits,
    clerk_sign_in,
    discovery_of,
    front_door_components,
    verifier_of,
)
from app.wiring.grants import (
    grant_of_stdio,
    grants_of,
    load_policy_file,
    server_policy,
)
from app.wiring.interaction import Interaction
from app.wiring.memory import building
from app.wiring.sessions import build_stores, components_of, kept_events_of
from app.wiring.settings import load_certificates, read_settings
from app.wiring.telemetry import Telemetry

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence

    from starlette.applications import Starlette

    from app.auth.clerk.sign_in import ClerkSignIn
    from app.auth.policy import GovernedTool, Risk
    from app.auth.principal import Principal
    from app.catalog.tool import Tool
    from app.protocol.admin_server import AdminServer
    from app.protocol.late import Handler
    from app.protocol.stores import Stores

__all__ = ["Backend", "Service", "build_backend", "load_certificates", "read_settings"]


class Service:
    """The service of one process, built from its settings.

    Args:
        settings: How to serve.
        tools: Every tool offered; the declared catalogue unless a test brings its own.
        env: Environment variables that the policy file's credentials may name.
        keep_secret: Told of secrets that the settings do not hold, so that the log can mask them.

    Attributes:
        policy: What the service permits at most.
        policy_file: Who may do what of that; None when it is the same for all.

    Raises:
        SettingsError: The policy file cannot be used, or the environment names a proxy that cannot.
    """

    def __init__(
        self,
        settings: Settings,
        tools: Sequence[Tool] | None = None,
        *,
        env: Mapping[str, str] | None = None,
        keep_secret: Callable[[Iterable[str]], None] = lambda _secrets: None,
    ) -> None:
        self.settings = settings
        self._telemetry = Telemetry(settings)
        self.backend = build_backend(settings, self._telemetry.observed)
        self.policy = server_policy(settings)
        offered: Sequence[GovernedTool] = index.read() if tools is None else tools
        forms = snapshot.read() if tools is None else {tool.name: snapshot.wire_form(tool) for tool in tools}
        self.toolbox = Toolbox(
            offered,
            forms,
            self.backend.client,
            self.backend.credential,
            max_result_bytes=settings.max_result_bytes,
        )
        redactor = Redactor(settings.secret_values())

        def keep(secrets: Iterable[str]) -> None:
            known = tuple(secrets)
            redactor.learn(known)
            keep_secret(known)

        self.audit = build_audit(settings, redactor, self._telemetry.call_observers)
        self.policy_file = load_policy_file(settings, offered, env or {}, keep)
        self._grants = grants_of(settings, self.policy_file)
        self._domains = tuple(dict.fromkeys(tool.domain for tool in offered))
        self._interaction = Interaction(settings, domains=self._domains, changes=self.policy_file is not None)

    @property
    def base_url(self) -> str:
        """The address this service tells others to use."""
        settings = self.settings
        return advertised_base_url(
            public_base_url=settings.public_base_url,
            host=settings.host,
            port=settings.port,
            scheme="https" if settings.tls_cert_path else "http",
        )

    @property
    def on_hangup(self) -> tuple[Callable[[], None], ...]:
        """What SIGHUP calls, besides having the certificate read again."""
        audit = [self.audit.trail.reopen] if self.settings.audit_file else []
        policy = [self._reload_policy] if self.policy_file else []
        return (*audit, *policy)

    def core(self, principal: Principal, grant: Grant | None = None) -> Core:
        """Build what answers. `principal` calls, with `grant`, when the transport does not say who does."""
        grant = grant or Grant(self.policy)
        return build_core(
            self.toolbox,
            version=__version__,
            default_principal=principal,
            default_policy=grant.policy,
            default_portkey_key=grant.portkey_key,
            sandbox=self.backend.sandbox,
            page_size=self.settings.tools_page_size,
            asks=self._interaction.asks,
            audit=self.audit,
            notices=self._interaction.notices,
        )

    def mcp_server(self, core: Core) -> AdminServer:
        """Build the SDK's server around what answers. Takes as long as importing the SDK does."""
        from app.wiring.full import full_server

        return full_server(core, self._interaction)

    def application(self) -> tuple[Starlette, Readiness]:
        """Build the HTTP application, and what /ready reports."""
        settings = self.settings
        stores = build_stores(settings)
        rate_limits = build_rate_limits(settings)
        clerk = clerk_sign_in(settings)
        core = self.core(ANONYMOUS)

        def load() -> Callable[[], Handler]:
            with building():
                from app.catalog.registry import load_tools

                if not self.backend.sandbox:
                    import app.portkey.network  # noqa: F401 - calls come before what takes the SDK
                load_tools()
                from app.wiring.full import full_handler

            return lambda: full_handler(self.mcp_server(core), settings, stores)

        handler = LateHandler(load)

        @asynccontextmanager
        async def lifespan(_application: Starlette) -> AsyncIterator[None]:
            try:
                async with (
                    self._telemetry.run(),
                    # The trail is the last of the parts to end: calls that are cut off are on record too.
                    self.audit.trail.run(),
                    self._interaction.run(),
                    stores.run(),
                    handler.run(),
                    clerk.run() if clerk else nullcontext(),
                ):
                    gc.freeze()
                    yield
            finally:
                if rate_limits is not None:
                    await rate_limits.store.aclose()
                await self.backend.client.aclose()

        readiness = Readiness(
            session_count=lambda: stores.open_sessions,
            upstream=UpstreamCheck(self._probe) if self._can_probe else None,
            components=front_door_components(rate_limits, clerk, self.policy_file)
            | components_of(stores)
            | {"audit": self.audit.trail.state, "mcp": handler.state}
            | self._interaction.components(),
            on_release=self._interaction.release,
            required={*settings.ready_require, "mcp"},
        )
        self._measure(readiness, stores)
        application = create_application(
            mcp=short_path(handler, core, stores),
            options=self._web_options(rate_limits, clerk),
            readiness=readiness,
            lifespan=lifespan,
        )
        return application, readiness

    async def serve_stdio(self) -> None:
        """Serve the client at this process's standard streams until it leaves.

        Raises:
            SettingsError: The policy file grants it nothing.
        """
        with building():
            from app.protocol.stdio import serve_stdio

            server = self.mcp_server(self.core(STDIO, grant_of_stdio(self.settings, self._grants, STDIO)))
        try:
            async with self._telemetry.run(), self.audit.trail.run(), self._interaction.run():
                await serve_stdio(server)
        finally:
            await self.backend.client.aclose()

    def _web_options(self, rate_limits: RateLimits | None, clerk: ClerkSignIn | None) -> WebOptions:
        settings = self.settings
        is_open = settings.auth_mode == "none"
        origins = AllowList.parse(settings.allowed_origins)
        hosts = settings.allowed_hosts or settings.allowed_origins
        public = [_origin_of(settings.public_base_url)] if settings.public_base_url else []
        return WebOptions(
            version=__version__,
            base_url=self.base_url,
            auth_mode=settings.auth_mode,
            verifier=verifier_of(settings, clerk),
            discovery=discovery_of(settings, clerk),
            risk_of=self._risk_of if clerk else None,
            on_denied=self.audit.denied,
            grants=self._grants,
            caller_keys=settings.allow_caller_key,
            domains=self._domains,
            allowed_origins=origins,
            # Without a token, a name that somebody rebound to this address must not be enough.
            allowed_hosts=AllowList.parse([*hosts, *public]) if is_open or settings.allowed_hosts else None,
            trusted_proxies=TrustedProxies.parse(settings.trust_proxy),
            rate_limits=rate_limits,
            max_concurrent_requests=settings.max_concurrent_requests,
            max_concurrent_requests_per_principal=settings.max_concurrent_requests_per_principal,
            max_request_bytes=settings.max_request_bytes,
            stream_max_age=settings.stream_max_age_seconds,
            session_mode=settings.session_mode,
            sessions_shared=settings.session_store_mode == "redis",
            event_store_mode=settings.event_store_mode,
            backend="sandbox" if self.backend.sandbox else "portkey",
            tls=settings.tls_cert_path is not None,
            metrics=self._telemetry.metrics,
            metrics_endpoint=self._telemetry.main_endpoint,
        )

    def _measure(self, readiness: Readiness, stores: Stores) -> None:
        """Have the metrics tell of the parts that there are."""
        metrics = self._telemetry.metrics
        if metrics is None:
            return
        metrics.reads(
            components=readiness.components,
            ready=lambda: readiness.phase == "serving" and not readiness.lacks(readiness.components()),
            lost_records=lambda: self.audit.trail.lost,
        )
        metrics.gauge("sessions", "Open sessions of this process.", lambda: stores.open_sessions)
        if (kept_events := kept_events_of(stores)) is not None:
            metrics.gauge("events_kept", "Events that wait in this process.", kept_events)

    def _reload_policy(self) -> None:
        """Read the policy file again, and tell clients when it says something else."""
        if self.policy_file is None:
            return
        before = self.policy_file.rules
        self.policy_file.reload()
        if self.policy_file.rules != before:
            self._interaction.notices.tools_changed()

    def _risk_of(self, name: str) -> Risk | None:
        tool = self.toolbox.selection(self.policy).tool(name)
        return None if tool is None else tool.risk

    @property
    def _can_probe(self) -> bool:
        return self.settings.ready_check == "portkey" and self.backend.credential is not None

    async def _probe(self) -> None:
        """Ask Portkey something cheap that every admin key may."""
        try:
            await self.backend.client.call(ApiRequest("GET", "/configs"), self.backend.credential)
        except PortkeyError as error:
            raise ProbeFailedError(_reason(error)) from error


def _reason(error: PortkeyError) -> Reason:
    if error.status is None:
        return "unreachable"
    return "refused" if error.status in (401, 403) else "error"


def _origin_of(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
