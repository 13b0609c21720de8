"""What stands before the MCP endpoint, from the settings: who calls, and how often."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.auth.bearer import BearerVerifier
from app.auth.scopes import ALL_SCOPES
from app.web.discovery import Discovery
from app.web.rate_limits.failover import FailoverStore
from app.web.rate_limits.limits import Limit, RateLimits
from app.web.rate_limits.memory import MemoryStore

if TYPE_CHECKING:
    from app.auth.clerk.sign_in import ClerkSignIn
    from app.auth.policy_file import PolicyFile
    from app.auth.verifier import TokenVerifier
    from app.settings import Settings
    from app.telemetry.component import Component


def clerk_sign_in(settings: Settings) -> ClerkSignIn | None:
    """Build the login with Clerk; None in other modes. Connects to nothing yet."""
    if settings.auth_mode != "clerk":
        return None
    from app.auth.clerk.sign_in import ClerkSignIn

    return ClerkSignIn(settings)


def verifier_of(settings: Settings, clerk: ClerkSignIn | None) -> TokenVerifier | None:
    """Return what checks tokens; None when everybody may call."""
    if clerk is not None:
        return clerk.verifier
    if settings.auth_mode == "none":
        return None
    return BearerVerifier(token.get_secret_value() for token in settings.auth_tokens)


def discovery_of(settings: Settings, clerk: ClerkSignIn | None) -> Discovery | None:
    """Return where callers sign in; None where they do not."""
    if clerk is None:
        return None
    return Discovery(
        issuer=clerk.issuer,
        scopes=settings.clerk_scopes or ALL_SCOPES,
        server_metadata=clerk.server_metadata,
        audience_configured=bool(settings.clerk_audience),
    )


def build_rate_limits(settings: Settings) -> RateLimits | None:
    """Build the rate limits; None when they are off. Connects to nothing yet."""
    if not settings.rate_limit_enabled:
        return None
    limit = Limit(
        capacity=settings.rate_limit_max,
        refill=settings.rate_limit_refill or settings.rate_limit_max,
        window=settings.rate_limit_window_ms / 1000,
    )
    memory = MemoryStore(max_buckets=settings.rate_limit_max_buckets)
    url = settings.rate_limit_redis_url or settings.redis_url
    if settings.rate_limit_store == "memory" or url is None:
        return RateLimits(limit, memory)
    from app.redis_client import connect
    from app.web.rate_limits.redis import RedisStore

    shared = RedisStore(connect(url.get_secret_value()), prefix=settings.rate_limit_redis_key_prefix)
    return RateLimits(
        limit, FailoverStore(shared, local=memory, direction=settings.rate_limit_on_redis_failure)
    )


def front_door_components(
    rate_limits: RateLimits | None, clerk: ClerkSignIn | None, policy_file: PolicyFile | None
) -> dict[str, Component]:
    """Return the parts that may fail while the process goes on, by the name /ready gives them."""
    components: dict[str, Component] = {}
    if rate_limits is not None and isinstance(rate_limits.store, FailoverStore):
        components["rate_limits"] = rate_limits.store.state
    if clerk is not None:
        components["clerk"] = clerk.verifier.state
    if policy_file is not None:
        components["policy"] = policy_file.state
    return components
