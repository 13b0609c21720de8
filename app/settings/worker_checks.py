"""What several workers cannot do, and what they do differently."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from app.settings.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from app.settings.model import Settings

_REDIS = "Set MCP_REDIS_URL, which all workers share"


def worker_problems(settings: Settings) -> Iterator[Problem]:
    """Yield every reason why these settings do not work with several workers."""
    if settings.workers > 1:
        for advice in _reasons(settings):
            yield Problem(settings.variable("workers"), str(settings.workers), advice)


def _reasons(settings: Settings) -> Iterator[str]:
    if os.name != "posix":
        yield "Workers need a system on which processes can share a socket. Set MCP_WORKERS=1."
    if settings.session_mode == "stateful" and settings.session_store_mode == "memory":
        yield (
            f"A session that one worker keeps in its memory is unknown to the others. {_REDIS}, or"
            " MCP_SESSION_MODE=stateless."
        )
    if settings.event_store == "memory":
        yield (
            f"Events that one worker keeps in its memory cannot be resumed at another. {_REDIS}, with"
            " MCP_EVENT_STORE=redis, or MCP_EVENT_STORE=off."
        )
    if not settings.reaches_portkey:
        yield (
            "Each worker would have an embedded sandbox of its own. Set PORTKEY_API_KEY; for the sandbox,"
            " start `portkey-admin-mcp sandbox` and do what it prints."
        )
    if settings.metrics_port or settings.metrics_tokens:
        yield (
            "/metrics would tell of whichever worker answers. Leave metrics off, or run several services with"
            " MCP_WORKERS=1 behind a load balancer."
        )


def worker_warnings(settings: Settings) -> Iterator[str]:
    """Yield a sentence for each thing that several workers do differently."""
    if settings.workers > 1 and settings.rate_limit_enabled and settings.rate_limit_store == "memory":
        yield (
            f"Each of the {settings.workers} workers counts requests for itself, so callers get up to"
            f" {settings.workers} times the rate limit. Set RATE_LIMIT_STORE=redis to count together."
        )
