"""The public address, from outside in: is it this service, and what does a proxy do to requests?"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Iterator
from typing import Any, Final

import orjson

from app.doctor.asking import DEADLINE, NoAnswerError, Reply
from app.doctor.finding import Case, Finding

_CHECK: Final = "public address"
_OK: Final = 200
_UNAUTHORIZED: Final = 401
_STREAM_SECONDS: Final = 5.0
_LISTEN: Final = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "subscriptions/listen",
    "params": {
        "notifications": {"toolsListChanged": True},
        "_meta": {
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientInfo": {"name": "portkey-admin-mcp-doctor", "version": "1"},
            "io.modelcontextprotocol/clientCapabilities": {},
        },
    },
}
_HEADERS: Final = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}


async def check_outside(case: Case) -> AsyncIterator[Finding]:
    """Ask the public address what clients and monitors ask."""
    base = case.settings.public_base_url
    if base is None:
        yield Finding(_CHECK, "ok", "MCP_PUBLIC_BASE_URL is not set: nothing was asked from outside.")
        return
    request_id = f"doctor-{secrets.token_hex(8)}"
    try:
        health = await case.asker.ask("GET", f"{base}/health", headers={"X-Request-Id": request_id})
        info = await case.asker.ask("GET", f"{base}/auth/info")
    except NoAnswerError as error:
        yield Finding(_CHECK, "problem", f"{base} cannot be used: {error}.", _fix(str(error)))
        return
    stranger = _stranger(base, health, info)
    if stranger is not None:
        yield stranger
        return
    found = [*_same(case, base, info.json), *_headers(health, request_id)]
    for finding in found:
        yield finding
    if not found:
        yield Finding(_CHECK, "ok", f"{base} is this service, and advertises {base}/mcp.")
    async for finding in _token_arrives(case, base):
        yield finding
    async for finding in _metadata(case, base):
        yield finding
    async for finding in _streams(case, base):
        yield finding


def _fix(clause: str) -> str:
    if "certificate has expired" in clause:
        return "Renew the certificate of the proxy, or of MCP_TLS_CERT_PATH, and send SIGHUP to load it."
    if "certificate" in clause:
        return (
            "Have the proxy send a certificate for this name with its intermediates, from an authority that"
            " clients trust; for one of your own, set SSL_CERT_FILE."
        )
    return "Start the service and what is in front of it, or correct MCP_PUBLIC_BASE_URL."


def _stranger(base: str, health: Reply, info: Reply) -> Finding | None:
    ours = health.status == _OK and health.json.get("status") == "ok" and "mcpEndpoint" in info.json
    if ours:
        return None
    return Finding(
        _CHECK,
        "problem",
        f"{base} is something else: /health answers {health.status} and /auth/info {info.status}, not as this"
        " service does.",
        "Correct MCP_PUBLIC_BASE_URL, or have the proxy pass every path to the service unchanged.",
    )


def _same(case: Case, base: str, info: dict[str, Any]) -> Iterator[Finding]:
    settings = case.settings
    if info["mcpEndpoint"] != f"{base}/mcp":
        yield Finding(
            _CHECK,
            "problem",
            f"{base} leads to a service that advertises {info['mcpEndpoint']}: another deployment, or one"
            " whose MCP_PUBLIC_BASE_URL differs.",
            f"Point the name at this deployment, and give all its replicas MCP_PUBLIC_BASE_URL={base}.",
        )
    elif info.get("mode") != settings.auth_mode or info.get("sessionMode") != settings.session_mode:
        yield Finding(
            _CHECK,
            "warning",
            f"What runs at {base} has other settings than these: authentication {info.get('mode')}, sessions"
            f" {info.get('sessionMode')}.",
            "Restart it with these settings, or run doctor with those of the deployment.",
        )


def _headers(health: Reply, request_id: str) -> Iterator[Finding]:
    if health.headers.get("x-request-id") != request_id:
        yield Finding(
            _CHECK,
            "warning",
            "A proxy removes or replaces X-Request-Id: its log and ours cannot be matched.",
            "Have it pass X-Request-Id on, both ways.",
        )


async def _token_arrives(case: Case, base: str) -> AsyncIterator[Finding]:
    if case.settings.auth_mode == "none":
        return
    try:
        reply = await case.asker.ask(
            "POST",
            f"{base}/mcp",
            headers={**_HEADERS, "Authorization": "Bearer doctor-sends-a-token-that-is-not-valid"},
            content=b"{}",
        )
    except NoAnswerError as error:
        yield Finding(_CHECK, "problem", f"{base}/mcp cannot be used: {error}.", _fix(str(error)))
        return
    challenge = reply.headers.get("www-authenticate", "")
    if reply.status == _UNAUTHORIZED and "invalid_token" in challenge:
        yield Finding(_CHECK, "ok", "A token arrives at the service, and a wrong one is refused.")
    elif reply.status == _UNAUTHORIZED and challenge:
        yield Finding(
            _CHECK,
            "problem",
            "A proxy removes the Authorization header: every caller is refused.",
            'Have it pass Authorization on (nginx: no `proxy_set_header Authorization ""`).',
        )
    elif reply.status == _UNAUTHORIZED:
        yield Finding(
            _CHECK,
            "problem",
            "A proxy removes the WWW-Authenticate header, or answers 401 itself: clients cannot log in.",
            "Have it pass WWW-Authenticate back, and leave authentication to the service.",
        )
    else:
        yield Finding(
            _CHECK,
            "problem",
            f"{base}/mcp answers {reply.status} to a wrong token, where the service would answer 401.",
            "Have the proxy pass POST /mcp on unchanged, whatever its body and token.",
        )


async def _metadata(case: Case, base: str) -> AsyncIterator[Finding]:
    if case.settings.auth_mode != "clerk":
        return
    url = f"{base}/.well-known/oauth-protected-resource/mcp"
    try:
        reply = await case.asker.ask("GET", url)
    except NoAnswerError as error:
        yield Finding(_CHECK, "problem", f"{url} cannot be used: {error}.", _fix(str(error)))
        return
    if reply.json.get("resource") == f"{base}/mcp":
        yield Finding(_CHECK, "ok", "Clients find out where to log in.")
        return
    yield Finding(
        _CHECK,
        "problem",
        f"{url} answers {reply.status} without naming {base}/mcp: clients cannot find out where to log in.",
        "Have the proxy pass /.well-known/oauth-protected-resource on to the service.",
    )


async def _streams(case: Case, base: str) -> AsyncIterator[Finding]:
    settings = case.settings
    headers = {**_HEADERS, "MCP-Protocol-Version": "2026-07-28", "Mcp-Method": "subscriptions/listen"}
    if settings.auth_mode == "clerk":
        return  # there is no token to open one with
    if settings.auth_tokens:
        headers["Authorization"] = f"Bearer {settings.auth_tokens[0].get_secret_value()}"
    first, status = b"", 0
    try:
        async with (
            asyncio.timeout(_STREAM_SECONDS),
            case.asker.opened(
                "POST", f"{base}/mcp", headers=headers, content=orjson.dumps(_LISTEN)
            ) as response,
        ):
            status = response.status_code
            async for chunk in response.aiter_bytes():
                first += chunk
                if b"data: {" in first or status != _OK:
                    break
    except NoAnswerError as error:
        yield Finding(_CHECK, "problem", f"A stream from {base}/mcp breaks off: {error}.", _BUFFERING)
        return
    except TimeoutError:
        yield Finding(
            _CHECK,
            "problem",
            f"A stream from {base}/mcp brings nothing within {DEADLINE:g} seconds: a proxy buffers it.",
            _BUFFERING,
        )
        return
    if status == _OK and first:
        yield Finding(_CHECK, "ok", "Streams arrive as they are sent.")
    else:
        yield Finding(
            _CHECK,
            "warning",
            f"A stream could not be opened: {base}/mcp answers {status}.",
            "Look up what /mcp logged for it.",
        )


_BUFFERING: Final = (
    "Switch buffering off for /mcp (nginx: proxy_buffering off; proxy_http_version 1.1), and let it wait"
    " an hour (proxy_read_timeout 3600s). docs/proxies.md has more."
)
