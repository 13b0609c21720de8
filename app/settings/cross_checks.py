"""Checks that read several settings, and warnings about choices that work but may surprise."""

from __future__ import annotations

import difflib
import ipaddress
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from app.settings.clerk_checks import clerk_problems, clerk_warnings
from app.settings.problems import Problem
from app.settings.redis_address import RedisAddress
from app.settings.worker_checks import worker_problems, worker_warnings

if TYPE_CHECKING:
    from app.settings.model import Settings

SHORTEST_STRONG_TOKEN: Final = 16
PLACEHOLDER_TOKEN: Final = "replace_with_long_random_secret"  # noqa: S105 - stands in every example
_TLS_FIELDS: Final = ("tls_cert_path", "tls_key_path", "tls_ca_path")


@dataclass(frozen=True, slots=True)
class Check:
    """A check of settings that parsed; it is left out when one it needs did not.

    Attributes:
        needs: Names of the fields it reads.
        run: From the settings to the problems it sees.
    """

    needs: tuple[str, ...]
    run: Callable[[Settings], Iterable[Problem]]


def is_loopback(host: str) -> bool:
    """Tell whether a listener on this host is reachable from this machine only."""
    bare = host.removeprefix("[").removesuffix("]")
    try:
        return ipaddress.ip_address(bare).is_loopback
    except ValueError:
        return bare.lower().rstrip(".") == "localhost"


def _open_to_the_network(settings: Settings) -> Iterator[Problem]:
    if settings.auth_mode != "none" or settings.allow_unauthenticated_http or is_loopback(settings.host):
        return
    yield Problem(
        settings.variable("host"),
        settings.host,
        "With MCP_AUTH_MODE=none everybody who reaches this address is an admin. Set MCP_AUTH_MODE=bearer and"
        " MCP_AUTH_TOKEN, or listen on MCP_HOST=127.0.0.1, or, when something in front authenticates, set"
        " MCP_ALLOW_UNAUTHENTICATED_HTTP=true.",
    )


def _bearer_without_token(settings: Settings) -> Iterator[Problem]:
    if settings.auth_mode == "bearer" and not settings.auth_tokens:
        yield Problem(
            settings.variable("auth_tokens"),
            None,
            "MCP_AUTH_MODE=bearer needs a token. Set MCP_AUTH_TOKEN, or MCP_AUTH_TOKEN_FILE to a file that"
            " holds one; `openssl rand -hex 32` makes a good one.",
        )


def _redis_without_url(settings: Settings) -> Iterator[Problem]:
    stores = {"MCP_EVENT_STORE": settings.event_store, "MCP_SESSION_STORE": settings.session_store}
    named = [name for name, store in stores.items() if store == "redis"]
    if named and settings.redis_url is None:
        yield Problem(
            settings.variable("redis_url"),
            None,
            f"{' and '.join(f'{name}=redis' for name in named)} {'needs' if len(named) == 1 else 'need'} a"
            " Redis. Set MCP_REDIS_URL (or REDIS_URL), for example to redis://localhost:6379.",
        )


def _audit_stream_without_url(settings: Settings) -> Iterator[Problem]:
    if settings.audit_redis_stream is not None and settings.redis_url is None:
        yield Problem(
            settings.variable("redis_url"),
            None,
            "MCP_AUDIT_REDIS_STREAM needs a Redis. Set MCP_REDIS_URL (or REDIS_URL), for example to"
            " redis://localhost:6379.",
        )


def _half_of_tls(settings: Settings) -> Iterator[Problem]:
    given = {name: getattr(settings, name) for name in _TLS_FIELDS}
    named = [settings.variable(name) for name, path in given.items() if path is not None]
    if not named:
        return
    for name, advice in (
        ("tls_cert_path", "Set it to the PEM file of this server's certificate"),
        ("tls_key_path", "Set it to the PEM file of the certificate's private key"),
    ):
        if given[name] is None:
            yield Problem(
                settings.variable(name),
                None,
                f"{advice}; {' and '.join(named)} {'means' if len(named) == 1 else 'mean'} that this server"
                " is to speak TLS.",
            )


def _rate_limit_redis_without_url(settings: Settings) -> Iterator[Problem]:
    shared = settings.rate_limit_enabled and settings.rate_limit_store == "redis"
    if shared and settings.rate_limit_redis_url is None and settings.redis_url is None:
        yield Problem(
            settings.variable("rate_limit_redis_url"),
            None,
            "RATE_LIMIT_STORE=redis needs a Redis. Set RATE_LIMIT_REDIS_URL (or MCP_REDIS_URL), for example"
            " to redis://localhost:6379.",
        )


COMMON_CHECKS: Final = (Check(("audit_redis_stream", "redis_url"), _audit_stream_without_url),)
HTTP_CHECKS: Final = (
    Check(("host", "auth_mode", "allow_unauthenticated_http"), _open_to_the_network),
    Check(("auth_mode", "auth_tokens", "auth_token_file"), _bearer_without_token),
    Check(("auth_mode", "clerk_issuer", "clerk_audience", "clerk_authorized_parties"), clerk_problems),
    Check(("event_store", "session_store", "redis_url"), _redis_without_url),
    Check(
        ("rate_limit_enabled", "rate_limit_store", "rate_limit_redis_url", "redis_url"),
        _rate_limit_redis_without_url,
    ),
    Check(_TLS_FIELDS, _half_of_tls),
    Check(
        (
            "workers",
            "session_mode",
            "session_store",
            "redis_url",
            "event_store",
            "portkey_api_key",
            "policy_file",
            "allow_caller_key",
            "metrics_port",
            "metrics_tokens",
        ),
        worker_problems,
    ),
)


def tool_domains_check(domains: Iterable[str]) -> Check:
    """Return the check that each selected domain is one of `domains`."""
    known = sorted(domains)

    def run(settings: Settings) -> Iterator[Problem]:
        unknown = [name for name in settings.tool_domains if name not in known]
        if not unknown:
            return
        hints = [f"{name!r} is not one{_did_you_mean(name, known)}" for name in unknown]
        yield Problem(
            settings.variable("tool_domains"),
            ",".join(settings.tool_domains),
            f"Use some of the domains {', '.join(known)}: {'; '.join(hints)}.",
        )

    return Check(("tool_domains",), run)


def _did_you_mean(name: str, known: list[str]) -> str:
    nearest = difflib.get_close_matches(name, known, n=1)
    return f" (did you mean {nearest[0]!r}?)" if nearest else ""


def _redis_warnings(settings: Settings) -> Iterator[str]:
    stateful = settings.session_mode == "stateful"
    if settings.session_store is not None and not stateful:
        yield (
            f"MCP_SESSION_STORE={settings.session_store} has no effect with MCP_SESSION_MODE=stateless: there"
            " are no sessions. Set MCP_SESSION_MODE=stateful."
        )
    used = settings.event_store_mode == "redis" or (stateful and settings.session_store_mode == "redis")
    if settings.event_encryption_keys and not used:
        yield "MCP_EVENT_ENCRYPTION_KEY has no effect: neither sessions nor events are kept in Redis."
    if not used or settings.redis_url is None:
        return
    address = RedisAddress.parse(settings.redis_url.get_secret_value())
    if all(is_loopback(host) for host, _ in address.hosts):
        return
    variable = settings.variable("redis_url")
    if not address.tls:
        yield f"What clients get from this server travels to {variable} in the clear. Use rediss://."
    if not settings.event_encryption_keys:
        yield (
            "Redis is on another machine, and what this server keeps there can be read by whoever reads that"
            " Redis. Set MCP_EVENT_ENCRYPTION_KEY, for example to the output of `openssl rand -base64 32`."
        )


def _token_warnings(settings: Settings) -> Iterator[str]:
    tokens = [token.get_secret_value() for token in settings.auth_tokens]
    weak = sum(len(token) < SHORTEST_STRONG_TOKEN for token in tokens)
    if weak:
        who = "A bearer token has" if weak == 1 else f"{weak} bearer tokens have"
        yield (
            f"{who} fewer than {SHORTEST_STRONG_TOKEN} characters and could be guessed;"
            " `openssl rand -hex 32` makes a good one."
        )
    if PLACEHOLDER_TOKEN in tokens:
        yield (
            "A bearer token is the placeholder of the documentation, which everybody knows: whoever reaches"
            " this server is an admin. Replace it; `openssl rand -hex 32` makes a good one."
        )


def choice_warnings(settings: Settings) -> Iterator[str]:
    """Yield a sentence for each choice that is allowed but weak or without effect; none shows a secret."""
    yield from _token_warnings(settings)
    if settings.auth_tokens and settings.auth_mode == "none":
        yield "A bearer token is set but has no effect: MCP_AUTH_MODE is none. Set MCP_AUTH_MODE=bearer."
    yield from clerk_warnings(settings)
    yield from worker_warnings(settings)
    yield from _redis_warnings(settings)
    if settings.confirm != "off" and settings.transport == "http" and settings.session_mode == "stateless":
        yield (
            f"MCP_CONFIRM={settings.confirm} with MCP_SESSION_MODE=stateless: only clients of MCP 2026-07-28"
            " can be asked, and others are refused what destroys. With MCP_SESSION_MODE=stateful those can be"
            " asked too."
        )
    if settings.trust_proxy.lower() in {"true", "yes", "on"}:
        yield (
            f"MCP_TRUST_PROXY={settings.trust_proxy} is taken for 1: whoever connects to this server is"
            " believed to be the one proxy in front. Write MCP_TRUST_PROXY=1 to say so, the number of proxies"
            " if there are more, or better their addresses, such as 10.0.0.0/8."
        )
    if (
        settings.auth_mode == "none"
        and settings.allow_unauthenticated_http
        and not is_loopback(settings.host)
    ):
        yield (
            f"Everybody who reaches {settings.host} is an admin: MCP_ALLOW_UNAUTHENTICATED_HTTP is set and"
            " MCP_AUTH_MODE is none."
        )
    if settings.auth_mode == "none" and "*" in settings.allowed_origins:
        yield (
            f"{settings.variable('allowed_origins')}=* with MCP_AUTH_MODE=none lets any web page that a user"
            " of this machine opens call the tools; name the origins you need."
        )
    if settings.audit_required and settings.audit_file is None and settings.audit_redis_stream is None:
        yield (
            "MCP_AUDIT_REQUIRED has no effect without MCP_AUDIT_FILE or MCP_AUDIT_REDIS_STREAM: the log has"
            " no queue that could be full."
        )
    if settings.tls_cert_path and (settings.public_base_url or "").startswith("http:"):
        yield (
            f"{settings.variable('public_base_url')} begins with http:, but this server speaks https;"
            " clients are told an address at which it does not answer."
        )
