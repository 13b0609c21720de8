"""What the SDK knows of a request, in the shapes of this service."""

from __future__ import annotations

from typing import Any, TypeAlias

from mcp.server.context import ServerRequestContext
from mcp_types import Implementation

from app.protocol.auditing import Client, Sender, client_from_agent, trace_context
from app.protocol.sessions.store import digest_of
from app.protocol.vocabulary import CLIENT_INFO_KEY, HANDSHAKE_VERSIONS

RequestContext: TypeAlias = ServerRequestContext[Any, Any]
"""The SDK's context of one request; `request` is Starlette's over HTTP, and None on stdio."""


def sender_of(ctx: RequestContext) -> Sender:
    """Return the client that a request came through."""
    return Sender(_client_of(ctx), ctx.protocol_version, _session_of(ctx), _trace_context(ctx))


def _client_of(ctx: RequestContext) -> Client:
    """What the client said when it connected (2025), or says with each request (2026), or its User-Agent."""
    said = ctx.session.client_params
    if said is not None:
        return Client(name=said.client_info.name, version=said.client_info.version)
    meta: Any = ctx.meta or {}
    info = meta.get(CLIENT_INFO_KEY)
    if isinstance(info, Implementation):
        return Client(name=info.name, version=info.version)
    if isinstance(info, dict) and isinstance(info.get("name"), str):
        version = info.get("version")
        return Client(name=info["name"], version=version if isinstance(version, str) else None)
    return Client() if ctx.request is None else client_from_agent(ctx.request.headers.get("user-agent", ""))


def _trace_context(ctx: RequestContext) -> dict[str, str]:
    """The members of W3C Trace Context that came in `_meta` or, failing that, as HTTP headers."""
    return trace_context(ctx.meta or {}, {} if ctx.request is None else ctx.request.headers)


def _session_of(ctx: RequestContext) -> str | None:
    """What the audit trail calls the session; None outside of sessions."""
    if ctx.request is None or ctx.session.client_params is None:
        return None
    if ctx.protocol_version not in HANDSHAKE_VERSIONS:
        return None
    session_id = ctx.request.headers.get("mcp-session-id")
    return session_id and digest_of(session_id)
