"""What the web layer needs to know; the composition root fills it from the settings."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from app.auth.grants import Grant, Grants, SameForAll
from app.auth.policy import ALLOW_ALL
from app.web import paths
from app.web.allow_list import AllowList
from app.web.discovery import Challenge, Discovery
from app.web.trusted_proxies import TrustedProxies

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import ASGIApp

    from app.auth.policy import Risk
    from app.auth.verifier import TokenVerifier
    from app.telemetry.metrics.metrics import Metrics
    from app.web.middleware.tool_scopes import OnDenied
    from app.web.rate_limits.limits import RateLimits

AuthMode = Literal["none", "bearer", "clerk"]
SessionMode = Literal["stateful", "stateless"]
EventStoreMode = Literal["off", "memory", "redis"]
Backend = Literal["sandbox", "portkey"]


@dataclass(frozen=True, slots=True)
class WebOptions:
    """Plain values, fixed for the life of the application.

    Attributes:
        version: Version of this package.
        base_url: The advertised address, without a slash at its end (see `app.web.base_url`).
        auth_mode: How callers of /mcp identify themselves.
        verifier: Checks the tokens; required unless `auth_mode` is "none".
        discovery: Where callers sign in, with "clerk".
        risk_of: The risk of a tool of this service, by name, where callers can ask for more scopes.
        on_denied: Told of each call that was refused for want of scopes.
        grants: What each principal may do, and with which Portkey key.
        caller_keys: Whether callers may bring Portkey keys of their own at all; shown on the status page.
        domains: The tool domains there are, in listing order; a URL may select among them.
        allowed_origins: Origins that browsers may call from.
        allowed_hosts: Names this service answers to; None switches the Host check off.
        trusted_proxies: Who is believed about the client's address and scheme.
        rate_limits: How often an address, and how often a principal, may call; None is without limit.
        max_concurrent_requests: How many requests to /mcp are answered at once.
        max_concurrent_requests_per_principal: How many of these one principal may have.
        max_request_bytes: Largest accepted body of a request to /mcp.
        body_timeout: Seconds a client may take to send that body.
        stream_max_age: Seconds after which a GET stream ends, to be opened anew.
        session_mode: Whether sessions of the 2025 era exist.
        sessions_shared: Whether another process can go on with a session of this one.
        event_store_mode: Where events for resumption are kept.
        backend: Whether tools reach Portkey or the sandbox in this process.
        tls: Whether this process itself speaks TLS.
        metrics: Counts requests; None for not counting.
        metrics_endpoint: Answers at /metrics; None when there is nothing at this path.
    """

    version: str
    base_url: str
    auth_mode: AuthMode = "none"
    verifier: TokenVerifier | None = None
    discovery: Discovery | None = None
    risk_of: Callable[[str], Risk | None] | None = None
    on_denied: OnDenied | None = None
    grants: Grants = field(default_factory=lambda: SameForAll(Grant(ALLOW_ALL)))
    caller_keys: bool = False
    domains: tuple[str, ...] = ()
    allowed_origins: AllowList = field(default_factory=AllowList.loopback)
    allowed_hosts: AllowList | None = field(default_factory=AllowList.loopback)
    trusted_proxies: TrustedProxies = field(default_factory=lambda: TrustedProxies.parse("loopback"))
    rate_limits: RateLimits | None = None
    max_concurrent_requests: int = 1024
    max_concurrent_requests_per_principal: int = 256
    max_request_bytes: int = 1024 * 1024
    body_timeout: float = 30.0
    stream_max_age: float = 3600.0
    session_mode: SessionMode = "stateless"
    sessions_shared: bool = False
    event_store_mode: EventStoreMode = "off"
    backend: Backend = "portkey"
    tls: bool = False
    metrics: Metrics | None = None
    metrics_endpoint: ASGIApp | None = None

    def __post_init__(self) -> None:
        """Refuse a combination that would leave /mcp open, or closed, by accident.

        Raises:
            ValueError: A verifier is missing, or given although nobody would ask it.
        """
        if (self.auth_mode == "none") != (self.verifier is None):
            message = f"Authentication mode {self.auth_mode!r} does not fit the verifier {self.verifier!r}."
            raise ValueError(message)

    @property
    def challenge(self) -> Challenge:
        """What a caller without a valid token is told."""
        return Challenge() if self.discovery is None else self.discovery.challenge(self.base_url)

    @property
    def endpoint(self) -> str:
        """The advertised URL of the MCP endpoint."""
        return f"{self.base_url}{paths.MCP}"
